//! Round trips over every statement, and the wording and place of syntax errors.

use super::super::error::Problem;
use super::super::script::parse_statement;

/// Every statement form, written as [`super::super::print`] prints it.
const CANONICAL: &[&str] = &[
    "add model dinov2 from \"facebook/dinov2-base\"",
    "add images birds from \"photos/\" with \"labels.csv\"",
    "decompose birds with dinov2, swin precision f16 forward bf16 batch 16 layers last 5 tokens",
    "align dinov2 to clip on birds lambda 1 seed 3",
    "sweep lambda 0.01 to 10 in dinov2 to clip on birds seed 1",
    "define",
    "define `striped fish` as \"a \\\"striped\\\" fish\", \"stripes\"",
    "show models",
    "show units in dinov2",
    "describe dinov2",
    "describe head 5.2 in dinov2",
    "check dinov2 on scenes",
    "rank heads, mlps 3 to 5 for texture, \"a beach\" in dinov2, deit on scenes via head 5.2 by variance where layer >= 4 limit 10 seed 1 template none with stability as paper",
    "rank heads 5.*, heads 4.0 to 5.3, init for text \"texture\", (\"a\", \"b\") in $m template \"a photo of a {}\", \"a {}\"",
    "features of head 5.2 in dinov2",
    "spans of head 5.2 in clip limit 10",
    "retrieve 8 images for \"a striped fish\" in dinov2 using top 5 heads for texture",
    "retrieve images like \"probe.jpg\" by color in swin using best and mlps except random 5 heads seed 3",
    "heatmap of scenes[17] for \"striped\", \"beach\" in maxvit",
    "segment scenes for object in deit using bottom 2 layers for object",
    "classify birds by label in dinov2 without top 10 heads for location over bird",
    "ablate layers 5 to 0 cumulatively in deit measuring accuracy with zero",
    "compare heads for texture in dinov2, deit",
    "evaluate ranking of heads in dinov2 on scenes",
    "evaluate ablation of heads for texture in dinov2",
    "evaluate retrieval for texture in dinov2 using best",
    "contributions of heads 5.* in dinov2 aligned on birds | save \"heads.parquet\"",
    "representation of dinov2 on birds",
    "drop decomposition dinov2 on birds",
    "from _ | where score > 0.5 and not layer in (1, 2) or name not like \"%x\" and (a = 1 or b between 1 and 2) | sort layer, score desc | select layer, head | take 5 | group layer, kind: mean score, count into best",
    "sql \"select layer from _\"",
    "explain rank heads for texture in dinov2 | take 3",
    "set format json",
    "set images on",
    "set limit 5",
    "let n = 5",
    "run \"script.vq\"",
    "help where",
    "quit",
];

#[test]
fn canonical_text_prints_as_it_was_written() {
    for text in CANONICAL {
        let parsed = parse_statement(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(parsed.to_string(), *text);
    }
}

#[test]
fn other_spellings_mean_the_same() {
    for (written, canonical) in [
        (
            "RANK Heads FOR texture IN dinov2 ;",
            "rank heads for texture in dinov2",
        ),
        (
            "decompose s with a, b, precision f16, batch 2",
            "decompose s with a, b precision f16 batch 2",
        ),
        ("exit", "quit"),
        ("sql 'it''", ""),
        ("run 'it\\'s'", "run \"it's\""),
        ("run \"C:\\new\"", "run \"C:\\\\new\""),
        (
            "from x | where a == 1 and (b <> 2)",
            "from x | where a = 1 and b != 2",
        ),
        ("show # what\n models -- these", "show models"),
    ] {
        match parse_statement(written) {
            Ok(parsed) => assert_eq!(parsed.to_string(), canonical),
            Err(_) => assert_eq!(canonical, "", "{written}"),
        }
    }
}

/// Statement, the part of it that the error points at, words of the message, nearest word.
const WRONG: &[(&str, &str, &str, Option<&str>)] = &[
    (
        "rank heads fr texture in dinov2",
        "fr",
        "expected `for`",
        Some("for"),
    ),
    (
        "rank haeds for texture in dinov2",
        "haeds",
        "expected",
        Some("heads"),
    ),
    (
        "rnak heads for texture in dinov2",
        "rnak",
        "expected a statement such as",
        Some("rank"),
    ),
    (
        "rank heads for texture n dinov2",
        "n",
        "expected `in` or `,`",
        Some("in"),
    ),
    (
        "rank heads for texture in dinov2 lmit 5",
        "lmit",
        "expected",
        Some("limit"),
    ),
    (
        "rank heads for in dinov2",
        "in",
        "a feature, a quoted text",
        None,
    ),
    (
        "rank head for texture in dinov2",
        "head",
        "names one unit",
        Some("heads"),
    ),
    (
        "rank heads for \"texture in dinov2",
        "\"",
        "no closing \"",
        None,
    ),
    (
        "describe hed 5.2 in dinov2",
        "hed",
        "expected",
        Some("head"),
    ),
    ("from x | sort a limit 3", "limit", "expected", None),
    (
        "rank heads for texture in m limit 3 limit 4",
        "limit 4",
        "`limit` is given twice",
        None,
    ),
    ("let n = 1e999", "1e999", "too large", None),
    (
        "rank heads for texture in",
        "",
        "isn't finished: expected a model",
        None,
    ),
    (
        "show models show images",
        "show",
        "expected `into` or `|`",
        None,
    ),
    ("show models; show images", "show", "expected the end", None),
];

#[test]
fn errors_point_at_the_word_and_say_what_was_expected() {
    for &(text, at, message, nearest) in WRONG {
        let error = parse_statement(text).expect_err(text);
        assert_eq!(&text[error.span().range()], at, "{text}: {error}");
        assert!(error.to_string().contains(message), "{text}: {error}");
        assert_eq!(error.nearest(), nearest, "{text}: {error}");
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    let deep = format!("from x | where {}a = 1", "(".repeat(100_000));
    let error = parse_statement(&deep).expect_err("too deep");
    assert!(error.to_string().contains("64"), "{error}");
}

#[test]
fn an_endless_statement_is_an_error() {
    let texts = vec!["\"a\""; 1_000_000].join(",");
    let error = parse_statement(&format!("define x as {texts}")).expect_err("too long");
    assert!(error.to_string().contains("too long"), "{error}");
    let texts = vec!["\"some rough texture\""; 5_000].join(", ");
    assert!(parse_statement(&format!("define x as {texts}")).is_ok());
}
