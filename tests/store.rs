//! What is kept on disk: contributions come back as they were written, and whatever is damaged, stale or missing is
//! named and never read.

use std::fs;
use std::path::{Path, PathBuf};

use polars::prelude::*;
use vitscope::decompose::{Component, RowSpec, Rows};
use vitscope::kernels::Numbers;
use vitscope::store::{
    Blob, Header, ModelEntry, NamedTensor, Origin, Precision, Skipped, StoreError,
};

use crate::place::{Place, strings};

const DIMS: usize = 5;
const IMAGES: usize = 8;
const PART: usize = 3;

fn specs() -> Vec<RowSpec> {
    let spec = |component, width| RowSpec { component, width };
    vec![
        spec(Component::init(), 6),
        spec(Component::head(0, 0), 2),
        spec(Component::mlp(3), 7),
    ]
}

fn header(precision: Precision) -> Header {
    let map = |spec: &RowSpec| {
        (0..spec.width * DIMS)
            .map(|i| 1.0 / (i + 1) as f32)
            .collect()
    };
    Header {
        model_fingerprint: "weights".to_owned(),
        preprocessing: "resize 64".to_owned(),
        precision,
        forward: Numbers::F32,
        dims: DIMS,
        maps: specs().iter().map(map).collect(),
        specs: specs(),
        columns: df!("stage" => [0u32, 0, 1]).expect("a frame"),
        part_rows: PART,
    }
}

/// Numbers of all magnitudes, different everywhere.
fn numbers(seed: usize, count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((seed * 7919 + i * 104_729) % 1009) as f32 / 31.0 - 16.0 + 1.0 / (i + 3) as f32)
        .collect()
}

fn rows(ids: &[u32]) -> Rows {
    let slab = |tag: usize, width: usize| {
        let one = |&id: &u32| numbers(tag * 1000 + id as usize, width);
        ids.iter().flat_map(one).collect()
    };
    Rows {
        ids: ids.to_vec(),
        z: slab(50, DIMS),
        slabs: (specs().iter().enumerate())
            .map(|(tag, spec)| slab(tag, spec.width))
            .collect(),
    }
}

/// A store with a set of eight images and its decomposition, image 4 skipped.
fn decomposed(precision: Precision) -> Place {
    let place = Place::new();
    for image in 0..IMAGES as u8 {
        place.picture(&format!("photos/{image}.png"), [image; 3]);
    }
    place.add("photos", None).expect("added");
    go_on(&place, precision);
    place
}

fn go_on(place: &Place, precision: Precision) -> vitscope::store::Begun {
    let mut writer = place
        .store
        .begin("vit", "set", &header(precision))
        .expect("begun");
    let begun = writer.begun().clone();
    while let Some(range) = writer.pending() {
        let ids: Vec<u32> = range
            .clone()
            .map(|id| id as u32)
            .filter(|id| *id != 4)
            .collect();
        let skipped = Skipped {
            id: 4,
            image: "4.png".to_owned(),
            reason: "broken".to_owned(),
        };
        let skipped = if range.contains(&4) {
            vec![skipped]
        } else {
            vec![]
        };
        writer.write(&rows(&ids), &skipped).expect("written");
    }
    writer.finish().expect("finished");
    begun
}

fn part(place: &Place, number: usize) -> PathBuf {
    place.path(&format!(
        "store/decompositions/vit@set/part-0000{number}.arrow"
    ))
}

#[test]
fn rows_and_maps_come_back_bit_for_bit() {
    let place = decomposed(Precision::F32);
    let read = place.store.decomposition("vit", "set").expect("there");
    assert_eq!((read.parts(), read.len(), read.dims()), (3, 7, DIMS));
    assert_eq!(read.specs(), specs());
    let skipped: Vec<_> = read.manifest().skipped().map(|image| image.id).collect();
    assert_eq!(skipped, [4]);
    for (number, ids) in [&[0u32, 1, 2][..], &[3, 5], &[6, 7]]
        .into_iter()
        .enumerate()
    {
        let wanted = rows(ids);
        assert_eq!(read.read(number, &[0, 1, 2], true).expect("read"), wanted);
        let some = read.read(number, &[2, 0], false).expect("read");
        assert!(some.z.is_empty());
        assert_eq!(
            some.slabs,
            [wanted.slabs[2].clone(), wanted.slabs[0].clone()]
        );
        let mapped = read.part(number).expect("mapped");
        assert_eq!(mapped.ids(), ids);
        assert_eq!(
            mapped.slab(1).expect("read").single(),
            wanted.slabs[1].as_slice()
        );
    }
    assert_eq!(read.map(2).expect("there"), header(Precision::F32).maps[2]);
    let components = read.components().expect("there");
    let names = strings(&components, "component");
    assert_eq!(names[2].as_deref(), Some("mlp 3"));
    assert!(components.column("stage").is_ok());
}

