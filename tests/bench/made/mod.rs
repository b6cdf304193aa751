//! Stores of any size without a forward pass: made-up images, and contributions with known directions planted in them.
//!
//! `cargo bench -- store FOLDER IMAGES [demo]` makes `FOLDER/store` with the set `scenes` of that many images, decomposed
//! with `clip`, a CLIP ViT-B/16 (f16), and `vit`, a ViT-B/16 (f32), both with parameters from a formula; with `demo` they
//! are the demo's CLIP and DeiT, whose rows are small. What is in an image is known: the columns `color`, `texture`,
//! `location` and `pattern` say which value of the feature its rows were moved along, `label` which animal. 115 KB per
//! image for ViT-B, 25 KB for the demo's models.

mod checkpoints;
mod images;
mod rows;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use polars::prelude::DataFrame;
use serde_json::json;
use vitscope::align::{Alignment, Random};
use vitscope::decompose::Decomposer;
use vitscope::kernels::Numbers;
use vitscope::session::Session;
use vitscope::store::{Blob, Header, NamedTensor, PART_ROWS, Precision};
use vitscope::text::TextEncoder;
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::work::cancel::Cancel;

use rows::Planted;

/// The set's name.
pub const SET: &str = "scenes";

/// The CLIP's.
const CLIP: &str = "clip";

/// What images are labelled with: column, feature, and each value's name and text.
pub const KNOWN: [(&str, &[(&str, &str)]); 5] = [
    (
        "color",
        &[
            ("blue", "blue color"),
            ("green", "green color"),
            ("red", "red color"),
            ("yellow", "yellow color"),
        ],
    ),
    (
        "texture",
        &[
            ("rough", "rough texture"),
            ("smooth", "smooth texture"),
            ("furry", "furry texture"),
        ],
    ),
    (
        "location",
        &[("beach", "beach"), ("forest", "forest"), ("city", "city")],
    ),
    (
        "pattern",
        &[
            ("spotted", "spotted pattern"),
            ("striped", "striped pattern"),
        ],
    ),
    (
        "label",
        &[("cat", "cat"), ("dog", "dog"), ("zebra", "zebra")],
    ),
];

/// The value of a known column that image `id` has: any two columns are independent of each other.
pub fn value(column: usize, id: u32) -> usize {
    let mixed = (u64::from(id) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15 + 2 * column as u64);
    ((mixed >> 33) % KNOWN[column].1.len() as u64) as usize
}

/// Makes the store.
pub fn make(folder: &Path, count: usize, demo: bool) {
    let began = Instant::now();
    std::fs::create_dir_all(folder).expect("a folder");
    let (clip, vit) = if demo {
        checkpoints::of_demo()
    } else {
        checkpoints::base(folder)
    };
    let table = folder.join("scenes.parquet");
    images::write(&table, count);
    let mut session = Session::open(folder.join("store")).expect("a store");
    for statement in [
        format!("add images {SET} from \"{}\"", table.display()),
        format!("add model clip from \"{}\"", clip.display()),
        format!("add model vit from \"{}\"", vit.display()),
    ] {
        session.ask(&statement).expect("an answer");
    }
    std::fs::remove_file(&table).expect("a file that was just read");
    let texts = TextEncoder::open(&clip).expect("a text tower");
    for (name, folder, precision) in [(CLIP, &clip, Precision::F16), ("vit", &vit, Precision::F32)]
    {
        decompose(&session, name, folder, precision, &texts);
        let seconds = began.elapsed().as_secs();
        eprintln!("{count} images of {SET} decomposed with {name} after {seconds} s");
    }
}

/// Writes the parts of one model, as far as they are not there.
fn decompose(
    session: &Session,
    name: &str,
    folder: &Path,
    precision: Precision,
    texts: &TextEncoder,
) {
    let checkpoint = Checkpoint::open(folder).expect("a checkpoint");
    let decomposer: Arc<Decomposer> = Decomposer::new(checkpoint.model().expect("a model"))
        .map_or_else(|error| panic!("{error}"), Arc::new);
    let maps = decomposer.maps().iter().map(|map| {
        let flat = map.flatten_all().and_then(|map| map.to_vec1());
        flat.expect("f32")
    });
    let header = Header {
        model_fingerprint: session.store().model(name).expect("registered").fingerprint,
        preprocessing: checkpoint.preprocess.describe(),
        precision,
        forward: Numbers::F32,
        dims: decomposer.dim().expect("a dimension"),
        specs: decomposer.specs().to_vec(),
        maps: maps.collect(),
        columns: DataFrame::default(),
        part_rows: PART_ROWS,
    };
    let alignment = (name != CLIP).then(|| alignment(&header, texts.width()));
    let planted = Planted::new(&header, &directions(texts), alignment.as_ref());
    let mut writer = session.store().begin(name, SET, &header).expect("begun");
    while let Some(range) = writer.pending() {
        let rows = planted.rows(range.start as u32..range.end as u32);
        writer.write(&rows, &[]).expect("written");
    }
    let done = writer.finish().expect("finished");
    if let Some(alignment) = alignment {
        let clip = session.store().model(CLIP).expect("registered").fingerprint;
        let blob = blob(&header, alignment, &clip);
        done.save_blob(&format!("align-{CLIP}"), &blob)
            .expect("saved");
    }
}

/// Where the values of the known columns lie in CLIP's space, one after the other.
fn directions(texts: &TextEncoder) -> Vec<Vec<f32>> {
    let words = KNOWN.iter().flat_map(|(_, values)| values.iter());
    let words: Vec<String> = words.map(|(_, text)| (*text).to_owned()).collect();
    let embedded = texts.embed(&words, &Cancel::default());
    embedded.expect("short texts")
}

/// A map for every component with orthogonal columns but for what chance adds.
fn alignment(header: &Header, width: usize) -> Alignment {
    let mut random = Random::new(1);
    let (dim, scale) = (header.dims, 1.0 / (header.dims as f64).sqrt());
    let mut map = |_: &_| {
        let map: Vec<f32> = (0..dim * width)
            .map(|_| (scale * random.normal()) as f32)
            .collect();
        map.into()
    };
    Alignment {
        dim,
        width,
        maps: header.specs.iter().map(&mut map).collect(),
        bias: vec![0.0; width],
        report: None,
    }
}

/// An alignment as the store keeps it.
fn blob(header: &Header, mut alignment: Alignment, clip: &str) -> Blob {
    let shape = [alignment.dim, alignment.width];
    let maps = std::mem::take(&mut alignment.maps);
    let named = header.specs.iter().zip(maps);
    let tensors =
        named.map(|(spec, map)| NamedTensor::f32(spec.component.to_string(), &shape, map));
    let mut note = serde_json::to_value(&alignment).expect("numbers are JSON");
    note["clip_fingerprint"] = json!(clip);
    Blob {
        tensors: tensors.collect(),
        note,
    }
}
