//! Second order; and what maps and it have in common: plans, and stopping.

use candle_core::{Device, Tensor};
use vitscope::decompose::{Component, ComponentKind};
use vitscope::interface::failure::Exit;

use super::small::{ask, embedding, session, store};
use super::{floats, model, numbers};
use crate::place::strings;
use crate::support::stopping::stopped;

/// The score of each source of `head` for one text, in plain loops: correlation over images with the sum of all sources.
fn naive_via(
    model_name: &str,
    head: Component,
    text: &[f64],
    ids: &[u32],
) -> Vec<(Component, f64)> {
    let (checkpoint, decomposer) = model(model_name);
    let set = store().set("scenes").expect("a set");
    let pixels = ids.iter().flat_map(|&id| {
        checkpoint
            .preprocess
            .apply(&set.decode(id as usize).expect("a scene"))
    });
    let pixels = Tensor::from_vec(
        pixels.collect::<Vec<f32>>(),
        (ids.len(), 3, 64, 64),
        &Device::Cpu,
    );
    let through = decomposer.through(head).expect("a readout");
    let rows = through
        .rows(&pixels.expect("pixels"), ids.to_vec())
        .expect("rows");
    let along: Vec<Vec<f64>> = (through.specs().iter().zip(through.maps()).zip(&rows.slabs))
        .map(|((spec, map), slab)| {
            let onto: Vec<f64> = numbers(map)
                .chunks(text.len())
                .map(|row| row.iter().zip(text).map(|(a, b)| a * b).sum())
                .collect();
            slab.chunks(spec.width)
                .map(|row| row.iter().zip(&onto).map(|(a, b)| f64::from(*a) * b).sum())
                .collect()
        })
        .collect();
    let total: Vec<f64> = rows
        .z
        .chunks(text.len())
        .map(|own| own.iter().zip(text).map(|(a, b)| f64::from(*a) * b).sum())
        .collect();
    let centred = |values: &[f64]| -> Vec<f64> {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| value - mean).collect()
    };
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let total = centred(&total);
    let score = |own: &Vec<f64>| {
        let own = centred(own);
        product(&own, &total) / (product(&own, &own) * product(&total, &total)).sqrt()
    };
    through
        .specs()
        .iter()
        .map(|spec| spec.component)
        .zip(along.iter().map(score))
        .collect()
}

#[test]
fn scores_via_a_head_are_correlations_with_the_heads_own_contribution() {
    let statement = "rank components for \"a red fish\" in clip via head 4.1 template none";
    let answer = ask(statement);
    let ids: Vec<u32> = ask("retrieve 40 images for \"a red fish\" in clip where split = \"eval\" template none | sort id")
        .frame
        .column("id")
        .and_then(|ids| ids.u32().cloned())
        .expect("ids")
        .iter()
        .flatten()
        .collect();
    let head: Component = "head 4.1".parse().expect("a head");
    let want = naive_via("clip", head, &embedding("a red fish"), &ids);
    let units = strings(&answer.frame, "unit");
    let scores = floats(&answer.frame, "score");
    assert_eq!(units.len(), want.len());
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]));
    for (unit, score) in units.iter().zip(scores) {
        let unit = unit.as_ref().expect("a name");
        let (component, want) = want
            .iter()
            .find(|(own, _)| own.to_string() == *unit)
            .expect("a source");
        // Constants do not vary, and rounding alone is not a score.
        if matches!(component.kind, ComponentKind::Init | ComponentKind::Bias) {
            assert!(score.abs() <= 1.0);
            continue;
        }
        assert!((score - want).abs() < 1e-3, "{unit}: {score} {want}");
    }
    let notes = answer.notes.join("\n");
    assert!(notes.contains("head 4.1's own contribution"), "{notes}");
    assert!(
        notes.contains("are left out"),
        "later units are said to be left out: {notes}"
    );
    let shares = ask("rank components for \"a red fish\" in swin via head 3.0 by covariance");
    let sum: f64 = floats(&shares.frame, "score").iter().sum();
    assert!((sum - 1.0).abs() < 1e-4, "shares of the head sum to {sum}");
    let layers = ask("rank layers for \"a red fish\" in clip via head 4.1");
    assert_eq!(layers.frame.height(), 4);
}

#[test]
fn features_via_a_head_are_rankings_via_it_the_other_way_round() {
    let features = ask("features of head 2.0, head 5.0 in clip via head 4.1");
    assert!(
        features.frame.column("head 5.0").is_err()
            && features.notes.join("\n").contains("left out"),
        "a later head sends nothing through it"
    );
    let names = strings(&features.frame, "feature");
    let place = names
        .iter()
        .position(|name| name.as_deref() == Some("object"));
    let own = floats(&features.frame, "score")[place.expect("known")];
    let ranked = ask("rank heads 2.* for object in clip via head 4.1");
    let units = strings(&ranked.frame, "unit");
    let place = units
        .iter()
        .position(|unit| unit.as_deref() == Some("head 2.0"));
    assert!((floats(&ranked.frame, "score")[place.expect("ranked")] - own).abs() < 1e-9);
}

#[test]
fn what_does_not_go_through_a_head_is_refused() {
    for (statement, says) in [
        (
            "rank heads 5.* for \"a dog\" in clip via head 2.0",
            "none of these units comes before",
        ),
        (
            "rank heads for \"a dog\" in clip via head 2.0 with stability",
            "stability",
        ),
        (
            "segment scenes for \"a dog\", \"a fish\" in clip",
            "one concept at a time",
        ),
    ] {
        let said = session().ask(statement).expect_err("refused").to_string();
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn plans_of_maps_say_how_often_the_model_runs() {
    let plan = |statement: &str| ask(&format!("explain {statement}")).notes.remove(0);
    let one =
        plan("heatmap of scenes[3] for \"never said\" in dinov2 using top 2 heads for object");
    for part in [
        "one forward pass, of scenes[3]",
        "the top 2 units for object",
        "the text tower runs for 1 of them",
    ] {
        assert!(one.contains(part), "{one}");
    }
    let some = plan("segment scenes for \"a dog\" in swin limit 7");
    assert!(
        some.contains("forward passes of at most 7 images")
            && some.contains("alignment of swin to clip (stored)"),
        "{some}"
    );
    let eval = ids_of_eval().len();
    let via = plan("rank heads for \"a dog\" in dinov2 via head 5.2");
    assert!(
        via.contains(&format!("a forward pass of each of {eval} images")),
        "{via}"
    );
    let all = plan("evaluate heatmaps in dinov2");
    assert!(
        all.contains(&format!("forward passes of {eval} images"))
            && all.contains("texts by clip ("),
        "{all}"
    );
}

fn ids_of_eval() -> Vec<u32> {
    let set = store().set("scenes").expect("a set");
    let splits = strings(set.frame(), "split");
    (0..)
        .zip(splits)
        .filter(|(_, split)| split.as_deref() == Some("eval"))
        .map(|(id, _)| id)
        .collect()
}

#[test]
fn segmenting_and_going_through_a_head_stop_when_asked_to() {
    for text in [
        "segment scenes for \"a dog\" in clip",
        "evaluate heatmaps for \"a dog\" in clip",
        "rank heads for \"a dog\" in clip via head 4.1",
    ] {
        ask(text);
        let failure = stopped(&mut session(), text);
        assert_eq!(failure.exit, Exit::Cancelled, "{text}");
    }
}
