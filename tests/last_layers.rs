//! `decompose … layers last N` stores the components of the last layers, and one for all that comes before: they still sum
//! to the representation, and questions speak of what is stored.

use vitscope::decompose::{Component, ComponentKind};
use vitscope::session::Session;

use crate::support::{demo_model, shared};

/// A session with the demo's `model` and four scenes.
pub fn session(model: &str, store: &std::path::Path, photos: &std::path::Path) -> Session {
    for scene in 0..4 {
        let name = format!("scene-{scene}.png");
        std::fs::copy(shared("demo").join(&name), photos.join(&name)).expect("a copy");
    }
    let mut session = Session::open(store).expect("a store");
    let folder = demo_model(model);
    for statement in [
        format!("add model m from \"{}\"", folder.display()),
        format!("add images four from \"{}\"", photos.display()),
    ] {
        session.ask(&statement).expect("added");
    }
    session
}

/// The contribution of each stored component, image by image, and the representations.
pub type Parts = (Vec<(Component, Vec<Vec<f64>>)>, Vec<Vec<f64>>);

pub fn parts(session: &Session) -> Parts {
    let stored = session
        .store()
        .decomposition("m", "four")
        .expect("a decomposition");
    let part = stored.part(0).expect("a part");
    let (z, dim) = (part.z().expect("representations"), stored.dims());
    let each = (stored.specs().iter().enumerate()).map(|(index, spec)| {
        let slab = part.slab(index).expect("rows").single();
        let map = stored.map(index).expect("its map");
        let images = slab.chunks(spec.width).map(|row| {
            let mut sum = vec![0.0; dim];
            for (value, line) in row.iter().zip(map.chunks(dim)) {
                (sum.iter_mut().zip(line))
                    .for_each(|(s, m)| *s += f64::from(*value) * f64::from(*m));
            }
            sum
        });
        (spec.component, images.collect())
    });
    let z = z
        .chunks(dim)
        .map(|z| z.iter().map(|v| f64::from(*v)).collect());
    (each.collect(), z.collect())
}

pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[test]
fn the_last_layers_and_what_comes_before_sum_to_the_representation() {
    for model in ["dinov2", "clip", "swin", "maxvit"] {
        let (store, photos) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        let mut session = session(model, store.path(), photos.path());
        session.ask("decompose four with m").expect("decomposed");
        let (whole, _) = parts(&session);
        let answer = session
            .ask("decompose four with m layers last 2")
            .expect("decomposed anew");
        assert!(
            answer
                .notes
                .iter()
                .any(|note| note.contains("the components changed")),
            "{:?}",
            answer.notes
        );
        let (last, z) = parts(&session);
        let layers = whole
            .iter()
            .filter(|(c, _)| c.kind == ComponentKind::Head)
            .map(|(c, _)| c.layer)
            .max()
            .expect("heads")
            + 1;
        let heads = last.iter().filter(|(c, _)| c.kind == ComponentKind::Head);
        assert!(
            heads.clone().count() > 0 && heads.clone().all(|(c, _)| c.layer + 2 >= layers),
            "{model}"
        );
        assert_eq!(
            last.iter()
                .filter(|(c, _)| c.kind == ComponentKind::Mlp)
                .count(),
            2,
            "{model}"
        );
        for (image, z) in z.iter().enumerate() {
            let scale = distance(z, &vec![0.0; z.len()]);
            let mut sum = vec![0.0; z.len()];
            for (component, own) in &last {
                sum.iter_mut().zip(&own[image]).for_each(|(s, v)| *s += v);
                if component.kind != ComponentKind::Init {
                    let same = whole
                        .iter()
                        .find(|(other, _)| other == component)
                        .expect("a component");
                    assert!(
                        distance(&own[image], &same.1[image]) <= 1e-6 * scale,
                        "{model}: {component}"
                    );
                }
            }
            assert!(
                distance(&sum, z) <= 1e-5 * scale,
                "{model}: the parts of image {image} miss it"
            );
        }
    }
}

#[test]
fn questions_are_about_what_is_stored() {
    let (store, photos) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let mut session = session("dinov2", store.path(), photos.path());
    session
        .ask("decompose four with m layers last 2")
        .expect("decomposed");
    let answer = session
        .ask("contributions of heads in m on four")
        .expect("an answer");
    let names: Vec<String> = answer
        .frame
        .get_column_names()
        .iter()
        .map(|n| n.to_string())
        .collect();
    assert!(
        names.iter().any(|name| name == "head 5.0") && !names.iter().any(|name| name == "head 3.0"),
        "{names:?}"
    );
    assert!(
        answer
            .notes
            .iter()
            .any(|note| note.contains("from layer 4 on")),
        "{:?}",
        answer.notes
    );
    let error = session
        .ask("contributions of head 0.1 in m on four")
        .expect_err("not stored");
    assert!(
        error
            .diagnosis
            .message
            .contains("from layer 4 on; what comes before is one component")
    );
    let error = session
        .ask("decompose four with m tokens")
        .expect_err("never stored");
    assert!(
        error
            .diagnosis
            .message
            .contains("what single tokens contribute is not stored")
    );
}

#[test]
fn the_last_of_all_layers_are_the_whole_model() {
    let (store, photos) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let mut session = session("clip", store.path(), photos.path());
    session.ask("decompose four with m").expect("decomposed");
    for layers in [6, 99] {
        let statement = format!("decompose four with m layers last {layers}");
        let answer = session.ask(&statement).expect("nothing to do");
        assert!(answer.cached, "{layers}: {:?}", answer.notes);
    }
    let plan = session.ask("explain decompose four with m layers last 6");
    let whole = session.ask("explain decompose four with m");
    let words =
        |plan: Result<vitscope::interface::answer::Answer, _>| plan.ok().map(|plan| plan.notes);
    assert!(words(plan).is_some_and(|plan| Some(plan) == words(whole)));
}
