//! Image files become the pixels that Pillow gives, or are refused as Pillow refuses them.
//!
//! `tests/fixtures/decoding` is part of what `tests/fixtures/make/images.py` makes: beside NAME lies NAME.pillow.png,
//! `Image.open(NAME).convert("RGB")`, and where there is none Pillow refuses NAME.

use std::fs;
use std::path::{Path, PathBuf};

use image::RgbImage;
use vitscope::store::pixels::{
    FileKind, decode_mask, decode_rgb, dimensions, kind_of, orientation,
};
use vitscope::store::read_image;

use crate::place::{Place, strings};
use crate::support::shared;

/// The files of the folder, with what Pillow makes of each.
fn files() -> Vec<(PathBuf, Option<RgbImage>)> {
    let entries = fs::read_dir(shared("decoding")).expect("a folder");
    let paths = entries.map(|entry| entry.expect("a readable entry").path());
    let expected = |path: &Path| {
        let pixels = format!("{}.pillow.png", path.display());
        let pixels = fs::read(pixels).ok()?;
        Some(
            image::load_from_memory(&pixels)
                .expect("a readable picture")
                .into_rgb8(),
        )
    };
    let mut files: Vec<_> = (paths.filter(|path| !path.to_string_lossy().ends_with(".pillow.png")))
        .map(|path| (path.clone(), expected(&path)))
        .collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

fn file(name: &str) -> Vec<u8> {
    fs::read(shared("decoding").join(name)).expect("a file")
}

#[test]
fn every_kind_of_file_becomes_pillows_pixels_or_is_refused() {
    let (mut read, mut refused) = (0, 0);
    for (path, expected) in files() {
        let found = read_image(&path);
        match (expected, found) {
            (Some(expected), Ok(found)) => {
                assert_eq!(
                    expected.dimensions(),
                    found.dimensions(),
                    "{}",
                    path.display()
                );
                let differ = expected
                    .iter()
                    .zip(found.iter())
                    .filter(|(a, b)| a != b)
                    .count();
                assert_eq!(differ, 0, "samples of {} that differ", path.display());
                let bytes = fs::read(&path).expect("a file");
                assert_eq!(
                    dimensions(&bytes),
                    Ok(expected.dimensions()),
                    "{}",
                    path.display()
                );
                read += 1;
            }
            (None, Err(error)) => {
                // A sentence of our own: nothing that a decoder says about itself.
                let error = error.to_string();
                let foreign = ["Error", "{", "libjpeg", "panic", "Decod"];
                assert!(!foreign.iter().any(|word| error.contains(word)), "{error}");
                refused += 1;
            }
            (Some(_), Err(error)) => panic!("{} is refused: {error}", path.display()),
            (None, Ok(_)) => panic!("{} is read, and Pillow refuses it", path.display()),
        }
    }
    assert_eq!((read, refused), (54, 13));
}

#[test]
fn refusals_say_what_is_wrong() {
    let cases = [
        ("cut-baseline-75.jpg", "cut off"),
        ("cut-progressive-50.jpg", "cut off"),
        ("frame-twelve-bits.jpg", "12 bits"),
        ("cut-75.png", "cut off"),
        ("idat-adler.png", "damaged"),
        ("header-no-width.png", "0 × 9 pixels"),
        ("cut-60.gif", "cut off"),
        ("cut-lossy-end-1.webp", "cut off"),
        ("cut-rgb-50.bmp", "cut off"),
        ("strip-beyond.tif", "damaged"),
    ];
    for (name, expected) in cases {
        let error = decode_rgb(&file(name)).expect_err(name);
        assert!(error.contains(expected), "{name}: {error}");
    }
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    let error = decode_rgb(heic).expect_err("not read");
    assert!(
        error.contains("HEIC") && error.contains("convert"),
        "{error}"
    );
}

/// The header of a PNG with the file's other bytes: a bomb of a few hundred bytes.
fn png_that_says(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = file("colour-6-8.png");
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32fast::hash(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

#[test]
fn sizes_are_checked_before_memory_is_asked_for() {
    // 168 megapixels would be read; there are only too few here.
    assert_eq!(
        dimensions(&png_that_says(14_000, 12_000)),
        Ok((14_000, 12_000))
    );
    for bytes in [
        png_that_says(20_000, 20_000),
        png_that_says(u32::MAX, u32::MAX),
    ] {
        let header = dimensions(&bytes).expect_err("too large");
        let pixels = decode_rgb(&bytes).expect_err("too large");
        assert!(header.contains("the bound is 1024 MiB"), "{header}");
        assert!(pixels.contains("the bound is 1024 MiB"), "{pixels}");
    }
    // A progressive JPEG is kept as coefficients first: 119 megapixels are the most.
    let mut jpeg = file("progressive-2-q75.jpg");
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC2])
        .expect("a frame");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x30, 0, 0x30, 0]);
    let error = decode_rgb(&jpeg).expect_err("too large");
    assert!(
        error.contains("12288 × 12288") && error.contains("bound"),
        "{error}"
    );
    for name in ["size-0-width.gif", "header-no-width.png"] {
        let mut bytes = file(name);
        if name.ends_with("gif") {
            // The frame that would widen the canvas has no width either.
            let frame = 13 + 16 * 3;
            assert_eq!(bytes[frame], b',');
            bytes[frame + 5..frame + 7].fill(0);
        }
        let error = dimensions(&bytes).expect_err("no pixels");
        assert!(error.contains("shows nothing"), "{name}: {error}");
    }
}

