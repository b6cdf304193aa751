//! Masks and their measures.

use vitscope::session::Session;

use super::small::{OBJECTS, ask, store};
use super::{floats, whole};
use crate::place::strings;
use crate::support::shell::demo;

/// What lies above 0 and above the mean of that, after a bilinear resize written out for eight patches of eight pixels.
fn naive_mask(patches: &[f64]) -> (Vec<f64>, Vec<bool>) {
    let value = |y: usize, x: usize| {
        let place = |at: usize| ((at as f64 + 0.5) / 8.0 - 0.5).clamp(0.0, 7.0);
        let (v, u) = (place(y), place(x));
        let mut sum = 0.0;
        for row in 0..8 {
            for col in 0..8 {
                let near = |cell: usize, at: f64| (1.0 - (cell as f64 - at).abs()).max(0.0);
                sum += near(row, v) * near(col, u) * patches[8 * row + col];
            }
        }
        sum.max(0.0)
    };
    let positive: Vec<f64> = (0..4096)
        .map(|pixel| value(pixel / 64, pixel % 64))
        .collect();
    let mean = positive.iter().sum::<f64>() / 4096.0;
    let mask = positive.iter().map(|&value| value > mean).collect();
    (positive, mask)
}

fn naive_average_precision(scores: &[f64], truth: &[bool]) -> f64 {
    let count = |threshold: f64, inside: &dyn Fn(usize) -> bool| {
        (0..scores.len())
            .filter(|&p| scores[p] >= threshold && inside(p))
            .count() as f64
    };
    let mut thresholds = scores.to_vec();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    thresholds.dedup();
    let positives = truth.iter().filter(|inside| **inside).count() as f64;
    let (mut sum, mut before) = (0.0, 0.0);
    for threshold in thresholds {
        let hits = count(threshold, &|p| truth[p]);
        sum += (hits - before) / positives * hits / count(threshold, &|_| true);
        before = hits;
    }
    sum
}

#[test]
fn masks_and_their_measures_are_those_of_a_plain_computation() {
    let answer = ask(
        "segment scenes for \"a dog\" in dinov2 using heads 5.* where split = \"eval\" limit 3",
    );
    let table = &answer.frame;
    let ids = whole(table, "id");
    assert_eq!(ids.len(), 3);
    let set = store().set("scenes").expect("a set");
    for (place, &id) in ids.iter().enumerate() {
        let map = ask(&format!(
            "heatmap of scenes[{id}] for \"a dog\" in dinov2 using heads 5.*"
        ));
        let (salient, mask) = naive_mask(&floats(&map.frame, "a dog"));
        let truth = set.mask(id as usize).expect("readable").expect("there");
        let truth: Vec<bool> = truth.pixels().map(|pixel| pixel[0] > 0).collect();
        let count = |of: &dyn Fn(bool, bool) -> bool| {
            let pairs = mask.iter().zip(&truth);
            pairs.filter(|&(&m, &t)| of(m, t)).count() as f64
        };
        let area = count(&|m, _| m) / 4096.0;
        let accuracy = count(&|m, t| m == t) / 4096.0;
        let foreground = count(&|m, t| m && t) / count(&|m, t| m || t);
        let background = count(&|m, t| !m && !t) / count(&|m, t| !m || !t);
        let precision = naive_average_precision(&salient, &truth);
        for (name, want, close) in [
            ("area", area, 1e-3),
            ("pixel_accuracy", accuracy, 1e-3),
            ("foreground_iou", foreground, 2e-3),
            ("two_class_miou", (foreground + background) / 2.0, 2e-3),
            ("average_precision", precision, 1e-3),
        ] {
            // A pixel or two may lie on the other side of the threshold, by rounding alone.
            let found = floats(table, name)[place];
            assert!(
                (found - want).abs() <= close,
                "{id}, {name}: {found} {want}"
            );
        }
        let inside: Vec<usize> = (0..4096).filter(|&pixel| mask[pixel]).collect();
        let top = inside.iter().map(|pixel| pixel / 64).min().expect("a mask");
        assert!(whole(table, "top")[place].abs_diff(top as u32) <= 1);
    }
    let mean = floats(table, "foreground_iou").iter().sum::<f64>() / 3.0;
    let said = answer
        .notes
        .iter()
        .find(|note| note.starts_with("means over images"));
    let said = said.expect("means");
    assert!(
        said.contains(&format!("foreground iou {mean:.4} (3)")),
        "{said}"
    );
    let by_object =
        ask("segment scenes for object in dinov2 limit 9 | group object: mean foreground_iou");
    assert!(by_object.frame.height() >= 2);
}

