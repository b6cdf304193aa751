//! What questions answer is what a dense computation over all images gives.

mod plans;
mod truth;
mod world;

use polars::prelude::{ParquetReader, SerReader};
use vitscope::align::Alignment;
use vitscope::interface::failure::Exit;

use self::world::{
    SKIPPED, World, dot, embedding, floats, ids, scored_ids, strings, times, vectors, whole,
};
use crate::support::stopping::stopped;

fn assert_close(found: &[f32], want: &[f64]) {
    assert_eq!(found.len(), want.len());
    for (found, want) in found.iter().zip(want) {
        assert!((f64::from(*found) - want).abs() < 1e-5, "{found} {want}");
    }
}

#[test]
fn contributions_are_rows_times_maps() {
    let world = World::new();
    let path = world.place.path("heads.parquet");
    let statement = format!(
        "contributions of head 1.0, layer 0 in vit where color = \"red\" limit 9 | save \"{}\"",
        path.display()
    );
    let answer = world.session().ask(&statement).expect("an answer");
    let want: Vec<u32> = (0..18).step_by(2).filter(|id| *id != SKIPPED).collect();
    let file = std::fs::File::open(&path).expect("saved");
    let saved = ParquetReader::new(file).finish().expect("a table");
    for table in [&answer.frame, &saved] {
        assert_eq!(whole(table, "id"), want);
        assert!(strings(table, "color").iter().all(|color| color == "red"));
        let heads = vectors(table, "head 1.0");
        let layers = vectors(table, "layer 0");
        for ((id, head), layer) in want.iter().zip(&heads).zip(&layers) {
            assert_close(head, &world.vit.contribution(*id, "head 1.0"));
            assert_close(
                layer,
                &world.vit.sum(*id, &["head 0.0", "head 0.1", "mlp 0"]),
            );
        }
    }
}

#[test]
fn vectors_too_large_for_memory_are_saved_as_they_come() {
    let world = World::new();
    let path = world.place.path("all.parquet");
    let text = format!(
        "contributions of heads in vit where split = \"fit\" | save \"{}\"",
        path.display()
    );
    let whole = world
        .session()
        .holding(1 << 20)
        .ask(&text)
        .expect("an answer");
    assert!(whole.frame.height() == 31, "{:?}", whole.notes);
    std::fs::remove_file(&path).expect("saved whole");
    let answer = world.session().holding(1000).ask(&text).expect("streamed");
    assert!(answer.frame.height() == 0, "{:?}", answer.frame);
    assert!(
        answer.notes[0].starts_with("saved 31 rows"),
        "{:?}",
        answer.notes
    );
    let file = std::fs::File::open(&path).expect("saved");
    let saved = ParquetReader::new(file).finish().expect("a table");
    let whole_answer = world
        .session()
        .ask("contributions of heads in vit where split = \"fit\"");
    assert!(saved.equals_missing(&whole_answer.expect("an answer").frame));
    // Stopped in the middle, it leaves no file.
    std::fs::remove_file(&path).expect("removable");
    assert_eq!(
        stopped(&mut world.session().holding(1000), &text).exit,
        Exit::Cancelled
    );
    let left = std::fs::read_dir(world.place.dir.path()).expect("listed");
    let names = left.map(|entry| entry.expect("an entry").file_name());
    assert!(
        names
            .into_iter()
            .all(|name| !name.to_string_lossy().contains("all.parquet"))
    );
}

#[test]
fn the_representation_is_the_sum_of_all_contributions() {
    let world = World::new();
    let answer = world
        .session()
        .ask("representation of vit")
        .expect("an answer");
    assert_eq!(whole(&answer.frame, "id"), ids());
    for (id, z) in ids()
        .into_iter()
        .zip(vectors(&answer.frame, "representation"))
    {
        assert_close(&z, &world.vit.sum(id, &[]));
    }
}

