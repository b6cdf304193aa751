//! What statements mean, and what is said when they can't be carried out.

use vitscope::decompose::Component;
use vitscope::lang::ast::Value;
use vitscope::lang::catalog::{Catalog, Settings};
use vitscope::lang::error::{Problem, ResolveError};
use vitscope::lang::filter::{Filter, Literal};
use vitscope::lang::query::{Concept, Score, Setting, Stage, Template, Unit};
use vitscope::lang::resolve::{FORMATS, KEYS, choices};
use vitscope::lang::script::parse_statement;
use vitscope::output::format::Format;
use vitscope::output::settings::Look;
use vitscope::picture::terminal::Images;
use vitscope::statements::check::Check;
use vitscope::statements::define::Define;
use vitscope::statements::features::Features;
use vitscope::statements::rank::Rank;
use vitscope::statements::set::Set;
use vitscope::statements::variable::Let;
use vitscope::statements::vectors::Contributions;
use vitscope::statements::{Act, Query, STATEMENTS};

use super::{catalog, settings};

fn resolved_in(text: &str, catalog: &Catalog, settings: &Settings) -> Result<Query, ResolveError> {
    let statement = parse_statement(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    STATEMENTS.resolve(&statement, catalog, settings)
}

fn resolved(text: &str) -> Query {
    resolved_in(text, &catalog(), &settings()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// What a query does, as the statement it is.
fn told<S: Clone + 'static>(query: &Query) -> S {
    let Act::Do(task) = &query.act else {
        panic!("{query:?}");
    };
    let told = task.as_any().downcast_ref::<S>();
    told.unwrap_or_else(|| panic!("{query:?}")).clone()
}

fn ranking(text: &str) -> Rank {
    told(&resolved(text))
}

fn units(phrase: &str, model: &str) -> Vec<String> {
    let features: Features = told(&resolved(&format!("features of {phrase} in {model}")));
    features.asked.units.iter().map(Unit::to_string).collect()
}

/// The units that are single components.
fn components(units: &[Unit]) -> Vec<Component> {
    let component = |unit: &Unit| match unit {
        Unit::Component(component) => Some(*component),
        _ => None,
    };
    units.iter().filter_map(component).collect()
}

#[test]
fn units_are_listed_in_order_and_each_once() {
    assert_eq!(units("heads", "swin").len(), 2 + 2 + 4 + 4);
    assert_eq!(
        units("heads 1.1 to 2.1", "swin"),
        ["head 1.1", "head 2.0", "head 2.1"]
    );
    assert_eq!(units("heads 3.*", "swin").len(), 4);
    assert_eq!(units("heads 3", "swin"), units("heads 3.*", "swin"));
    assert_eq!(
        units("head 5.2, heads 5.1 to 5.3", "dinov2"),
        ["head 5.2", "head 5.1", "head 5.3"]
    );
    assert_eq!(
        units("layers 2 to 0", "dinov2"),
        ["layer 2", "layer 1", "layer 0"]
    );
    assert_eq!(
        units("mlps 4 to 5, init", "dinov2"),
        ["mlp 4", "mlp 5", "init"]
    );
    assert_eq!(units("convs", "maxvit"), ["conv 0", "conv 1"]);
    assert_eq!(units("neuron 1.7", "dinov2"), ["neuron 1.7"]);
    // init, 6 layers of 4 heads and an MLP, bias
    assert_eq!(units("components", "dinov2").len(), 1 + 6 * 5 + 1);
}

#[test]
fn conditions_on_units_choose_units_and_the_rest_is_kept_for_images_and_scores() {
    let asked = ranking(
        "rank components for texture in dinov2 \
         where layer >= 4 and kind = head and head in (0, 3) and object = \"fish\" and score > 0.5",
    );
    let heads = [(4, 0), (4, 3), (5, 0), (5, 3)].map(|(l, h)| Component::head(l, h));
    assert_eq!(components(&asked.asked[0].units), heads);
    let Some(Filter::Compare { column, value, .. }) = &asked.conditions.images else {
        panic!("{:?}", asked.conditions);
    };
    assert_eq!(
        (column.as_str(), value),
        ("object", &Literal::Text("fish".to_owned()))
    );
    assert_eq!(
        asked.conditions.after.map(|f| f.columns().join(" ")),
        Some("score".to_owned())
    );
    let asked = ranking("rank heads for texture in swin where stage = 1 and block = 0");
    assert!(
        components(&asked.asked[0].units)
            .iter()
            .all(|c| c.layer == 2)
    );
}

#[test]
fn a_quoted_feature_means_the_feature_and_says_so() {
    let quoted = resolved("rank heads for \"texture\" in dinov2");
    assert!(
        quoted.notes[0].contains("names a feature"),
        "{:?}",
        quoted.notes
    );
    let concept = |text: &str| ranking(text).concepts.remove(0);
    let feature = concept("rank heads for texture in dinov2");
    assert!(
        matches!(&feature, Concept::Feature { name, texts } if name == "texture" && texts.len() == 2)
    );
    assert_eq!(concept("rank heads for \"texture\" in dinov2"), feature);
    let word = Concept::Texts(vec!["texture".to_owned()]);
    assert_eq!(concept("rank heads for text \"texture\" in dinov2"), word);
    let two = Concept::Texts(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(concept("rank heads for (\"a\", 'b') in dinov2"), two);
}

#[test]
fn models_answer_through_their_clip_on_their_set() {
    let asked = ranking("rank heads for texture in dinov2, clip on birds by order-free limit $n");
    let targets: Vec<_> = asked
        .asked
        .iter()
        .map(|t| (&*t.target.model, &*t.target.set, &*t.prompt.clip))
        .collect();
    assert_eq!(
        targets,
        [("dinov2", "birds", "clip"), ("clip", "birds", "clip")]
    );
    assert_eq!((asked.score, asked.limit), (Score::OrderFree, Some(5)));
    let bare: Contributions = told(&resolved("contributions of heads in dinov2"));
    assert_eq!(bare.asked.clip, None);

    let mut several = catalog();
    let mut other = several.models[4].clone();
    other.name = "siglip".to_owned();
    several.models.push(other);
    let mut second = several.models[0].aligned[0].clone();
    second.clip = "siglip".to_owned();
    several.models[0].aligned.push(second);
    let clip = |settings: &Settings| {
        let query = resolved_in("rank heads for texture in dinov2", &several, settings);
        let ranking: Rank = told(&query.expect("resolved"));
        ranking.asked[0].prompt.clip.clone()
    };
    assert_eq!(clip(&settings()), "clip");
    let chosen = Settings {
        clip: Some("siglip".to_owned()),
        ..settings()
    };
    assert_eq!(clip(&chosen), "siglip");
}

#[test]
fn the_set_left_unsaid_is_the_setting_else_the_only_one_that_fits() {
    let set = |catalog: &Catalog, settings: &Settings| {
        resolved_in("check dinov2", catalog, settings).map(|query| told::<Check>(&query).0.set)
    };
    let mut there = catalog();
    let none = Settings::default();
    assert_eq!(set(&there, &settings()).as_deref(), Ok("scenes"));
    assert!(
        matches!(set(&there, &none), Err(ResolveError::WhichSet { choices, .. }) if choices == ["scenes", "birds"])
    );
    there.models[0].decomposed_on = vec!["birds".to_owned()];
    assert_eq!(set(&there, &none).as_deref(), Ok("birds"));
    there.sets.remove(1);
    assert_eq!(set(&there, &none).as_deref(), Ok("scenes"));
    there.sets.clear();
    assert!(matches!(
        set(&there, &none),
        Err(ResolveError::NoSets { .. })
    ));
}

#[test]
fn settings_options_and_stages_are_typed() {
    assert_eq!(
        told::<Set>(&resolved("set images off")).0,
        Setting::Pictures("off".to_owned())
    );
    assert_eq!(
        told::<Set>(&resolved("set images birds")).0,
        Setting::Images(Some("birds".to_owned()))
    );
    assert_eq!(
        told::<Set>(&resolved("set limit none")).0,
        Setting::Limit(None)
    );
    assert_eq!(
        told::<Set>(&resolved("set timer on")).0,
        Setting::Timer(true)
    );
    for (text, setting) in [
        ("set rows all", Setting::Rows(None)),
        ("set rows 7", Setting::Rows(Some(7))),
        ("set width auto", Setting::Width(None)),
        ("set width 100", Setting::Width(Some(100))),
        ("set progress off", Setting::Progress(false)),
        ("set format auto", Setting::Format("auto".to_owned())),
        ("set images kitty", Setting::Pictures("kitty".to_owned())),
    ] {
        assert_eq!(told::<Set>(&resolved(text)).0, setting, "{text}");
    }
    assert_eq!(told::<Define>(&resolved("define")), Define::List);
    assert_eq!(
        told::<Let>(&resolved("let m = $n")),
        Let {
            name: "m".to_owned(),
            value: Value::Number(5.0)
        }
    );
    let asked = ranking("rank heads for texture in dinov2 template \"a {} here\"");
    assert_eq!(
        asked.asked[0].prompt.template,
        Template::Texts(vec!["a {} here".to_owned()])
    );
    let query =
        resolved("from best | group layer: mean score, count | sort `mean score` desc into top1");
    assert_eq!(
        query.stages[1],
        Stage::Sort(vec![("mean score".to_owned(), true)])
    );
    assert_eq!(query.into.as_deref(), Some("top1"));
    let query = resolved("rank heads for texture in dinov2 where object = \"fsh\"");
    assert_eq!(
        query.notes,
        ["no image has object \"fsh\"; did you mean \"fish\"?"]
    );
}

/// Statement, the part of it the error points at, words of the message, words of the help.
const WRONG: &[(&str, &str, &str, &str)] = &[
    (
        "rank heads for texture in dino",
        "dino",
        "unknown model `dino`",
        "did you mean `dinov2`?",
    ),
    (
        "rank heads for textrue in dinov2",
        "textrue",
        "unknown feature",
        "did you mean `texture`?",
    ),
    (
        "rank heads for zebra in dinov2",
        "zebra",
        "unknown feature",
        "put it in quotes",
    ),
    (
        "check dinov2 on scene",
        "scene",
        "unknown image set",
        "did you mean `scenes`?",
    ),
    (
        "rank heads for texture in dinov2 where layr > 1",
        "layr",
        "unknown column",
        "did you mean `layer`?",
    ),
    (
        "rank heads for texture in dinov2 where label = \"x\"",
        "label",
        "unknown column",
        "",
    ),
    (
        "rank heads for texture in dinov2 by varance",
        "varance",
        "unknown score",
        "did you mean `variance`?",
    ),
    (
        "describe head 5.9 in dinov2",
        "head 5.9",
        "head 5.9: dinov2 has 4 heads in layer 5",
        "show units in dinov2",
    ),
    (
        "describe head 9.0 in dinov2",
        "head 9.0",
        "dinov2 has 6 layers (0 to 5)",
        "show units in dinov2",
    ),
    (
        "describe head 5 in dinov2",
        "head 5",
        "needs its layer and its number",
        "",
    ),
    ("features of mlp 5.2 in dinov2", "5.2", "one number", ""),
    (
        "features of mlp 6 in dinov2",
        "mlp 6",
        "dinov2 has 6 MLPs (0 to 5)",
        "",
    ),
    (
        "features of convs in dinov2",
        "convs",
        "dinov2 has no convs",
        "",
    ),
    (
        "features of heads 4.0 to 5.8 in dinov2",
        "heads 4.0 to 5.8",
        "4 heads in layer 5",
        "",
    ),
    (
        "rank heads for texture in dinov2 where layer > 7",
        "layer > 7",
        "no unit of dinov2",
        "",
    ),
    (
        "rank heads for texture in dinov2 where layer = \"x\"",
        "\"x\"",
        "`layer` holds numbers",
        "",
    ),
    (
        "rank heads for texture in dinov2 where object = 3",
        "3",
        "`object` holds texts",
        "",
    ),
    (
        "rank heads for texture in dinov2 where size like \"x\"",
        "size",
        "compares texts",
        "",
    ),
    (
        "rank heads for texture in dinov2 where layer > 1 or object = \"fish\"",
        "layer > 1 or object = \"fish\"",
        "can't mix",
        "`and`",
    ),
    (
        "rank heads for texture in dinov2 limit 0",
        "0",
        "doesn't count",
        "",
    ),
    (
        "rank heads for texture in dinov2 limit 1.5",
        "1.5",
        "doesn't count",
        "",
    ),
    (
        "rank heads for texture in dinov2 limit $m",
        "$m",
        "unknown variable `m`",
        "",
    ),
    (
        "rank heads for texture in dinov2 template \"none\"",
        "\"none\"",
        "exactly one {}",
        "a photo of a {}",
    ),
    ("rank heads for \" \" in dinov2", "\" \"", "empty", ""),
    (
        "heatmap of scenes[2400] for texture in dinov2",
        "2400",
        "2400 images (0 to 2399)",
        "",
    ),
    (
        "classify birds by lable in dinov2",
        "lable",
        "unknown column",
        "did you mean `label`?",
    ),
    (
        "align dinov2 to deit",
        "deit",
        "deit has no text tower",
        "CLIP models: clip",
    ),
    ("align clip to clip", "clip", "is a CLIP model", ""),
    (
        "sweep lambda 0.01 to 10",
        "0.01",
        "which model?",
        "in MODEL",
    ),
    ("sweep lambda 10 to 1 in dinov2", "1", "greater", ""),
    ("from worst", "worst", "unknown result", "known: best, _"),
    (
        "from best | select lyaer",
        "lyaer",
        "unknown column",
        "did you mean `layer`?",
    ),
    (
        "from best | select layer | sort score",
        "score",
        "unknown column",
        "",
    ),
    (
        "from best | group layer: men score",
        "men",
        "unknown summary",
        "did you mean `mean`?",
    ),
    (
        "set formt json",
        "formt",
        "unknown setting",
        "did you mean `format`?",
    ),
    ("set format jsn", "jsn", "did you mean `json`?", ""),
    (
        "help rnak",
        "rnak",
        "unknown help topic",
        "did you mean `rank`?",
    ),
    (
        "describe dinov",
        "dinov",
        "unknown name",
        "did you mean `dinov2`?",
    ),
    (
        "drop decomposition dinov2 on nowhere",
        "nowhere",
        "unknown image set",
        "",
    ),
    (
        "explain rank heads for texture in dinov2 via heads 5.*",
        "heads",
        "expected `head`",
        "`head`",
    ),
];

#[test]
fn errors_point_at_the_name_and_say_what_to_do() {
    for &(text, at, message, help) in WRONG {
        let error: Box<dyn Problem> = match parse_statement(text) {
            Err(error) => Box::new(error),
            Ok(statement) => match STATEMENTS.resolve(&statement, &catalog(), &settings()) {
                Err(error) => Box::new(error),
                Ok(query) => panic!("{text}: {query:?}"),
            },
        };
        assert_eq!(&text[error.span().range()], at, "{text}: {error}");
        assert!(error.to_string().contains(message), "{text}: {error}");
        let said = error.help().unwrap_or_default();
        assert!(said.contains(help), "{text}: {said}");
    }
}

#[test]
fn what_is_missing_is_named_with_the_statement_to_run() {
    let mut bare = catalog();
    bare.models[0].aligned.clear();
    let ask = "rank heads for texture in dinov2";
    let error = resolved_in(ask, &bare, &settings()).unwrap_err();
    assert_eq!(&ask[error.span().range()], "dinov2");
    assert!(
        error
            .help()
            .unwrap()
            .contains("`align dinov2 to clip on scenes`"),
        "{error}"
    );
    bare.models[0].decomposed_on.clear();
    let error = resolved_in(ask, &bare, &settings()).unwrap_err();
    assert!(
        error
            .help()
            .unwrap()
            .contains("`decompose scenes with dinov2`"),
        "{error}"
    );
    let on = "rank heads for texture in dinov2 on birds";
    let error = resolved_in(on, &bare, &settings()).unwrap_err();
    assert_eq!(&on[error.span().range()], "birds");
    // What the help says to run is itself a statement that can be carried out.
    resolved_in("decompose birds with dinov2", &bare, &settings()).unwrap();
    // No decomposition is needed to look at one image.
    bare.models[0].aligned = catalog().models[0].aligned.clone();
    resolved_in(
        "heatmap of \"a.png\" for texture in dinov2",
        &bare,
        &settings(),
    )
    .unwrap();
}

#[test]
fn the_settings_of_the_front_end_can_be_said_in_the_language() {
    let look = Look::plain();
    for (key, value) in look.list() {
        assert!(KEYS.contains(&key), "{key}");
        resolved(&format!("set {key} {value}"));
    }
    for format in Format::ALL {
        assert!(FORMATS.contains(&format.word()), "{}", format.word());
    }
    for (word, _) in Images::ALL {
        assert!(choices("images").contains(&word), "{word}");
    }
}
