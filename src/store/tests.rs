//! Kills the writer at every step it takes on the disk, and holds what is left to what an undisturbed run leaves.

use std::collections::BTreeMap;
use std::path::Path;

use image::{Rgb, RgbImage};
use polars::prelude::DataFrame;

use super::disk::{self, Disk, file_name};
use super::*;
use crate::decompose::{Component, RowSpec, Rows};
use crate::kernels::Numbers;
use crate::work::cancel::Cancel;
use crate::work::progress::Silent;

const IMAGES: usize = 7;
const DIMS: usize = 3;

/// Every file below a folder, by relative path.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for path in disk::list(root).expect("listable") {
        let name = file_name(&path);
        if path.is_dir() {
            for (inner, bytes) in tree(&path) {
                files.insert(format!("{name}/{inner}"), bytes);
            }
        } else {
            files.insert(name, std::fs::read(&path).expect("readable"));
        }
    }
    files
}

fn photos(dir: &Path, shade: u8) {
    std::fs::create_dir_all(dir).expect("creatable");
    for index in 0..IMAGES as u8 {
        let image = RgbImage::from_pixel(2, 2, Rgb([shade, index, 0]));
        image.save(dir.join(format!("{index}.png"))).expect("saved");
    }
}

fn add(store: &Store, photos: &Path) -> Result<AddReport, StoreError> {
    store.add_images("tiny", photos, None, &Cancel::default(), &Silent)
}

fn header(model_fingerprint: &str) -> Header {
    let specs = vec![
        RowSpec {
            component: Component::init(),
            width: 4,
        },
        RowSpec {
            component: Component::head(0, 1),
            width: 2,
        },
    ];
    Header {
        model_fingerprint: model_fingerprint.to_owned(),
        preprocessing: "none".to_owned(),
        precision: Precision::F32,
        forward: Numbers::F32,
        dims: DIMS,
        maps: vec![vec![0.5; 4 * DIMS], vec![-2.0; 2 * DIMS]],
        specs,
        columns: DataFrame::empty(),
        part_rows: 3,
    }
}

/// Numbers that tell image, component and place apart.
fn rows(ids: std::ops::Range<usize>) -> Rows {
    let slab = |tag: usize, width: usize| {
        (ids.clone())
            .flat_map(|id| (0..width).map(move |place| (tag * 1000 + id * 10 + place) as f32))
            .collect()
    };
    Rows {
        ids: ids.clone().map(|id| id as u32).collect(),
        z: slab(9, DIMS),
        slabs: vec![slab(1, 4), slab(2, 2)],
    }
}

fn decompose(store: &Store, header: &Header) -> Result<Begun, StoreError> {
    let mut writer = store.begin("vit", "tiny", header)?;
    let begun = writer.begun().clone();
    while let Some(range) = writer.pending() {
        writer.write(&rows(range), &[])?;
    }
    writer.finish()?;
    Ok(begun)
}

/// Whatever can be read of a decomposition must be what was written.
fn readable_parts_are_right(store: &Store) {
    let Ok(decomposition) = store.decomposition("vit", "tiny") else {
        return;
    };
    for part in 0..decomposition.parts() {
        let range = decomposition.manifest().range(part);
        let read = decomposition
            .read(part, &[0, 1], true)
            .expect("a listed part");
        assert_eq!(read, rows(range));
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("creatable");
    for path in disk::list(from).expect("listable") {
        let target = to.join(file_name(&path));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("copied");
        }
    }
}

/// Kills `work` after 0, 1, 2 … steps on copies of a prepared store, lets it go on, and compares what is there at the
/// end with what the undisturbed work leaves. Gives the number of steps the work takes.
fn survives_kills(
    prepare: &dyn Fn(&Store),
    work: &dyn Fn(&Store) -> Result<(), StoreError>,
    check: &dyn Fn(&Store),
) -> usize {
    let fresh = || tempfile::tempdir().expect("a temporary folder");
    let (prepared, undisturbed) = (fresh(), fresh());
    prepare(&Store::open(prepared.path()).expect("opened"));
    copy(prepared.path(), undisturbed.path());
    work(&Store::open(undisturbed.path()).expect("opened")).expect("nothing disturbs it");
    let wanted = tree(undisturbed.path());
    for steps in 0.. {
        let root = fresh();
        copy(prepared.path(), root.path());
        let whole = Store::open(root.path()).expect("opened");
        let dying = Store {
            disk: Disk::dying_after(steps),
            ..whole.clone()
        };
        let died = work(&dying).is_err();
        check(&whole);
        work(&whole).expect("goes on where it was killed");
        assert_eq!(tree(root.path()), wanted, "killed after {steps} steps");
        if !died {
            return steps as usize;
        }
    }
    unreachable!("every piece of work ends")
}