#[test]
fn orientations_are_told_and_only_tiffs_turned() {
    for (name, said, size) in [
        ("exif-6.jpg", Some(6), (20, 13)),
        ("exif-6.png", Some(6), (20, 13)),
        ("exif-6.webp", Some(6), (20, 13)),
        ("orientation-6-1.tif", Some(6), (29, 37)),
        ("grey.jpg", None, (50, 39)),
        ("offset-clear.gif", None, (30, 25)),
    ] {
        let bytes = file(name);
        assert_eq!(orientation(&bytes), said, "{name}");
        assert_eq!(dimensions(&bytes), Ok(size), "{name}");
    }
}

#[test]
fn masks_are_pillows_lightness() {
    let mut png = Vec::new();
    let colours = RgbImage::from_raw(4, 1, vec![9, 9, 9, 255, 0, 0, 0, 255, 0, 0, 0, 255])
        .expect("four pixels");
    let written = colours.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png);
    written.expect("written");
    assert_eq!(
        decode_mask(&png).expect("a mask").as_raw(),
        &[9, 76, 150, 29]
    );
}

#[test]
fn files_are_known_by_their_content_and_those_left_out_are_counted() {
    let place = Place::new();
    let jpeg = file("grey.jpg");
    assert_eq!(kind_of(&jpeg), Some(FileKind::Jpeg));
    for name in ["a.jfif", "b.jpe", "without-extension", "named.data"] {
        fs::write(place.path(&format!("photos/{name}")), &jpeg).expect("writable");
    }
    fs::write(place.path("photos/c.apng"), file("animated-default.png")).expect("writable");
    for name in ["x.heic", "y.HEIC"] {
        fs::write(
            place.path(&format!("photos/{name}")),
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        )
        .expect("writable");
    }
    fs::write(place.path("photos/notes.txt"), "no picture").expect("writable");
    fs::write(place.path("photos/LICENSE"), "no picture").expect("writable");
    fs::write(place.path("photos/labels.csv"), "file,weight\na.jfif,1\n").expect("writable");
    let report = place
        .add("photos", Some("photos/labels.csv"))
        .expect("added");
    assert_eq!((report.images, report.unreadable.len()), (5, 0));
    let set = place.store.set("set").expect("there");
    let names = [
        "a.jfif",
        "b.jpe",
        "c.apng",
        "named.data",
        "without-extension",
    ];
    assert_eq!(
        strings(set.frame(), "path"),
        names.map(|name| Some(name.to_owned()))
    );
    let note = "left out, for they are no images that are read: 1 .txt file, 2 HEIC images, 1 file without extension";
    assert!(
        report.notes.iter().any(|found| found == note),
        "{:?}",
        report.notes
    );
}