#[test]
fn aligned_vectors_go_through_the_fitted_maps() {
    let world = World::new();
    let mut session = world.session();
    session.ask("align vit to clip on set").expect("aligned");
    let stored = world
        .place
        .store
        .decomposition("vit", "set")
        .expect("stored");
    let mut blob = stored
        .load_blob("align-clip")
        .expect("readable")
        .expect("kept");
    let alignment: Alignment = serde_json::from_value(blob.note.clone()).expect("an alignment");
    let heads = session
        .ask("contributions of head 0.1 in vit aligned")
        .expect("an answer");
    let map = blob.take_f32("head 0.1").expect("a map");
    for (id, vector) in ids().into_iter().zip(vectors(&heads.frame, "head 0.1")) {
        assert_close(
            &vector,
            &times(&world.vit.contribution(id, "head 0.1"), &map),
        );
    }
    let whole = session
        .ask("representation of vit aligned limit 3")
        .expect("an answer");
    let maps: Vec<(String, vitscope::files::buffer::Buffer<f32>)> = (world.vit.specs.iter())
        .map(|spec| spec.component.to_string())
        .map(|name| match name.as_str() {
            "head 0.1" => (name, map.clone()),
            _ => (name.clone(), blob.take_f32(&name).expect("a map")),
        })
        .collect();
    for (id, vector) in ids()
        .into_iter()
        .zip(vectors(&whole.frame, "representation"))
    {
        let mut want: Vec<f64> = alignment.bias.iter().map(|&b| b.into()).collect();
        for (name, map) in &maps {
            let own = times(&world.vit.contribution(id, name), map);
            want.iter_mut().zip(own).for_each(|(w, v)| *w += v);
        }
        assert_close(&vector, &want);
    }
}

#[test]
fn features_of_a_unit_are_rankings_the_other_way_round() {
    let world = World::new();
    let mut session = world.session();
    let answer = session
        .ask("features of head 1.1 in clip")
        .expect("an answer");
    let scores = floats(&answer.frame, "score");
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]));
    let features = strings(&answer.frame, "feature");
    assert_eq!(
        features.len(),
        world
            .place
            .store
            .features(Some("set"))
            .expect("known")
            .len()
    );
    for (feature, score) in features.iter().zip(scores) {
        let ranked = session
            .ask(&format!("rank heads for {feature} in clip"))
            .expect("ranked");
        let units = strings(&ranked.frame, "unit");
        let place = units
            .iter()
            .position(|unit| unit == "head 1.1")
            .expect("there");
        assert!((floats(&ranked.frame, "score")[place] - score).abs() < 1e-12);
    }
}

#[test]
fn the_first_span_is_the_text_along_which_the_unit_varies_most() {
    let world = World::new();
    let mut session = world.session();
    let answer = session
        .ask("spans of head 0.0 in clip limit 20")
        .expect("an answer");
    let texts = strings(&answer.frame, "text");
    // Rows of 3 numbers span 3 directions, and 3 texts explain everything there is.
    assert_eq!(texts.len(), 3);
    let cumulative = floats(&answer.frame, "cumulative");
    assert!((cumulative[2] - 1.0).abs() < 1e-6);
    assert!(cumulative.windows(2).all(|pair| pair[0] < pair[1]));

    let own: Vec<Vec<f64>> = (scored_ids().iter())
        .map(|id| world.clip.contribution(*id, "head 0.0"))
        .collect();
    let std = |text: &str| {
        let direction: Vec<f64> = embedding(text).iter().map(|&v| v.into()).collect();
        let along: Vec<f64> = own.iter().map(|c| dot(c, &direction)).collect();
        let mean = along.iter().sum::<f64>() / along.len() as f64;
        let squares = along.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        (squares / along.len() as f64).sqrt()
    };
    assert!((floats(&answer.frame, "std")[0] - std(&texts[0])).abs() < 1e-6);
    for feature in world.place.store.features(Some("set")).expect("known") {
        for text in &feature.texts {
            assert!(std(text) <= std(&texts[0]) + 1e-9, "{text}");
        }
    }
    // A layer has no moments of its own and is read.
    let layer = session
        .ask("spans of layer 1 in clip limit 2")
        .expect("an answer");
    assert_eq!(layer.frame.height(), 2);
}

#[test]
fn text_retrieval_orders_by_the_raw_scalar_product() {
    let world = World::new();
    let mut session = world.session();
    let mut best = |statement: &str| session.ask(statement).expect("an answer").frame;
    let texts = world
        .place
        .store
        .feature("color", Some("set"))
        .expect("known")
        .texts;
    let mut toward = vec![0.0; 6];
    for text in &texts {
        let own = embedding(text);
        toward
            .iter_mut()
            .zip(own)
            .for_each(|(t, v)| *t += f64::from(v) / texts.len() as f64);
    }
    for (using, components) in [
        ("using head 0.1 and mlp 1", &["head 0.1", "mlp 1"][..]),
        ("without init and bias and layers", &[][..]),
        ("using layer 1 without mlp 1", &["head 1.0", "head 1.1"][..]),
    ] {
        if components.is_empty() {
            let nothing = world
                .session()
                .ask(&format!("retrieve images for color in clip {using}"));
            let said = nothing.expect_err("nothing is left").to_string();
            assert!(said.contains("leaves no component"), "{said}");
            continue;
        }
        let table = best(&format!("retrieve 5 images for color in clip {using}"));
        let mut want: Vec<(u32, f64)> = ids()
            .into_iter()
            .map(|id| (id, dot(&world.clip.sum(id, components), &toward)))
            .collect();
        want.sort_by(|a, b| b.1.total_cmp(&a.1));
        let found = whole(&table, "id").into_iter().zip(floats(&table, "score"));
        for (found, want) in found.zip(&want[..5]) {
            assert_eq!(found.0, want.0, "{using}");
            assert!((found.1 - want.1).abs() < 1e-5);
        }
    }
}

