//! Heat maps: every token counts once, and stands where it is in the image.

use candle_core::{Device, Tensor};
use vitscope::analysis::{TokenMap, along_directions};
use vitscope::decompose::{Component, ComponentKind, Located};
use vitscope::interface::answer::Picture;
use vitscope::session::Session;

use super::small::{IMAGES, ask, session, store};
use super::{floats, model, numbers, whole};
use crate::support::hashed;
use crate::support::shell::copy_tree;

/// Weights `[1, S, T]` and values `[1, T, d]` of a component of image 0.
fn split_of(located: &Located, component: Component) -> (Tensor, Tensor) {
    if component.kind == ComponentKind::Head {
        let terms = located.heads.iter();
        let terms = terms
            .clone()
            .find(|terms| terms.layer == usize::from(component.layer));
        let terms = terms.expect("terms of every layer");
        let head = usize::from(component.head);
        let weights = terms.weights.narrow(2, head, 1).and_then(|w| w.squeeze(2));
        let values = terms.values.narrow(1, head, 1).and_then(|v| v.squeeze(1));
        return (weights.expect("[1, S, T]"), values.expect("[1, T, d]"));
    }
    let own = located.own.iter().find(|own| own.component == component);
    let own = own.unwrap_or_else(|| panic!("{component} has its tokens"));
    (own.weights.clone(), own.rows.clone())
}

#[test]
fn every_token_of_every_component_sums_to_the_representation() {
    for name in ["deit", "dinov2", "clip", "swin", "maxvit"] {
        let (_, decomposer) = model(name);
        let pixels = hashed::input(1, 64, 64);
        let rows = decomposer.rows(&pixels, vec![0]).expect("rows");
        let located = decomposer.located(&pixels).expect("token terms");
        let dim = rows.z.len();
        let direction: Vec<f64> = (0..dim).map(|k| (k as f64 * 0.7).sin()).collect();
        let mut map = TokenMap::new((64, 64));
        let mut constant = 0.0;
        for ((spec, folded), slab) in decomposer
            .specs()
            .iter()
            .zip(decomposer.maps())
            .zip(&rows.slabs)
        {
            let onto: Vec<f64> = numbers(folded)
                .chunks(dim)
                .map(|row| row.iter().zip(&direction).map(|(a, b)| a * b).sum())
                .collect();
            if spec.component == Component::bias() {
                constant = slab.iter().zip(&onto).map(|(a, b)| f64::from(*a) * b).sum();
                continue;
            }
            let onto: Vec<f32> = onto.iter().map(|&value| value as f32).collect();
            let onto = Tensor::from_vec(onto, (spec.width, 1), &Device::Cpu).expect("[d, 1]");
            let (weights, values) = split_of(&located, spec.component);
            let along = along_directions(&weights, &values.contiguous().expect("in order"), &onto);
            let along = numbers(&along.expect("[1, T, 1]"));
            map.add(along.into_iter(), decomposer.special_tokens())
                .expect("tokens tile the image");
        }
        let found = map.on_patches() + map.elsewhere + constant;
        let want: f64 = rows
            .z
            .iter()
            .zip(&direction)
            .map(|(z, d)| f64::from(*z) * d)
            .sum();
        let size: f64 = rows
            .z
            .iter()
            .map(|z| f64::from(*z).powi(2))
            .sum::<f64>()
            .sqrt();
        println!("{name}: {:.1e} of z", (found - want).abs() / size);
        assert!(
            (found - want).abs() <= 1e-5 * size * (dim as f64).sqrt(),
            "{name}: {found} {want}"
        );
        let one_grid: f64 = map.patches().values.iter().sum();
        assert!(
            (one_grid - map.on_patches()).abs() <= 1e-9 * size.max(1.0),
            "{name}"
        );
        let plain = !["swin", "maxvit"].contains(&name);
        assert_eq!(
            map.elsewhere != 0.0,
            plain,
            "{name} has class or register tokens"
        );
    }
}

/// The score of an image in text retrieval: the scalar product of what the units contribute with the text.
fn retrieval_score(concept: &str, model: &str, using: &str, id: u32) -> f64 {
    let table = ask(&format!(
        "retrieve {IMAGES} images for {concept} in {model} {using} template none"
    ))
    .frame;
    let place = whole(&table, "id").iter().position(|&own| own == id);
    floats(&table, "score")[place.expect("every image is found")]
}

#[test]
fn a_heat_map_sums_to_what_its_units_contribute_along_the_text() {
    for (model, using) in [
        ("swin", "using head 0.1 and head 3.1 and mlp 2"),
        ("swin", "using heads"),
        ("dinov2", "using layer 4 and head 5.2"),
        ("clip", "using heads 5.* and init"),
    ] {
        for concept in ["\"a red fish\"", "object"] {
            let statement =
                format!("heatmap of scenes[11] for {concept} in {model} {using} template none");
            let answer = ask(&statement);
            let label = concept.trim_matches('"');
            let on_patches: f64 = floats(&answer.frame, label).iter().sum();
            let note = answer.notes.iter().find(|note| note.contains("peak"));
            let note = note.expect("a note on the peak");
            let elsewhere = match note.split_once("register tokens to ") {
                Some((_, number)) => number.parse::<f64>().expect("a number"),
                None => 0.0,
            };
            let want = retrieval_score(concept, model, using, 11);
            let found = on_patches + elsewhere;
            assert!(
                (found - want).abs() < 1e-4,
                "{statement}: {found} {want}\n{note}"
            );
        }
    }
}

