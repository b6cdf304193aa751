//! Classification, ablation and evaluation on contributions whose truth was planted, against dense computations.

use std::fmt::Write as _;

use super::world::{
    IMAGES, Known, SKIPPED, WIDTH, World, column, dot, embedding, floats, ids, strings, whole,
};

/// How far `src/analysis/discriminant.rs` draws covariances towards the identity.
const SHRINKAGE: f64 = 0.05;

/// The class of an image, and what it stands before.
fn kind(id: u32) -> usize {
    id as usize % 2
}

fn background(id: u32) -> usize {
    if is_judged(id) {
        // Each kind on each background as often.
        (id as usize / 6) % 2
    } else {
        // They go together, with a few exceptions.
        (kind(id) + usize::from(id.is_multiple_of(7))) % 2
    }
}

fn is_judged(id: u32) -> bool {
    id.is_multiple_of(3)
}

fn fitted() -> Vec<u32> {
    ids().into_iter().filter(|id| !is_judged(*id)).collect()
}

fn judged() -> Vec<u32> {
    ids().into_iter().filter(|id| is_judged(*id)).collect()
}

/// A CLIP whose head 0.0 knows the kind and whose head 0.1 takes the background for it, more strongly. Head 0.1 alone
/// varies along the scenery's text.
fn planted() -> World {
    let mut labels = "file,split,kind,background\n".to_owned();
    for id in 0..IMAGES as u32 {
        let split = if is_judged(id) { "test" } else { "train" };
        let kind = ["left", "right"][kind(id)];
        let background = ["land", "water"][background(id)];
        writeln!(labels, "{id:02}.png,{split},{kind},{background}").expect("a text grows");
    }
    let mut clip = Known::random(6, 1);
    let (left, right) = (embedding("a left thing"), embedding("a right thing"));
    let scenery = embedding("the scenery");
    for (place, spec) in clip.specs.iter().enumerate() {
        let name = spec.component.to_string();
        for id in 0..IMAGES as u32 {
            let row = &mut clip.rows[place][id as usize * WIDTH..][..WIDTH];
            let sign = |class: usize| [1.0f32, -1.0][class];
            match name.as_str() {
                "head 0.0" => row[0] = sign(kind(id)) + 0.05 * row[0],
                "head 0.1" => row[0] = sign(background(id)) + 0.05 * row[0],
                _ => row[0] = 0.3,
            }
            row[1..].fill(0.2);
        }
        let map = &mut clip.maps[place];
        for k in 0..6 {
            match name.as_str() {
                "head 0.0" => map[k] = left[k] - right[k],
                "head 0.1" => map[k] = 1.5 * (left[k] - right[k]) + 2.0 * scenery[k],
                _ => map[k] *= 0.1,
            }
        }
        map[6..].fill(0.0);
    }
    let features: [(&str, &[&str]); 2] = [
        ("kind", &["a left thing", "a right thing"]),
        ("scenery", &["the scenery"]),
    ];
    World::with(&labels, &features, clip)
}

/// The numbers of the rows of a head.
fn of_head(table: &polars::prelude::DataFrame, head: &str, column: &str) -> Vec<(String, f64)> {
    let groups = strings(table, "group");
    let rows = strings(table, "head")
        .into_iter()
        .zip(groups)
        .zip(floats(table, column));
    let own = rows.filter(|((name, _), _)| name == head);
    own.map(|((_, group), value)| (group, value)).collect()
}

fn value(rows: &[(String, f64)], group: &str) -> f64 {
    rows.iter()
        .find(|(name, _)| name == group)
        .expect("a group")
        .1
}

/// Representations with some components at their means over the images fitted on.
fn ablated(known: &Known, id: u32, components: &[&str]) -> Vec<f64> {
    let mut z = known.sum(id, &[]);
    let fitted = fitted();
    for component in components {
        let own = known.contribution(id, component);
        let mut mean = vec![0.0; known.dim];
        for id in &fitted {
            let other = known.contribution(*id, component);
            mean.iter_mut()
                .zip(other)
                .for_each(|(m, v)| *m += v / fitted.len() as f64);
        }
        for (k, v) in z.iter_mut().enumerate() {
            *v += mean[k] - own[k];
        }
    }
    z
}

fn greatest(scores: &[f64]) -> usize {
    let mut best = 0;
    for place in 1..scores.len() {
        if scores[place] > scores[best] {
            best = place;
        }
    }
    best
}

