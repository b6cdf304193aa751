//! The images of a made-up set: a parquet file with a few dozen different pictures, over and over, and what is known of
//! each.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};

use super::{KNOWN, value};

/// Different pictures.
const PICTURES: u32 = 64;

/// Pixels along a side.
const SIDE: u32 = 32;

/// Rows written at a time.
const BATCH: usize = 100_000;

/// Writes the table of `count` images: pictures, masks of what is in them, columns that say it, and `split`.
pub fn write(path: &Path, count: usize) {
    let pictures: Vec<Vec<u8>> = (0..PICTURES).map(|p| png(&picture(p).into())).collect();
    let masks: Vec<Vec<u8>> = (0..PICTURES).map(|p| png(&mask(p).into())).collect();
    let file = File::create(path).expect("writable");
    let mut writer = None;
    for start in (0..count).step_by(BATCH) {
        let ids = start as u32..count.min(start + BATCH) as u32;
        let frame = table(ids, &pictures, &masks);
        let writer = writer.get_or_insert_with(|| {
            let to = file.try_clone().expect("an open file");
            ParquetWriter::new(to)
                .batched(frame.schema())
                .expect("a writer")
        });
        writer.write_batch(&frame).expect("writable");
    }
    writer
        .expect("at least one image")
        .finish()
        .expect("writable");
}

fn table(ids: std::ops::Range<u32>, pictures: &[Vec<u8>], masks: &[Vec<u8>]) -> DataFrame {
    let binary = |name: &str, of: &[Vec<u8>]| -> Column {
        let values: Vec<&[u8]> = ids
            .clone()
            .map(|id| &of[(id % PICTURES) as usize][..])
            .collect();
        Series::new(name.into(), values).into()
    };
    let mut columns = vec![binary("image", pictures), binary("mask", masks)];
    for (place, (name, values)) in KNOWN.iter().enumerate() {
        let names: Vec<&str> = ids.clone().map(|id| values[value(place, id)].0).collect();
        columns.push(Series::new((*name).into(), names).into());
    }
    let split: Vec<&str> = (ids.clone())
        .map(|id| if id % 3 == 0 { "eval" } else { "fit" })
        .collect();
    columns.push(Series::new("split".into(), split).into());
    DataFrame::new(ids.len(), columns).expect("columns of one length")
}

/// A square of one colour somewhere on a gradient.
fn picture(number: u32) -> RgbImage {
    RgbImage::from_fn(SIDE, SIDE, |x, y| match inside(number, x, y) {
        true => Rgb([(number * 37) as u8, (number * 91) as u8, 200]),
        false => Rgb([(x * 8) as u8, (y * 8) as u8, (number * 4) as u8]),
    })
}

fn mask(number: u32) -> GrayImage {
    GrayImage::from_fn(SIDE, SIDE, |x, y| {
        Luma([255 * u8::from(inside(number, x, y))])
    })
}

fn inside(number: u32, x: u32, y: u32) -> bool {
    let (left, top) = (number % 8 * 3, number / 8 * 3);
    (left..left + 10).contains(&x) && (top..top + 10).contains(&y)
}

fn png(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("in memory");
    bytes.into_inner()
}