#[test]
fn heat_maps_stand_side_by_side_at_patch_resolution() {
    let both = ask("heatmap of scenes[3] for \"a dog\", \"the beach\" in dinov2 using heads 5.*");
    let dog = ask("heatmap of scenes[3] for \"a dog\" in dinov2 using heads 5.*");
    assert_eq!(both.frame.height(), 64, "64 pixels in patches of 8");
    assert_eq!(whole(&both.frame, "row")[9], 1);
    assert_eq!(whole(&both.frame, "column")[9], 1);
    let alone = floats(&dog.frame, "a dog");
    let beside = floats(&both.frame, "a dog");
    // Another column changes how products are rounded, and nothing else.
    let pairs = beside.iter().zip(&alone);
    assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
    let [Picture::Images(pictures)] = both.pictures.as_slice() else {
        panic!("images side by side");
    };
    assert_eq!(pictures.len(), 3);
    let scene = store()
        .set("scenes")
        .and_then(|set| set.decode(3))
        .expect("a scene");
    assert_eq!(
        pictures[0].image, scene,
        "the demo's images are seen as they are"
    );
    let table = floats(&both.frame, "the beach");
    let mut peak = 0;
    for cell in 0..64 {
        if table[cell] > table[peak] {
            peak = cell;
        }
    }
    let said = format!("at {}, {}", peak / 8, peak % 8);
    assert!(
        pictures[2].caption.ends_with(&said),
        "{}",
        pictures[2].caption
    );
}

#[test]
fn a_file_is_mapped_like_the_image_in_the_set() {
    let scene = store()
        .set("scenes")
        .and_then(|set| set.decode(7))
        .expect("a scene");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("probe.png");
    scene.save(&path).expect("saved");
    let rest = "for \"a dog\" in swin using head 2.0";
    let file = ask(&format!(
        "heatmap of \"{}\" {rest} on scenes",
        path.display()
    ));
    let row = ask(&format!("heatmap of scenes[7] {rest}"));
    assert!(file.frame.equals(&row.frame));
}

#[test]
fn without_using_all_heads_are_mapped_and_without_takes_some_away() {
    let notes = |statement: &str| ask(statement).notes.join("\n");
    let all = notes("heatmap of scenes[0] for \"a dog\" in clip");
    assert!(all.contains("by all heads\n"), "{all}");
    let some = notes("heatmap of scenes[0] for \"a dog\" in clip without head 5.1");
    assert!(some.contains("by all heads without head 5.1"), "{some}");
    let bias = notes("heatmap of scenes[0] for \"a dog\" in clip using components");
    assert!(bias.contains("bias has no place"), "{bias}");
    let alone = session().ask("heatmap of scenes[0] for \"a dog\" in clip using bias");
    let said = alone.expect_err("nothing has a place").to_string();
    assert!(said.contains("no place"), "{said}");
    let refused = session().ask("heatmap of scenes[0] for \"a dog\" in clip where split = \"fit\"");
    let said = refused
        .expect_err("a condition has nothing to choose from")
        .to_string();
    assert!(said.contains("one image"), "{said}");
}

#[test]
fn what_stands_for_all_earlier_layers_has_no_place() {
    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_tree(store().root(), copy.path());
    let mut session = Session::open(copy.path()).expect("a session");
    for statement in [
        "add images few from \"SCENES\"",
        "decompose few with clip layers last 2",
    ] {
        let scenes = store().set_info("scenes").expect("a set").source;
        let statement = statement.replace("SCENES", &scenes.display().to_string());
        session.ask(&statement).expect("prepared");
    }
    let mut map =
        |rest: &str| session.ask(&format!("heatmap of few[3] for \"a dog\" in clip {rest}"));
    let heads = map("using heads 5.* and head 4.2").expect("stored").frame;
    let whole =
        ask("heatmap of scenes[3] for \"a dog\" in clip using heads 5.* and head 4.2").frame;
    let pairs = floats(&heads, "a dog")
        .into_iter()
        .zip(floats(&whole, "a dog"));
    assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
    let all = map("using init and bias and head 5.0")
        .expect("a map")
        .notes
        .join("\n");
    assert!(all.contains("init and bias have no place"), "{all}");
    let said = map("using init")
        .expect_err("nothing has a place")
        .to_string();
    assert!(said.contains("init has no place"), "{said}");
}

#[test]
fn maps_per_head_add_up_to_the_map_of_all() {
    for (model, using) in [
        ("dinov2", "using head 5.0 and head 2.1"),
        ("swin", "using head 0.1 and mlp 0 and head 6.3"),
    ] {
        let of = |rest: &str| {
            ask(&format!(
                "heatmap of scenes[5] for \"a dog\", \"the beach\" in {model} {using} {rest}"
            ))
        };
        let (whole, apart) = (of(""), of("per head"));
        let units = using.split(" and ").count();
        assert_eq!(apart.frame.width(), 2 + 2 * units);
        let [Picture::Images(pictures)] = apart.pictures.as_slice() else {
            panic!("images side by side");
        };
        assert_eq!(pictures.len(), 1 + 2 * units);
        let mut sum = vec![0.0; whole.frame.height()];
        for column in apart.frame.columns() {
            if column.name().starts_with("the beach, ") {
                let own = floats(&apart.frame, column.name());
                sum.iter_mut()
                    .zip(own)
                    .for_each(|(sum, value)| *sum += value);
            }
        }
        let want = floats(&whole.frame, "the beach");
        assert!(
            sum.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-6),
            "{model}"
        );
    }
    let one = ask("heatmap of scenes[5] for \"a dog\" in dinov2 using head 5.0 per head");
    assert!(one.frame.column("head 5.0").is_ok());
    let refused = session()
        .ask("heatmap of scenes[5] for \"a dog\", \"a fish\", \"an owl\" in swin per head");
    let said = refused.expect_err("too many maps").to_string();
    assert!(said.contains("are the most"), "{said}");
}