/// Linear discriminant analysis the plain way: its scores as a function.
fn discriminant(x: &[Vec<f64>], classes: &[usize], count: usize) -> impl Fn(&[f64]) -> Vec<f64> {
    let dim = x[0].len();
    let n = |class: usize| classes.iter().filter(|c| **c == class).count() as f64;
    let mean = |class: usize| -> Vec<f64> {
        let own = || x.iter().zip(classes).filter(move |(_, c)| **c == class);
        (0..dim)
            .map(|k| own().map(|(row, _)| row[k]).sum::<f64>() / n(class))
            .collect()
    };
    let means: Vec<Vec<f64>> = (0..count).map(mean).collect();
    let mut within = vec![vec![0.0; dim]; dim];
    for (row, class) in x.iter().zip(classes) {
        for a in 0..dim {
            for b in 0..dim {
                within[a][b] += (row[a] - means[*class][a]) * (row[b] - means[*class][b])
                    / (x.len() - count) as f64;
            }
        }
    }
    let level = (0..dim).map(|k| within[k][k]).sum::<f64>() / dim as f64;
    for (a, row) in within.iter_mut().enumerate() {
        for (b, v) in row.iter_mut().enumerate() {
            *v *= 1.0 - SHRINKAGE;
            *v += if a == b { SHRINKAGE * level } else { 0.0 };
        }
    }
    let heads: Vec<(Vec<f64>, f64)> = (0..count)
        .map(|class| {
            let direction = eliminate(within.clone(), means[class].clone());
            let prior = (n(class) / x.len() as f64).ln();
            let bias = prior - dot(&means[class], &direction) / 2.0;
            (direction, bias)
        })
        .collect();
    move |z| heads.iter().map(|(w, b)| dot(z, w) + b).collect()
}

/// Gauss-Jordan elimination with pivots.
fn eliminate(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for column in 0..n {
        let pivot = (column..n)
            .max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))
            .expect("rows are left");
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in (0..n).filter(|row| *row != column) {
            let factor = matrix[row][column] / matrix[column][column];
            let above = matrix[column].clone();
            let entries = matrix[row].iter_mut().zip(above);
            entries.for_each(|(entry, above)| *entry -= factor * above);
            right[row] -= factor * right[column];
        }
    }
    (0..n).map(|k| right[k] / matrix[k][k]).collect()
}

#[test]
fn leaving_out_the_head_that_takes_the_background_for_the_class_mends_the_worst_group() {
    let world = planted();
    let mut session = world.session();
    let table = session
        .ask("classify set by kind in clip without top 1 heads for scenery over kind")
        .expect("an answer")
        .frame;
    let groups = ["left, land", "left, water", "right, land", "right, water"];
    let (before, after) = (
        of_head(&table, "text", "before"),
        of_head(&table, "text", "after"),
    );
    for (group, agrees) in groups.iter().zip([true, false, false, true]) {
        assert_eq!(
            value(&before, group),
            f64::from(u8::from(agrees)),
            "{group}"
        );
        assert_eq!(value(&after, group), 1.0, "{group}");
    }
    assert_eq!(value(&before, "worst group"), 0.0);
    assert_eq!(value(&before, "mean of groups"), 0.5);
    assert_eq!(value(&after, "worst group"), 1.0);
    // One head of four, drawn at random, is the one in a quarter of the draws; another changes nothing for the better.
    let random = of_head(&table, "text", "random");
    assert!(value(&random, "worst group") < 0.6, "{random:?}");
    let images: Vec<Option<u32>> = column(&table, "images")
        .u32()
        .expect("whole")
        .iter()
        .collect();
    assert_eq!(images[0], Some(judged().len() as u32));
    assert_eq!(
        images[3..7].iter().flatten().sum::<u32>(),
        judged().len() as u32
    );
}