#[test]
fn a_decomposition_killed_at_any_step_ends_byte_for_byte_the_same() {
    let pictures = tempfile::tempdir().expect("a temporary folder");
    photos(pictures.path(), 1);
    let steps = survives_kills(
        &|store| {
            add(store, pictures.path()).expect("added");
        },
        &|store| decompose(store, &header("weights")).map(drop),
        &readable_parts_are_right,
    );
    // Maps, component table, manifest, and three parts with a manifest each, six steps a file.
    assert!(steps >= 9 * 6, "{steps}");
}

#[test]
fn replacing_a_stale_decomposition_survives_kills_too() {
    let pictures = tempfile::tempdir().expect("a temporary folder");
    photos(pictures.path(), 1);
    survives_kills(
        &|store| {
            add(store, pictures.path()).expect("added");
            let mut old = header("old weights");
            old.part_rows = 2; // more files than the new one has
            decompose(store, &old).expect("decomposed");
            let old = store.decomposition("vit", "tiny").expect("there");
            old.save_blob("moments", &Blob::default()).expect("saved");
        },
        &|store| decompose(store, &header("weights")).map(drop),
        &|store| {
            if let Ok(decomposition) = store.decomposition("vit", "tiny") {
                let manifest = decomposition.manifest();
                let old = manifest.model_fingerprint == "old weights";
                assert_eq!(decomposition.parts(), if old { 4 } else { 3 });
            }
            readable_parts_are_right(store);
        },
    );
}

#[test]
fn replacing_an_image_set_survives_kills() {
    let (before, after) = (
        tempfile::tempdir().expect("a temporary folder"),
        tempfile::tempdir().expect("a temporary folder"),
    );
    photos(before.path(), 1);
    photos(after.path(), 2);
    survives_kills(
        &|store| {
            add(store, before.path()).expect("added");
        },
        &|store| add(store, after.path()).map(drop),
        &|store| {
            if let Ok(set) = store.set("tiny") {
                assert_eq!(set.len(), IMAGES);
                let new = set.info().source == after.path().canonicalize().expect("there");
                let shade = set.decode(3).expect("decoded").get_pixel(0, 0)[0];
                assert_eq!(shade, if new { 2 } else { 1 });
            }
        },
    );
}

#[test]
fn killed_work_goes_on_instead_of_starting_again() {
    let pictures = tempfile::tempdir().expect("a temporary folder");
    photos(pictures.path(), 1);
    let root = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(root.path()).expect("opened");
    add(&store, pictures.path()).expect("added");
    let mut writer = store.begin("vit", "tiny", &header("w")).expect("begun");
    writer.write(&rows(0..3), &[]).expect("written");
    assert_eq!(writer.next_row(), 3);
    assert!(matches!(
        store.begin("vit", "tiny", &header("w")),
        Err(StoreError::Busy { .. })
    ));
    drop(writer);
    let unfinished = store.decomposition("vit", "tiny").expect_err("unfinished");
    assert!(unfinished.to_string().contains("3 of 7"), "{unfinished}");
    assert_eq!(
        decompose(&store, &header("w")).expect("done"),
        Begun {
            resumed: 3,
            ..Begun::default()
        }
    );
    let again = decompose(&store, &header("w")).expect("nothing to do");
    assert_eq!(again.resumed, IMAGES);
}

#[test]
fn the_shipped_features_and_templates_can_be_read() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(root.path()).expect("opened");
    let general = store.features(None).expect("read");
    let names: Vec<_> = general
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    let wanted = [
        "animal", "color", "fabric", "location", "pattern", "person", "shape", "texture", "vehicle",
    ];
    assert_eq!(names, wanted);
    assert_eq!(
        store.feature("texture", None).expect("known").texts.len(),
        7
    );
    let core = store
        .feature("core", Some("birds"))
        .expect("known for birds");
    assert_eq!(core.origin, Origin::Set("birds".to_owned()));
    assert!(store.feature("core", None).is_err());
    assert_eq!(TEMPLATES.len(), 80);
    assert!(TEMPLATES.iter().all(|text| text.matches("{}").count() == 1));
}