#[test]
fn many_threads_may_read_one_decomposition() {
    let place = decomposed(Precision::F32);
    let read = place.store.decomposition("vit", "set").expect("there");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (number, ids) in [&[0u32, 1, 2][..], &[3, 5], &[6, 7]]
                    .into_iter()
                    .enumerate()
                {
                    let got = read.read(number, &[0, 1, 2], true).expect("read");
                    assert_eq!(got, rows(ids));
                    assert_eq!(read.map(1).expect("there").len(), 2 * DIMS);
                }
            });
        }
    });
}

#[test]
fn polars_reads_the_parts_as_frames() {
    let place = decomposed(Precision::F32);
    let file = fs::File::open(part(&place, 1)).expect("there");
    let columns = vec!["id".to_owned(), "mlp 3".to_owned()];
    let theirs = (IpcReader::new(file).with_columns(Some(columns)))
        .finish()
        .expect("an arrow file");
    let flat = |frame: &DataFrame| {
        let array = frame
            .column("mlp 3")
            .expect("there")
            .array()
            .expect("arrays")
            .clone();
        assert_eq!(array.width(), 7);
        let inner = array.get_inner();
        inner
            .f32()
            .expect("singles")
            .into_no_null_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(flat(&theirs), rows(&[3, 5]).slabs[2]);
    let read = place.store.decomposition("vit", "set").expect("there");
    let ours = read.frame(1, &["mlp 3"]).expect("a frame");
    assert_eq!(flat(&ours), rows(&[3, 5]).slabs[2]);
    assert_eq!(ours.schema(), theirs.schema());
    assert!(matches!(
        read.frame(1, &["mlp 9"]),
        Err(StoreError::Unknown { .. })
    ));
}

#[test]
fn half_precision_rounds_rows_and_keeps_z() {
    let place = decomposed(Precision::F16);
    let read = place.store.decomposition("vit", "set").expect("there");
    let (got, wanted) = (
        read.read(0, &[0, 1, 2], true).expect("read"),
        rows(&[0, 1, 2]),
    );
    assert_eq!(got.z, wanted.z);
    for (got, wanted) in got
        .slabs
        .iter()
        .flatten()
        .zip(wanted.slabs.iter().flatten())
    {
        // Half a unit in the last of 11 binary digits.
        assert!(
            (got - wanted).abs() <= wanted.abs() / 2048.0 + 1e-7,
            "{got} {wanted}"
        );
    }
    assert_ne!(got.slabs, wanted.slabs);
}

#[test]
fn a_damaged_part_is_named_and_computed_again() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("a byte", |path| {
            let mut bytes = fs::read(path).expect("there");
            let value = 5.0f32.to_le_bytes();
            let middle = bytes.len() / 2;
            bytes[middle..middle + 4].copy_from_slice(&value);
            fs::write(path, bytes).expect("writable");
        }),
        ("cut", |path| {
            let bytes = fs::read(path).expect("there");
            fs::write(path, &bytes[..bytes.len() - 100]).expect("writable");
        }),
        ("emptied", |path| fs::write(path, b"").expect("writable")),
        ("removed", |path| fs::remove_file(path).expect("removable")),
    ];
    for (what, damage) in damages {
        let place = decomposed(Precision::F32);
        let whole = fs::read(part(&place, 1)).expect("there");
        damage(&part(&place, 1));
        let read = place
            .store
            .decomposition("vit", "set")
            .expect("the manifest is whole");
        let error = read.read(1, &[0, 1, 2], true).expect_err(what).to_string();
        assert!(error.contains("part-00001.arrow"), "{what}: {error}");
        assert_eq!(
            read.read(2, &[0, 1, 2], true).expect("whole"),
            rows(&[6, 7])
        );
        let begun = go_on(&place, Precision::F32);
        assert_eq!((begun.resumed, begun.damaged.len()), (5, 1), "{what}");
        assert!(
            begun.damaged[0].contains("part-00001.arrow"),
            "{what}: {:?}",
            begun.damaged
        );
        assert_eq!(fs::read(part(&place, 1)).expect("there"), whole, "{what}");
    }
}