#[test]
fn a_feature_named_like_a_column_means_each_images_own_value() {
    let answer = ask("segment scenes for object in dinov2 using heads 5.*");
    let table = &answer.frame;
    let (texts, objects) = (strings(table, "text"), strings(table, "object"));
    let mut classes: Vec<String> = Vec::new();
    for (text, object) in texts.into_iter().zip(objects) {
        let (text, object) = (text.expect("a text"), object.expect("known"));
        let own = OBJECTS
            .iter()
            .find(|own| own.split(' ').next_back() == Some(&object));
        // An object that no text of the feature names goes by its name.
        assert_eq!(text, own.map_or(object, |own| (*own).to_owned()));
        classes.push(text);
    }
    // The mask is made for what the image's own text has more than the mean over all classes.
    let own = classes.iter().position(|text| OBJECTS.contains(&&**text));
    let place = own.expect("one of the objects");
    let (text, id) = (classes[place].clone(), whole(table, "id")[place]);
    classes.sort();
    classes.dedup();
    let said = format!("less the mean over all {}", classes.len());
    assert!(answer.notes.iter().any(|note| note.contains(&said)));
    let map = |texts: &[String]| {
        let texts = texts.join("\", \"");
        let statement =
            format!("heatmap of scenes[{id}] for (\"{texts}\") in dinov2 using heads 5.*");
        let frame = ask(&statement).frame;
        let name = frame.columns()[2].name().to_string();
        floats(&frame, &name)
    };
    let (own, all) = (map(&[text]), map(&classes));
    let contrast: Vec<f64> = own.iter().zip(&all).map(|(own, all)| own - all).collect();
    let inside = naive_mask(&contrast).1.into_iter().filter(|inside| *inside);
    let want = inside.count() as f64 / 4096.0;
    assert!((floats(table, "area")[place] - want).abs() < 1e-3);
}

#[test]
fn images_without_masks_have_areas_and_boxes_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scenes = store().set("scenes").expect("a set");
    for row in 0..3 {
        let scene = scenes.decode(row).expect("a scene");
        scene
            .save(folder.path().join(format!("{row}.png")))
            .expect("saved");
    }
    std::fs::write(folder.path().join("9.png"), "no image").expect("written");
    let copy = tempfile::tempdir().expect("a temporary folder");
    crate::support::shell::copy_tree(store().root(), copy.path());
    let mut session = vitscope::session::Session::open(copy.path()).expect("a session");
    let add = format!("add images bare from \"{}\"", folder.path().display());
    session.ask(&add).expect("added");
    // The images need not be decomposed: the alignment fitted on the scenes does for them.
    let answer = session.ask("segment bare for \"a dog\" in swin where path like \"%.png\"");
    let answer = answer.expect("masks");
    assert_eq!(answer.frame.height(), 3);
    assert!(answer.frame.column("pixel_accuracy").is_err());
    assert!(
        floats(&answer.frame, "area")
            .iter()
            .all(|area| (0.0..=1.0).contains(area))
    );
    let notes = answer.notes.join("\n");
    assert!(notes.contains("no true masks"), "{notes}");
    assert!(notes.contains("swin as aligned on scenes"), "{notes}");
    assert!(notes.contains("1 image can't be read"), "{notes}");
    session.ask("decompose bare with clip").expect("decomposed");
    let refused = session.ask("evaluate heatmaps for \"a dog\" in clip on bare");
    let said = refused
        .expect_err("nothing to hold them against")
        .to_string();
    assert!(said.contains("no masks"), "{said}");
}

#[test]
fn evaluated_heat_maps_are_pointed_at_and_masked_image_by_image() {
    let statement = "evaluate heatmaps for \"a dog\" in dinov2 using heads 5.*";
    let answer = ask(statement);
    let measures = strings(&answer.frame, "measure");
    let value = |column: &str, measure: &str| {
        let place = measures
            .iter()
            .position(|own| own.as_deref() == Some(measure));
        floats(&answer.frame, column)[place.expect("measured")]
    };
    let masks =
        ask("segment scenes for \"a dog\" in dinov2 using heads 5.* where split = \"eval\"");
    for measure in [
        "pixel_accuracy",
        "foreground_iou",
        "two_class_miou",
        "average_precision",
    ] {
        let own = floats(&masks.frame, measure);
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        assert!(
            (value("heat_map", measure) - mean).abs() < 1e-9,
            "{measure}"
        );
    }
    // Someone who points at the middle of 64 pixels: at pixel (31, 31), the first of four as near.
    let set = store().set("scenes").expect("a set");
    let ids = whole(&masks.frame, "id");
    let hits = ids.iter().filter(|&&id| {
        let mask = set.mask(id as usize).expect("readable").expect("there");
        mask.get_pixel(31, 31)[0] > 0
    });
    let want = hits.count() as f64 / ids.len() as f64;
    assert!((value("centre_prior", "pointing_game") - want).abs() < 1e-12);
    let (low, high) = (
        value("low", "foreground_iou"),
        value("high", "foreground_iou"),
    );
    let difference = value("heat_map", "foreground_iou") - value("centre_prior", "foreground_iou");
    assert!(((low + high) / 2.0 - difference).abs() < 1e-12 && low < high);
}

/// Models whose representation tells the object, as their training records say; the self-supervised ones barely do, and
/// a map of what a model doesn't know points nowhere in particular.
#[test]
fn maps_of_the_object_beat_a_centre_prior_in_the_pointing_game() {
    for model in ["clip", "deit", "swin"] {
        let statement = format!("evaluate heatmaps for object in {model} on scenes");
        let table = Session::open(&demo().store)
            .expect("a session")
            .ask(&statement)
            .expect("an answer")
            .frame;
        let measures = strings(&table, "measure");
        assert_eq!(measures[0].as_deref(), Some("pointing_game"));
        let (low, map) = (floats(&table, "low")[0], floats(&table, "heat_map")[0]);
        println!("{model}: {map:.3}, at least {low:.3} above the centre prior");
        assert!(low > 0.0, "{model}: {table}");
        let other = table.column("other_text").expect("a control").f64();
        let other = other.expect("numbers").get(0).expect("measured");
        assert!(
            map > other,
            "{model}: {map} for its text, {other} for another"
        );
    }
}