#[test]
fn accuracies_are_those_of_dense_heads() {
    let world = planted();
    let mut session = world.session();
    for (statement, components) in [
        ("without head 0.1", &["head 0.1"][..]),
        (
            "without layer 0 and head 1.1",
            &["head 0.0", "head 0.1", "mlp 0", "head 1.1"][..],
        ),
        (
            "using head 0.1, init",
            &["head 0.0", "mlp 0", "head 1.0", "head 1.1", "mlp 1", "bias"][..],
        ),
    ] {
        let statement = statement.replace(", ", " and ");
        let asked = format!("classify set by kind in clip {statement}");
        let table = session.ask(&asked).expect("an answer").frame;
        let training: Vec<Vec<f64>> = fitted().iter().map(|id| world.clip.sum(*id, &[])).collect();
        let classes: Vec<usize> = fitted().iter().map(|id| kind(*id)).collect();
        let linear = discriminant(&training, &classes, 2);
        let texts = ["a left thing", "a right thing"].map(embedding);
        let text = |z: &[f64]| -> Vec<f64> {
            let wide = texts
                .iter()
                .map(|t| t.iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
            wide.map(|t| dot(z, &t)).collect()
        };
        let accuracy = |head: &dyn Fn(&[f64]) -> Vec<f64>, components: &[&str]| {
            let right = judged()
                .into_iter()
                .filter(|id| greatest(&head(&ablated(&world.clip, *id, components))) == kind(*id));
            right.count() as f64 / judged().len() as f64
        };
        for (name, head) in [
            ("linear", &linear as &dyn Fn(&[f64]) -> Vec<f64>),
            ("text", &text),
        ] {
            for (column, left_out) in [("before", &[][..]), ("after", components)] {
                let found = value(&of_head(&table, name, column), "all images");
                let want = accuracy(head, left_out);
                assert!(
                    (found - want).abs() < 1e-9,
                    "{asked} {name} {column}: {found} {want}"
                );
            }
        }
    }
}

#[test]
fn ablations_go_unit_by_unit_and_leave_what_a_dense_computation_leaves() {
    let world = planted();
    let mut session = world.session();
    let statement = "ablate heads 0.1 to 1.0 cumulatively in clip measuring similarity";
    let table = session.ask(statement).expect("an answer").frame;
    assert_eq!(
        strings(&table, "ablated"),
        ["nothing", "head 0.1", "head 1.0"]
    );
    assert_eq!(whole(&table, "components"), [0, 1, 2]);
    let cosine = |a: &[f64], b: &[f64]| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    let mean = |components: &[&str]| {
        let each = judged().into_iter().map(|id| {
            cosine(
                &world.clip.sum(id, &[]),
                &ablated(&world.clip, id, components),
            )
        });
        each.sum::<f64>() / judged().len() as f64
    };
    let found = floats(&table, "similarity");
    for (found, want) in found.iter().zip([
        mean(&[]),
        mean(&["head 0.1"]),
        mean(&["head 0.1", "head 1.0"]),
    ]) {
        assert!((found - want).abs() < 1e-6, "{found} {want}");
    }
    assert!(floats(&table, "random")[0] > 1.0 - 1e-6);

    // In the order given, from the last layer to the first.
    let table = session
        .ask("ablate layers 1 to 0 cumulatively in clip measuring background with zero")
        .expect("an answer")
        .frame;
    assert_eq!(
        strings(&table, "ablated"),
        ["nothing", "layer 1", "layer 0"]
    );
    let accuracy = floats(&table, "accuracy");
    assert_eq!(accuracy[0], 1.0, "the background can be read");
    assert!(accuracy[2] <= 0.75, "and was in layer 0: {accuracy:?}");
    // Everything at once, by both heads.
    let table = session
        .ask("ablate head 0.0 in clip measuring accuracy with resample")
        .expect("an answer")
        .frame;
    assert_eq!(table.height(), 2);
    assert_eq!(floats(&table, "text")[0], 0.5);
}

#[test]
fn rankings_are_held_against_what_probes_read() {
    let world = planted();
    let mut session = world.session();
    session
        .ask("define background as \"sea\", \"the scenery\"")
        .expect("defined");
    let table = session
        .ask("evaluate ranking of heads for background in clip")
        .expect("an answer")
        .frame;
    let units = strings(&table, "unit");
    assert_eq!(units[0], "head 0.1");
    let probe = floats(&table, "probe");
    assert_eq!(probe[0], 1.0);
    assert_eq!(floats(&table, "chance"), [0.5; 4]);
    for (unit, probe) in units.iter().zip(&probe) {
        let constant = ["head 1.0", "head 1.1"].contains(&unit.as_str());
        assert!(!constant || (probe - 0.5).abs() < 1e-9, "{unit} {probe}");
    }
    let scores = floats(&table, "correlation");
    assert!(scores[1..].iter().all(|score| *score < scores[0]));

    let table = session
        .ask("evaluate ranking of heads in clip")
        .expect("an answer")
        .frame;
    let features = strings(&table, "feature");
    assert_eq!(
        features,
        [
            "background",
            "kind",
            "mean between units",
            "mean within units"
        ]
    );
    let best: Vec<Option<String>> = crate::place::strings(&table, "of unit");
    assert_eq!(
        best[..2],
        ["head 0.1", "head 0.0"].map(|unit| Some(unit.to_owned()))
    );
    let agreement = floats(&table, "correlation");
    assert!((agreement[2] - (agreement[0] + agreement[1]) / 2.0).abs() < 1e-12);
    // The same numbers, unit by unit above.
    let want = vitscope::analysis::spearman(&probe, &scores).expect("both vary");
    assert!((agreement[0] - want).abs() < 1e-12, "{agreement:?} {want}");
}

#[test]
fn precision_of_retrieval_is_counted_among_the_first() {
    let world = planted();
    let mut session = world.session();
    let table = session
        .ask("evaluate retrieval for kind in clip using head 0.0 limit 6")
        .expect("an answer")
        .frame;
    let precision = |components: &[&str]| {
        let texts = ["a left thing", "a right thing"].map(embedding);
        let mut sum = 0.0;
        for (class, text) in texts.iter().enumerate() {
            let text: Vec<f64> = text.iter().map(|&v| f64::from(v)).collect();
            let mut found: Vec<(f64, u32)> = judged()
                .into_iter()
                .map(|id| (dot(&world.clip.sum(id, components), &text), id))
                .collect();
            found.sort_by(|a, b| b.0.total_cmp(&a.0));
            let right = found[..6]
                .iter()
                .filter(|(_, id)| kind(*id) == class)
                .count();
            sum += right as f64 / 6.0;
        }
        sum / 2.0
    };
    assert_eq!(floats(&table, "top"), [1.0]);
    assert_eq!(precision(&["head 0.0"]), 1.0);
    assert!((floats(&table, "all")[0] - precision(&[])).abs() < 1e-9);
    assert!(floats(&table, "random")[0] < 0.9);
    assert_eq!(floats(&table, "chance"), [0.5]);

    let table = session
        .ask("evaluate ablation of heads for kind in clip limit 1")
        .expect("an answer")
        .frame;
    assert_eq!(whole(&table, "ablated"), [1]);
    assert_eq!(strings(&table, "feature"), ["kind"]);
}

#[test]
fn what_cannot_be_judged_is_said() {
    let world = planted();
    let mut session = world.session();
    let mut said = |statement: &str| session.ask(statement).expect_err(statement).to_string();
    assert!(said("evaluate ranking of heads for scenery in clip").contains("no column `scenery`"));
    assert!(
        said("classify set by kind in clip where split = \"train\"")
            .contains("0 images of set are left to fit on")
    );
    assert!(said("ablate heads except heads in clip measuring kind").contains("no unit"));
    let taken = said("evaluate ranking of heads in clip using head 0.0");
    assert!(taken.contains("takes no selection"), "{taken}");
    assert!(!ids().contains(&SKIPPED));
}

#[test]
fn rankings_are_held_against_clips_own_similarities_too() {
    let world = World::new();
    let mut session = world.session();
    let table = session
        .ask("evaluate ranking of heads in clip")
        .expect("an answer")
        .frame;
    assert_eq!(strings(&table, "feature")[0], "color");
    let found = column(&table, "against clip")
        .f64()
        .expect("numbers")
        .get(0);
    let ranked = session
        .ask("rank heads for color in clip")
        .expect("ranked")
        .frame;
    let texts = world
        .place
        .store
        .feature("color", Some("set"))
        .expect("known")
        .texts;
    let pearson = |a: &[f64], b: &[f64]| {
        let centred = |v: &[f64]| -> Vec<f64> {
            let mean = v.iter().sum::<f64>() / v.len() as f64;
            v.iter().map(|v| v - mean).collect()
        };
        let (a, b) = (centred(a), centred(b));
        dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
    };
    let reference = |unit: &String| {
        let of_text = |text: &String| {
            let text: Vec<f64> = embedding(text).iter().map(|&v| v.into()).collect();
            let along = |components: &[&str]| -> Vec<f64> {
                let sums = judged()
                    .into_iter()
                    .map(|id| world.clip.sum(id, components));
                sums.map(|sum| dot(&sum, &text)).collect()
            };
            pearson(&along(&[unit.as_str()]), &along(&[]))
        };
        texts.iter().map(of_text).sum::<f64>() / texts.len() as f64
    };
    let reference: Vec<f64> = strings(&ranked, "unit").iter().map(reference).collect();
    let want = vitscope::analysis::spearman(&floats(&ranked, "score"), &reference);
    assert!((found.expect("four heads") - want.expect("both vary")).abs() < 1e-9);
}

#[test]
fn plans_name_what_is_read_and_computed() {
    let world = planted();
    let mut session = world.session();
    for (statement, steps) in [
        (
            "classify set by kind in clip without top 1 heads for scenery",
            &[
                "the top 1 units for scenery",
                "a linear head for `kind`",
                "embeddings of 2 texts",
                "mean rows",
            ][..],
        ),
        (
            "ablate heads cumulatively in clip measuring similarity",
            &[
                "mean rows",
                "rows of the components ablated and of the random control",
            ],
        ),
        (
            "evaluate ranking of heads in clip",
            &[
                "known about the images: kind",
                "cross-validated probes of the units",
                "rows of 4 units",
                "similarities of images and texts by clip",
            ],
        ),
        (
            "evaluate retrieval in clip",
            &["for every feature, one pass over all rows"],
        ),
        (
            "evaluate ablation of heads in clip",
            &["for every feature", "a linear head for `the feature`"],
        ),
    ] {
        let explained = session
            .ask(&format!("explain {statement}"))
            .expect(statement);
        let plan = &explained.notes[0];
        for step in steps {
            assert!(plan.contains(step), "{statement}: {plan}");
        }
    }
}
