//! SQL over answers, image sets and the units of models: right numbers, piped on, and errors with a place.

use std::path::{Path, PathBuf};

use serde_json::Value;
use vitscope::session::Session;

use crate::place::Place;
use crate::support::demo_model;
use crate::support::shell::{Ran, on};

/// A store with twelve pictures of two colours and a model.
fn store() -> (Place, PathBuf) {
    let place = Place::new();
    for picture in 0..12 {
        let label = ["red", "blue"][usize::from(picture % 3 == 0)];
        place.picture(
            &format!("photos/{label}/{picture}.png"),
            [picture * 20, 0, 90],
        );
    }
    place.add("photos", None).expect("pictures");
    let root = place.store.root().to_owned();
    let model = demo_model("dinov2");
    let add = format!("add model dinov2 from \"{}\"", model.display());
    on(&root, &["-c", &add]).ok();
    (place, root)
}

fn json(root: &Path, queries: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["--format", "ndjson"];
    for query in queries {
        arguments.extend(["-c", query]);
    }
    let lines = on(root, &arguments).ok().out;
    let lines = lines.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("an object per line")
}

#[test]
fn answers_sets_and_units_are_tables_and_the_answer_is_piped_on() {
    let (_place, root) = store();
    let counted = json(
        &root,
        &["sql \"select label, count(*) as n from set group by label order by n desc\" | take 1"],
    );
    assert_eq!(counted, [serde_json::json!({"label": "red", "n": 8})]);
    let units = json(
        &root,
        &[
            "sql \"select layer, count(*) as n from dinov2 where kind = 'head' group by layer order by layer\"",
        ],
    );
    assert_eq!(units.len(), 6);
    assert!(units.iter().all(|row| row["n"] == 4), "{units:?}");
    let joined = json(
        &root,
        &[
            "sql \"select id, label from set where label = 'blue'\" into blue",
            "sql 'select count(*) as n from blue b join \"set\" s on b.id = s.id'",
            "sql \"select n * 10 as tens from _\" into tens; from tens | select tens",
        ],
    );
    let last = joined.last().expect("an answer");
    assert_eq!(
        last,
        &serde_json::json!({"tens": 40}),
        "four of twelve are blue"
    );
}

#[test]
fn what_is_wrong_is_pointed_at_inside_the_text() {
    let (_place, root) = store();
    for (sql, word, says, help) in [
        (
            "select x from sett",
            "sett",
            "no table",
            "did you mean `set`?",
        ),
        (
            "select labl from set",
            "labl",
            "no column",
            "did you mean `label`?",
        ),
        (
            "select 1 from set group",
            "group",
            "expected end of statement",
            "",
        ),
        (
            "selct 1",
            "selct",
            "begins no query",
            "did you mean `select`?",
        ),
        ("drop table set", "drop", "begins no query", "select … from"),
        ("select foo(label) from set", "foo", "foo", ""),
        (
            "select * from set where",
            "",
            "isn't finished: expected an expression",
            "",
        ),
    ] {
        let query = format!("show images; sql \"{sql}\"");
        let ran = on(&root, &["--format", "json", "-c", &query]);
        assert_eq!(ran.code, Some(1), "{sql}");
        let error: Value = serde_json::from_str(&ran.err).expect("one object");
        let error = &error["error"];
        let at = |key: &str| error[key].as_u64().expect("a place") as usize;
        assert_eq!(&query[at("start")..at("end")], word, "{sql}: {error}");
        assert!(
            error["message"]
                .as_str()
                .expect("a sentence")
                .contains(says),
            "{error}"
        );
        assert!(
            error["help"].as_str().unwrap_or_default().contains(help),
            "{error}"
        );
        assert!(
            !ran.err.contains("Resolved plan"),
            "no inner workings: {}",
            ran.err
        );
    }
}

#[test]
fn the_plan_says_what_is_read() {
    let (_place, root) = store();
    let Ran { out, .. } = on(
        &root,
        &[
            "-c",
            "explain sql \"select s.id from set s join dinov2 u on s.id = u.layer\"",
        ],
    )
    .ok();
    assert!(
        out.contains("12 images of set") && out.contains("units of dinov2"),
        "{out}"
    );
}

#[test]
fn no_sql_brings_the_program_down() {
    let (_place, root) = store();
    let mut session = Session::open(root).expect("a store");
    for sql in [
        "select",
        "select * from set order by",
        "select count(*) over () from set",
        "select array[1, 2] as a, struct(label) from set limit 1",
        "select * from set cross join dinov2 limit 3",
        "select 1/0 as x, cast('x' as int) as y",
        "select label from set union select unit from dinov2",
        "select sum(label) from set",
        "select * exclude(id) from set limit 1",
        "with a as (select 1 as one) select * from a, a as b",
        "select date '2024-13-45'",
        "select * from read_csv('nowhere.csv')",
        "select substr(label, -1, 99999999999) from set",
        "select * from set limit -1",
        "from set",
        "select '\u{0}' as nothing",
        &format!("select 1 as a where 1=1{}", " or 1=1".repeat(1000)),
        &format!("select 1 as a where 1=1{}", " or 1=1".repeat(10_000)),
    ] {
        // Right or wrong, there is an answer or a sentence.
        if let Err(failure) = session.ask(&format!("sql \"{sql}\"")) {
            assert!(!failure.to_string().trim().is_empty(), "{sql}");
            assert!(!failure.to_string().contains("panicked"), "{sql}");
        }
    }
}
