//! Image sets: pictures and metadata come back as they were given, and what is no image is named.

use std::fs;
use std::path::Path;

use image::Rgb;
use polars::prelude::*;
use vitscope::store::{StoreError, read_image};
use vitscope::work::cancel::Cancel;
use vitscope::work::progress::Silent;

use crate::place::{Place, strings};

#[test]
fn a_folder_becomes_a_set_labelled_by_subfolder() {
    let place = Place::new();
    place.picture("photos/owl/b.png", [1, 2, 3]);
    place.picture("photos/duck/a.bmp", [4, 5, 6]);
    place.picture("photos/top.png", [7, 8, 9]);
    fs::write(place.path("photos/owl/broken.jpg"), "no image").expect("writable");
    fs::write(place.path("photos/notes.txt"), "left out").expect("writable");
    let report = place.add("photos", None).expect("added");
    assert_eq!(
        (report.images, report.columns),
        (4, vec!["label".to_owned()])
    );
    assert_eq!(report.unreadable.len(), 1);
    assert_eq!(report.unreadable[0].image, "owl/broken.jpg");

    let set = place.store.set("set").expect("there");
    assert_eq!(set.columns(), ["id", "path", "width", "height", "label"]);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        strings(set.frame(), "path"),
        [
            some("duck/a.bmp"),
            some("owl/b.png"),
            some("owl/broken.jpg"),
            some("top.png")
        ]
    );
    let labels = [some("duck"), some("owl"), some("owl"), None];
    assert_eq!(strings(set.frame(), "label"), labels);
    let widths = set.frame().column("width").expect("there");
    assert_eq!(
        widths.u32().expect("numbers").to_vec(),
        [Some(5), Some(5), None, Some(5)]
    );
    assert_eq!(
        set.decode(1).expect("decoded").get_pixel(4, 2),
        &Rgb([1, 2, 3])
    );
    let error = set.decode(2).expect_err("broken").to_string();
    assert!(
        error.contains("owl/broken.jpg") && error.contains("text file"),
        "{error}"
    );
    let error = set.bytes(4).expect_err("no such row").to_string();
    assert!(
        error.contains("set[4]") && error.contains("0 to 3"),
        "{error}"
    );
}

#[test]
fn a_csv_is_joined_by_file_name() {
    let place = Place::new();
    for name in ["x/a.png", "y/a.png", "y/b.png", "c.png"] {
        place.picture(&format!("photos/{name}"), [0; 3]);
    }
    // A bare name that occurs twice (a.png) names nothing; a path does.
    let csv = "file_name,label,weight,id\ny/a.png,cat,1.5,70\nb.png,dog,2.5,71\na.png,?,0,72\nz.png,?,0,73\n";
    fs::write(place.path("labels.csv"), csv).expect("writable");
    let report = place.add("photos", Some("labels.csv")).expect("added");
    let notes = report.notes.join("; ");
    assert!(notes.contains("2 images are not in"), "{notes}");
    assert!(
        notes.contains("2 rows") && notes.contains("a.png, z.png"),
        "{notes}"
    );
    assert!(notes.contains("original_id"), "{notes}");
    let set = place.store.set("set").expect("there");
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        strings(set.frame(), "path"),
        [
            some("c.png"),
            some("x/a.png"),
            some("y/a.png"),
            some("y/b.png")
        ]
    );
    assert_eq!(
        strings(set.frame(), "label"),
        [None, None, some("cat"), some("dog")]
    );
    let weights = set.frame().column("weight").expect("there");
    assert_eq!(
        weights.f64().expect("numbers").to_vec(),
        [None, None, Some(1.5), Some(2.5)]
    );
}

#[test]
fn what_is_no_image_set_is_refused_in_a_sentence() {
    let place = Place::new();
    fs::create_dir_all(place.path("empty")).expect("creatable");
    assert!(place.refused("empty", None).contains("it is empty"));
    fs::write(place.path("texts/readme.txt"), "hello").expect("writable");
    assert!(place.refused("texts", None).contains("readme.txt"));
    assert!(
        place
            .refused("texts/readme.txt", None)
            .contains("neither a folder")
    );
    assert!(place.refused("nowhere", None).contains("does not exist"));
    fs::write(place.path("fake/a.png"), "hello").expect("writable");
    let error = place.refused("fake", None);
    assert!(
        error.contains("a.png") && error.contains("text file"),
        "{error}"
    );
    place.picture("photos/a.png", [0; 3]);
    fs::write(place.path("labels.csv"), "species,count\ncat,1\n").expect("writable");
    let error = place.refused("photos", Some("labels.csv"));
    assert!(
        error.contains("file_name") && error.contains("species, count"),
        "{error}"
    );
    fs::write(place.path("other.csv"), "file,label\nq.png,cat\n").expect("writable");
    assert!(place.refused("photos", Some("other.csv")).contains("q.png"));
    let error = place.refused("photos", Some("missing.csv"));
    assert!(
        error.contains("missing.csv") && error.contains("does not exist"),
        "{error}"
    );
    fs::write(place.path("broken.parquet"), "no parquet").expect("writable");
    assert!(
        place
            .refused("broken.parquet", None)
            .contains("broken.parquet")
    );
    let bad = (place.store).add_images(
        "a/b",
        &place.path("photos"),
        None,
        &Cancel::default(),
        &Silent,
    );
    assert!(matches!(bad, Err(StoreError::BadName { .. })));
    let error = place.store.set("set").expect_err("none").to_string();
    assert!(error.contains("add images set"), "{error}");
}