#[test]
fn a_ranked_result_is_a_selection() {
    let world = World::new();
    let mut session = world.session();
    let ranked = session
        .ask("rank heads for color in clip limit 2 into best")
        .expect("ranked");
    let named = strings(&ranked.frame, "unit").join(" and ");
    let by_result = session
        .ask("retrieve 4 images for shape in clip using best")
        .expect("found");
    let by_name = format!("retrieve 4 images for shape in clip using {named}");
    let by_name = session.ask(&by_name).expect("found");
    assert_eq!(whole(&by_result.frame, "id"), whole(&by_name.frame, "id"));
    assert_eq!(
        floats(&by_result.frame, "score"),
        floats(&by_name.frame, "score")
    );
}

#[test]
fn image_retrieval_orders_by_cosine_and_leaves_the_probe_out() {
    let world = World::new();
    let statement = "retrieve 60 images like set[7] in clip using head 1.0 and mlp 0";
    let answer = world.session().ask(statement).expect("an answer");
    let of = |id: u32| world.clip.sum(id, &["head 1.0", "mlp 0"]);
    let probe = of(7);
    let mut want: Vec<(u32, f64)> = (ids().into_iter().filter(|id| *id != 7))
        .map(|id| (id, of(id)))
        .map(|(id, c)| {
            (
                id,
                dot(&c, &probe) / (dot(&c, &c) * dot(&probe, &probe)).sqrt(),
            )
        })
        .collect();
    want.sort_by(|a, b| b.1.total_cmp(&a.1));
    let found = whole(&answer.frame, "id");
    assert_eq!(found, want.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    for (found, want) in floats(&answer.frame, "similarity").iter().zip(&want) {
        assert!((found - want.1).abs() < 1e-5);
    }
}

#[test]
fn a_property_selects_the_heads_most_specific_to_it() {
    let world = World::new();
    let mut session = world.session();
    let table = session
        .ask("features of heads in clip")
        .expect("an answer")
        .frame;
    let features = strings(&table, "feature");
    let color = features
        .iter()
        .position(|feature| feature == "color")
        .expect("known");
    let mut heads: Vec<(String, f64)> = ["head 0.0", "head 0.1", "head 1.0", "head 1.1"]
        .into_iter()
        .map(|head| {
            let scores = floats(&table, head);
            let others = (0..scores.len()).filter(|f| *f != color).map(|f| scores[f]);
            (head.to_owned(), scores[color] - others.fold(0.0, f64::max))
        })
        .collect();
    heads.sort_by(|a, b| b.1.total_cmp(&a.1));
    let names: Vec<&str> = heads[..3].iter().map(|(head, _)| head.as_str()).collect();
    let like = |rest: &str| format!("retrieve 5 images like set[0] {rest}");
    let by = session.ask(&like("by color in clip")).expect("an answer");
    assert!(
        by.notes.contains(&format!("by {}", names.join(", "))),
        "{:?}",
        by.notes
    );
    let using = like(&format!("in clip using {}", names.join(" and ")));
    let using = session.ask(&using).expect("an answer");
    assert_eq!(whole(&by.frame, "id"), whole(&using.frame, "id"));
}

#[test]
fn comparisons_are_rank_correlations_of_rankings() {
    let world = World::new();
    let mut session = world.session();
    let scores = |session: &mut vitscope::session::Session, feature: &str| {
        let statement = format!("rank components for {feature} in clip | sort unit");
        floats(&session.ask(&statement).expect("ranked").frame, "score")
    };
    let (a, b) = (scores(&mut session, "color"), scores(&mut session, "shape"));
    let rank = |of: &[f64], x: f64| of.iter().filter(|v| **v < x).count() as f64;
    let n = a.len() as f64;
    // Without ties: 1 − 6 Σ d² / (n (n² − 1)).
    let squares: f64 = (a.iter().zip(&b))
        .map(|(x, y)| (rank(&a, *x) - rank(&b, *y)).powi(2))
        .sum();
    let want = 1.0 - 6.0 * squares / (n * (n * n - 1.0));

    let statement = "compare components for color, shape in clip limit 3";
    let first = session.ask(statement).expect("an answer").frame;
    assert!((floats(&first, "spearman")[0] - want).abs() < 1e-9);
    let top = |of: &[f64]| -> Vec<usize> {
        (0..of.len())
            .filter(|&i| of.iter().filter(|v| **v > of[i]).count() < 3)
            .collect()
    };
    let common = top(&a).into_iter().filter(|i| top(&b).contains(i)).count();
    assert!((floats(&first, "overlap@3")[0] - common as f64 / 3.0).abs() < 1e-12);
    let (low, high) = (floats(&first, "low")[0], floats(&first, "high")[0]);
    assert!(-1.0 <= low && low < high && high <= 1.0);
    let again = session.ask(statement).expect("an answer").frame;
    assert!(first.equals_missing(&again));
    let other = session
        .ask(&format!("{statement} seed 5"))
        .expect("an answer")
        .frame;
    assert!(!first.equals_missing(&other));

    let alone = session
        .ask("compare heads for color in clip")
        .expect_err("nothing to compare");
    assert!(alone.to_string().contains("nothing to compare"), "{alone}");
}

#[test]
fn stability_is_seeded_and_holds_its_intervals_in_order() {
    let world = World::new();
    let mut session = world.session();
    let statement = "rank heads for color in clip with stability";
    let answer = session.ask(statement).expect("an answer");
    let first = &answer.frame;
    let plain = session
        .ask("rank heads for color in clip")
        .expect("an answer")
        .frame;
    assert_eq!(floats(first, "score"), floats(&plain, "score"));
    let (low, high) = (floats(first, "score low"), floats(first, "score high"));
    assert!(low.iter().zip(&high).all(|(low, high)| low < high));
    let (best, worst) = (whole(first, "rank low"), whole(first, "rank high"));
    assert!(
        best.iter()
            .zip(&worst)
            .all(|(best, worst)| 1 <= *best && best <= worst && *worst <= 4)
    );
    assert!(
        answer
            .notes
            .iter()
            .any(|note| note.contains("leaving out one text"))
    );
    let again = session.ask(statement).expect("an answer").frame;
    assert!(first.equals_missing(&again));
    let other = session
        .ask(&format!("{statement} seed 3"))
        .expect("an answer")
        .frame;
    assert!(!first.equals_missing(&other));
    let refused = session
        .ask(&format!("{statement} by spearman"))
        .expect_err("ranks");
    assert!(refused.to_string().contains("spearman"), "{refused}");
}

#[test]
fn a_sweep_tabulates_fits_and_keeps_none() {
    let world = World::new();
    let mut session = world.session();
    let table = session
        .ask("sweep lambda 0.1 to 10 in vit to clip")
        .expect("an answer")
        .frame;
    let lambdas = floats(&table, "lambda");
    assert_eq!(lambdas.len(), 7);
    assert!((lambdas[3] - 1.0).abs() < 1e-9);
    let penalties = floats(&table, "penalty");
    assert!(penalties[6] < penalties[0], "{penalties:?}");
    let stored = world
        .place
        .store
        .decomposition("vit", "set")
        .expect("stored");
    assert!(stored.blobs().expect("listed").is_empty());
    // The middle one is what `align` fits.
    let aligned = session
        .ask("align vit to clip on set")
        .expect("aligned")
        .frame;
    let values = floats(&aligned, "value");
    assert!((values[0] - floats(&table, "cosine")[3]).abs() < 1e-6);
}

#[test]
fn plans_say_what_is_there_and_what_is_not() {
    let world = World::new();
    let mut session = world.session();
    let mut plan = |statement: &str| {
        session
            .ask(&format!("explain {statement}"))
            .expect("a plan")
            .notes
            .remove(0)
    };
    let before = plan("rank heads for color in clip");
    assert!(
        before.contains("moments of 8 components (compute"),
        "{before}"
    );
    assert!(before.contains("texts by clip (stored)"), "{before}");
    let new = plan("retrieve images for \"nobody said this\" in clip");
    assert!(new.contains("the text tower runs for 1 of them"), "{new}");
    let probe = plan("retrieve images like \"a.png\" by color in clip");
    assert!(probe.contains("one forward pass"), "{probe}");
    world
        .session()
        .ask("rank heads for color in clip")
        .expect("ranked");
    let after = plan("rank heads for color in clip with stability");
    assert!(
        after.contains("moments of 8 components (stored)"),
        "{after}"
    );
    assert!(after.contains("100 draws"), "{after}");
}