#[test]
fn every_flipped_byte_is_noticed_or_harmless() {
    let place = decomposed(Precision::F32);
    let whole = fs::read(part(&place, 0)).expect("there");
    for place_of_byte in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place_of_byte] ^= 0x10;
        fs::write(part(&place, 0), bytes).expect("writable");
        let read = place
            .store
            .decomposition("vit", "set")
            .expect("the manifest is whole");
        if let Ok(read) = read.read(0, &[0, 1, 2], true) {
            assert_eq!(read, rows(&[0, 1, 2]), "byte {place_of_byte}");
        }
    }
}

#[test]
fn only_the_named_columns_are_read() {
    let place = decomposed(Precision::F32);
    let mut bytes = fs::read(part(&place, 0)).expect("there");
    let slab: Vec<u8> = rows(&[0, 1, 2]).slabs[1]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let at = bytes
        .windows(slab.len())
        .position(|window| window == slab)
        .expect("one contiguous slab");
    bytes[at] ^= 1;
    fs::write(part(&place, 0), bytes).expect("writable");
    let read = place
        .store
        .decomposition("vit", "set")
        .expect("the manifest is whole");
    assert_eq!(
        read.read(0, &[0, 2], true).expect("untouched").slabs.len(),
        2
    );
    let error = read.read(0, &[1], false).expect_err("damaged").to_string();
    assert!(
        error.contains("checksum") && error.contains("decompose set with vit"),
        "{error}"
    );
}

#[test]
fn what_has_changed_makes_a_decomposition_stale() {
    let place = decomposed(Precision::F32);
    let weights = place.path("model/weights.bin");
    fs::write(&weights, "one").expect("writable");
    let files = [weights.clone()];
    let entry = ModelEntry::new("vit", &place.path("model"), "vit", &files, None).expect("stamped");
    place.store.save_model(&entry).expect("saved");
    let error = place
        .store
        .decomposition("vit", "set")
        .expect_err("stale")
        .to_string();
    assert!(
        error.contains("weights changed") && error.contains("decompose set with vit"),
        "{error}"
    );
    place.store.drop_model("vit").expect("dropped");

    place.picture("photos/3.png", [200; 3]);
    place.add("photos", None).expect("replaced");
    let error = place
        .store
        .decomposition("vit", "set")
        .expect_err("stale")
        .to_string();
    assert!(error.contains("image set changed"), "{error}");
    assert!(
        place.store.decompositions().expect("listed")[0]
            .stale
            .is_some()
    );
    let begun = go_on(&place, Precision::F32);
    assert_eq!(
        (begun.resumed, begun.stale.as_deref()),
        (0, Some("the image set changed"))
    );
    let begun = go_on(&place, Precision::F16);
    assert_eq!(begun.stale.as_deref(), Some("the precision changed"));
    place
        .store
        .drop_decomposition("vit", "set")
        .expect("dropped");
    assert!(matches!(
        place.store.decomposition("vit", "set"),
        Err(StoreError::NotDecomposed { .. })
    ));
}

#[test]
fn an_entry_of_before_there_was_a_choice_is_of_an_f32_forward_pass() {
    let place = decomposed(Precision::F32);
    let entry = place.store.decomposition("vit", "set").expect("there");
    let path = entry.folder().join("manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    let older = text.replace("  \"forward\": \"f32\",\n", "");
    assert_ne!(older, text);
    fs::write(&path, older).expect("written");
    let begun = go_on(&place, Precision::F32);
    assert_eq!((begun.resumed, begun.stale), (IMAGES, None));
    let other = Header {
        forward: Numbers::Bf16,
        ..header(Precision::F32)
    };
    let writer = place.store.begin("vit", "set", &other).expect("begun");
    let why = "what the forward pass multiplies changed";
    assert_eq!(writer.begun().stale.as_deref(), Some(why));
}

#[test]
fn parts_must_hold_what_was_begun() {
    let place = decomposed(Precision::F32);
    place
        .store
        .drop_decomposition("vit", "set")
        .expect("dropped");
    let mut writer = place
        .store
        .begin("vit", "set", &header(Precision::F32))
        .expect("begun");
    for wrong in [&[0u32, 1][..], &[1, 0, 2], &[0, 1, 3], &[0, 1, 2, 3]] {
        let refused = writer.write(&rows(wrong), &[]);
        assert!(matches!(refused, Err(StoreError::Mismatch(_))), "{wrong:?}");
    }
    let mut short = rows(&[0, 1, 2]);
    short.slabs[1].pop();
    assert!(writer.write(&short, &[]).is_err());
    writer
        .write(&rows(&[0, 1, 2]), &[])
        .expect("what was begun");
    let mut maps = header(Precision::F32);
    maps.maps.pop();
    drop(writer);
    assert!(place.store.begin("vit", "set", &maps).is_err());
}