#[test]
fn cancelling_leaves_no_set() {
    let place = Place::new();
    place.picture("photos/a.png", [0; 3]);
    let cancel = Cancel::default();
    cancel.request();
    let cancelled = (place.store).add_images("set", &place.path("photos"), None, &cancel, &Silent);
    assert!(matches!(cancelled, Err(StoreError::Cancelled(_))));
    let left = fs::read_dir(place.path("store/sets/set")).expect("listed");
    assert_eq!(
        left.map(|file| file.expect("listed").file_name())
            .collect::<Vec<_>>(),
        [".lock"]
    );
    assert!(place.store.sets().expect("listed").is_empty());
}

#[test]
fn the_demo_scenes_come_back_with_images_masks_and_attributes() {
    let scenes = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo/scenes.parquet");
    let place = Place::new();
    let report = (place.store)
        .add_images("scenes", &scenes, None, &Cancel::default(), &Silent)
        .expect("added");
    assert_eq!((report.images, report.unreadable.len()), (2400, 0));
    let set = place.store.set("scenes").expect("there");
    let split = strings(set.frame(), "split");
    assert_eq!(
        split
            .iter()
            .filter(|split| split.as_deref() == Some("fit"))
            .count(),
        1600
    );
    // Across row groups, backwards too: the row's own picture, as the source table has it.
    let source = ParquetReader::new(fs::File::open(&scenes).expect("there"))
        .finish()
        .expect("readable");
    let images = source
        .column("image")
        .expect("there")
        .struct_()
        .expect("a struct")
        .clone();
    let bytes = images.field_by_name("bytes").expect("there");
    let bytes = bytes.binary().expect("bytes");
    for row in [0, 127, 128, 1999, 130, 2399, 3] {
        assert_eq!(
            set.bytes(row).expect("there"),
            bytes.get(row).expect("there")
        );
        assert_eq!(set.decode(row).expect("decoded").dimensions(), (64, 64));
        let mask = set.mask(row).expect("decoded").expect("there");
        let covered = mask.pixels().filter(|pixel| pixel[0] > 0).count();
        assert!(
            mask.dimensions() == (64, 64) && (20..3000).contains(&covered),
            "{covered}"
        );
    }
    assert_eq!(set.image_name(7), "scenes[7] (scene-0007.jpg)");
}

#[test]
fn an_arrow_file_with_paths_or_bytes_is_a_set() {
    let place = Place::new();
    place.picture("here/a.png", [9, 8, 7]);
    let bytes = fs::read(place.path("here/a.png")).expect("there");
    let mut paths = df!("path" => ["a.png", "none.png"], "id" => [5i64, 6]).expect("a frame");
    let file = fs::File::create(place.path("here/paths.arrow")).expect("creatable");
    IpcWriter::new(file).finish(&mut paths).expect("written");
    let report = place.add("here/paths.arrow", None).expect("added");
    assert_eq!(report.unreadable[0].image, "none.png");
    assert_eq!(report.notes, ["the column id is kept as original_id"]);
    let set = place.store.set("set").expect("there");
    assert_eq!(
        set.columns(),
        ["id", "path", "width", "height", "original_id"]
    );
    assert_eq!(
        set.decode(0).expect("decoded").get_pixel(0, 0),
        &Rgb([9, 8, 7])
    );

    let mut embedded = df!("image" => [bytes.as_slice(), b"junk"]).expect("a frame");
    let file = fs::File::create(place.path("here/bytes.arrow")).expect("creatable");
    IpcWriter::new(file).finish(&mut embedded).expect("written");
    let report = place.add("here/bytes.arrow", None).expect("added");
    assert!(report.replaced);
    assert_eq!(report.unreadable[0].image, "set[1]");
    let set = place.store.set("set").expect("there");
    assert_eq!(set.bytes(0).expect("there"), bytes);

    let mut wrong = df!("picture" => ["a.png"]).expect("a frame");
    let file = fs::File::create(place.path("here/wrong.arrow")).expect("creatable");
    IpcWriter::new(file).finish(&mut wrong).expect("written");
    let error = place
        .add("here/wrong.arrow", None)
        .expect_err("refused")
        .to_string();
    assert!(error.contains("picture"), "{error}");
}

#[test]
fn pictures_are_neither_turned_nor_do_they_move() {
    let folder = crate::support::shared("pictures");
    let turned = read_image(&folder.join("turned.jpg")).expect("a readable picture");
    assert_eq!(
        turned.dimensions(),
        (12, 8),
        "EXIF asks for a turn, Pillow doesn't follow"
    );
    let (left, right) = (turned.get_pixel(0, 3).0, turned.get_pixel(11, 0).0);
    assert!(left[0] > 250 && right[2] > 250, "{left:?}, {right:?}");
    let moving = read_image(&folder.join("moving.gif")).expect("a readable picture");
    assert_eq!(
        (moving.dimensions(), moving.get_pixel(4, 0)),
        ((5, 4), &Rgb([0, 0, 255]))
    );
}
