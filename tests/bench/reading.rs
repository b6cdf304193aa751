//! Images on their way in and rows on their way to the disk and back.

use std::cell::RefCell;
use std::io::Cursor;
use std::path::Path;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use image::{ImageFormat, Rgb, RgbImage};
use polars::prelude::DataFrame;
use rayon::prelude::*;
use vitscope::decompose::{Component, RowSpec, Rows};
use vitscope::kernels::Numbers;
use vitscope::session::Session;
use vitscope::store::{Header, Precision, read_image};
use vitscope::vision::resample::{Filter, resize};

use crate::questions::{values, widths};

/// A photograph's size.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

/// Something with edges and gradients in it.
fn picture() -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let wave = (f64::from(x * y) / 3000.0).sin();
        Rgb([(x / 3) as u8, (y / 2) as u8, (127.0 + 120.0 * wave) as u8])
    })
}

/// A JPEG from a file to pixels, on one thread. Items are images, bytes those of the pixels.
#[divan::bench]
fn decode_jpeg(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("picture.jpg");
    let mut bytes = Cursor::new(Vec::new());
    let written = picture().write_to(&mut bytes, ImageFormat::Jpeg);
    written.expect("in memory");
    std::fs::write(&path, bytes.into_inner()).expect("writable");
    bencher
        .counter(ItemsCount::new(1u32))
        .counter(BytesCount::new(3 * WIDTH * HEIGHT))
        .bench_local(|| read_image(&path).expect("a picture"));
}

/// Bicubic to 224 × 224, as Pillow does it, on one thread. Bytes are those of the pixels that are read.
#[divan::bench]
fn resize_to_224(bencher: Bencher) {
    let picture = picture();
    bencher
        .counter(ItemsCount::new(1u32))
        .counter(BytesCount::new(3 * WIDTH * HEIGHT))
        .bench_local(|| resize(&picture, 224, 224, Filter::Bicubic));
}

/// Images in a part.
const PART: usize = 512;

fn header(session: &Session, precision: Precision) -> Header {
    let specs: Vec<RowSpec> = (widths().iter().enumerate())
        .map(|(place, &width)| RowSpec {
            component: Component::head(place / 12, place % 12),
            width,
        })
        .collect();
    Header {
        model_fingerprint: session
            .store()
            .model("deit")
            .expect("registered")
            .fingerprint,
        preprocessing: "none".to_owned(),
        precision,
        forward: Numbers::F32,
        dims: 1,
        maps: specs.iter().map(|spec| vec![0.0; spec.width]).collect(),
        specs,
        columns: DataFrame::default(),
        part_rows: PART,
    }
}

fn session(folder: &Path) -> Session {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo");
    let demo = demo.display();
    let mut session = Session::open(folder).expect("a store");
    for statement in [
        format!("add images scenes from \"{demo}/scenes.parquet\""),
        format!("add model deit from \"{demo}/models/deit\""),
    ] {
        session.ask(&statement).expect("an answer");
    }
    session
}

/// Bytes of a part's rows of ViT-B/16.
fn bytes(precision: Precision) -> usize {
    let number = match precision {
        Precision::F32 => 4,
        Precision::F16 => 2,
    };
    PART * (8 + number * widths().iter().sum::<usize>())
}

/// A part of 512 images of ViT-B/16 to the disk: encoded, hashed, written, synced, listed. Bytes are those of its rows.
#[divan::bench(args = [Precision::F32, Precision::F16], sample_count = 4, sample_size = 1)]
fn write_a_part(bencher: Bencher, precision: Precision) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let session = session(folder.path());
    let header = header(&session, precision);
    let writer = session.store().begin("deit", "scenes", &header);
    let writer = RefCell::new(writer.expect("begun"));
    bencher
        .counter(BytesCount::new(bytes(precision)))
        .with_inputs(|| {
            let range = writer.borrow().pending().expect("more parts than samples");
            rows(range.start as u32, &header)
        })
        .bench_local_refs(|rows| writer.borrow_mut().write(rows, &[]).expect("written"));
}

fn rows(first: u32, header: &Header) -> Rows {
    Rows {
        ids: (first..first + PART as u32).collect(),
        z: vec![0.0; PART],
        slabs: (header.specs.iter())
            .map(|spec| values("rows.w", &[PART, spec.width]))
            .collect(),
    }
}

/// All rows of a part looked at for the first time: mapped, and held against their checksums. Bytes are those of its rows.
#[divan::bench(args = [Precision::F32, Precision::F16], sample_count = 10, sample_size = 1)]
fn check_a_part(bencher: Bencher, precision: Precision) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let session = session(folder.path());
    let header = header(&session, precision);
    let mut writer = (session.store().begin("deit", "scenes", &header)).expect("begun");
    while let Some(range) = writer.pending() {
        let mut rows = rows(range.start as u32, &header);
        cut(&mut rows, range.len(), &header);
        writer.write(&rows, &[]).expect("written");
    }
    drop(writer.finish().expect("finished"));
    bencher
        .counter(BytesCount::new(bytes(precision)))
        .with_inputs(|| {
            session
                .store()
                .decomposition("deit", "scenes")
                .expect("stored")
        })
        .bench_local_refs(|stored| {
            let part = stored.part(0).expect("a part");
            (0..header.specs.len())
                .into_par_iter()
                .for_each(|i| assert!(!part.slab(i).expect("whole").is_empty()));
        });
}

/// Leaves the first `count` images.
fn cut(rows: &mut Rows, count: usize, header: &Header) {
    rows.ids.truncate(count);
    rows.z.truncate(count);
    for (slab, spec) in rows.slabs.iter_mut().zip(&header.specs) {
        slab.truncate(count * spec.width);
    }
}