#[test]
fn what_is_computed_from_a_decomposition_lies_beside_it() {
    let place = decomposed(Precision::F32);
    let read = place.store.decomposition("vit", "set").expect("there");
    let blob = Blob {
        tensors: vec![NamedTensor::f64(
            "sum",
            &[3],
            numbers(1, 3)
                .iter()
                .map(|x| f64::from(*x))
                .collect::<Vec<_>>(),
        )],
        note: serde_json::json!({ "lambda": 0.5 }),
    };
    assert_eq!(read.load_blob("align-clip").expect("readable"), None);
    read.save_blob("align-clip", &blob).expect("saved");
    assert_eq!(read.load_blob("align-clip").expect("readable"), Some(blob));
    assert_eq!(read.blobs().expect("listed"), ["align-clip"]);
    assert!(read.folder().join("align-clip.json").is_file());
    read.remove_blob("align-clip").expect("removed");
    assert!(read.blobs().expect("listed").is_empty());
    assert!(read.save_blob("../x", &Blob::default()).is_err());
}

#[test]
fn text_embeddings_are_shared_between_writers() {
    let place = Place::new();
    let mut first = place.store.texts("clip1").expect("empty");
    let mut second = place.store.texts("clip1").expect("empty");
    first.insert("a “fish”", "t80", vec![1.0, 2.0]);
    second.insert("a “fish”", "none", vec![3.0, 4.0]);
    first.save().expect("saved");
    second.save().expect("saved");
    let read = place.store.texts("clip1").expect("there");
    assert_eq!(read.get("a “fish”", "t80"), Some(&[1.0, 2.0][..]));
    assert_eq!(read.get("a “fish”", "none"), Some(&[3.0, 4.0][..]));
    assert_eq!(read.get("a fish", "none"), None);
    assert_eq!(
        place
            .store
            .texts("clip2")
            .expect("empty")
            .get("a “fish”", "t80"),
        None
    );
    let file = place.path("store/texts/clip1.safetensors");
    fs::write(&file, "junk").expect("writable");
    assert_eq!(
        place
            .store
            .texts("clip1")
            .expect("empty")
            .get("a “fish”", "t80"),
        None
    );
}

#[test]
fn the_users_features_come_first() {
    let place = Place::new();
    let texts = ["striped".to_owned(), "dotted \"x\"".to_owned()];
    place.store.define("texture", &texts).expect("defined");
    let texture = place.store.feature("texture", None).expect("known");
    assert_eq!(
        (texture.texts.as_slice(), texture.origin),
        (&texts[..], Origin::User)
    );
    place.store.undefine("texture").expect("forgotten");
    assert_eq!(
        place.store.feature("texture", None).expect("known").origin,
        Origin::BuiltIn
    );
    assert!(place.store.undefine("texture").is_err());
    assert!(place.store.define("texture", &[]).is_err());
    let error = place
        .store
        .feature("size", None)
        .expect_err("unknown")
        .to_string();
    assert!(
        error.contains("texture") && error.contains("define size as"),
        "{error}"
    );
    fs::write(place.path("store/features.toml"), "features = 3").expect("writable");
    let error = place.store.features(None).expect_err("damaged").to_string();
    assert!(error.contains("features.toml"), "{error}");
}

#[test]
fn a_models_fingerprint_follows_its_content() {
    let place = Place::new();
    let (one, two) = (place.path("a/w.bin"), place.path("b/w.bin"));
    fs::write(&one, "weights").expect("writable");
    fs::write(&two, "weights").expect("writable");
    let stamp = |file: &PathBuf| {
        let folder = file.parent().expect("in a folder");
        ModelEntry::new("vit", folder, "vit", std::slice::from_ref(file), None).expect("stamped")
    };
    let entry = stamp(&one);
    assert_eq!(entry.fingerprint, stamp(&two).fingerprint);
    place.store.save_model(&entry).expect("saved");
    assert_eq!(place.store.models().expect("listed"), ["vit"]);
    let read = place.store.model("vit").expect("there");
    assert_eq!(read, entry);
    assert_eq!(
        read.current_fingerprint().expect("there"),
        entry.fingerprint
    );
    fs::write(&one, "heavier").expect("writable"); // same size
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    let file = fs::File::options().write(true).open(&one).expect("there");
    file.set_modified(later).expect("set");
    assert_ne!(
        read.current_fingerprint().expect("there"),
        entry.fingerprint
    );
    let error = place.store.model("swin").expect_err("unknown").to_string();
    assert!(
        error.contains("there is vit") && error.contains("add model swin"),
        "{error}"
    );
}
