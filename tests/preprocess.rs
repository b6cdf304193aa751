//! Images enter a model as its own library would have entered them: byte for byte what Pillow resizes, number for number
//! what timm's and transformers' transforms make of it.

use image::RgbImage;
use vitscope::store::read_image;
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::vision::preprocess::Preprocess;
use vitscope::vision::resample::{Filter, resize};

use crate::support::{copy_of, demo_model, difference, fixtures, golden, replace, shared, tensors};

/// The golden picture called `shape`.
fn picture(shape: &str) -> RgbImage {
    let tensor = &golden()[&format!("image/{shape}")];
    let (height, width, _) = tensor.dims3().expect("an image");
    let bytes = tensor
        .flatten_all()
        .and_then(|flat| flat.to_vec1::<u8>())
        .expect("bytes");
    RgbImage::from_raw(width as u32, height as u32, bytes).expect("as many bytes as pixels need")
}

#[test]
fn every_filter_resizes_as_pillow_does_bit_for_bit() {
    let picture = picture("tall");
    let mut compared = 0;
    for (name, expected) in golden() {
        let Some(name) = name.strip_prefix("resize/") else {
            continue;
        };
        let (filter, _) = name.split_once('/').expect("a filter and a size");
        let (height, width, _) = expected.dims3().expect("an image");
        let expected = expected.flatten_all().and_then(|flat| flat.to_vec1::<u8>());
        let resized = resize(
            &picture,
            height,
            width,
            Filter::from_word(filter).expect("a filter"),
        );
        assert!(resized.as_raw() == &expected.expect("bytes"), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 24);
}

/// A folder with a config like the demo's, changed.
fn timm_like(changes: &[(&str, &str)]) -> Preprocess {
    let folder = copy_of(&demo_model("deit"));
    for (from, to) in changes {
        replace(&folder.path().join("config.json"), from, to);
    }
    Checkpoint::open(folder.path())
        .expect("a readable checkpoint")
        .preprocess
}

#[test]
fn timm_configs_are_followed_to_the_last_bit() {
    let cases = [
        ("center", (24, 24), "0.9", "center", "bicubic"),
        ("odd", (25, 25), "0.875", "center", "bilinear"),
        ("oblong", (24, 32), "0.95", "center", "bicubic"),
        ("squash", (24, 24), "0.8", "squash", "lanczos"),
        ("border", (24, 24), "1.0", "border", "bicubic"),
    ];
    let golden = golden();
    for (name, (height, width), share, mode, filter) in cases {
        let input = format!("\"patch_size\": 1, \"img_size\": [{height}, {width}]");
        let preprocess = timm_like(&[
            ("\"img_size\": 64", &input),
            ("\"patch_size\": 8,", ""),
            ("\"crop_pct\": 1.0", &format!("\"crop_pct\": {share}")),
            (
                "\"crop_mode\": \"center\"",
                &format!("\"crop_mode\": \"{mode}\""),
            ),
            (
                "\"interpolation\": \"bicubic\"",
                &format!("\"interpolation\": \"{filter}\""),
            ),
        ]);
        for shape in ["tall", "wide"] {
            let expected = golden[&format!("timm/{name}/{shape}")].flatten_all();
            let expected = expected
                .and_then(|flat| flat.to_vec1::<f32>())
                .expect("numbers");
            assert_eq!(
                preprocess.apply(&picture(shape)),
                expected,
                "{name}, {shape}"
            );
        }
    }
}

#[test]
fn transformers_processors_are_followed() {
    let golden = golden();
    for name in ["clip", "padded", "vit"] {
        let folder = fixtures().join("processors").join(name);
        let preprocess = Preprocess::from_transformers(&folder)
            .expect("readable")
            .expect("present");
        for shape in ["tall", "wide"] {
            let expected = golden[&format!("transformers/{name}/{shape}")].flatten_all();
            let expected = expected
                .and_then(|flat| flat.to_vec1::<f32>())
                .expect("numbers");
            let found = difference(&preprocess.apply(&picture(shape)), &expected);
            // transformers rescales in f64 and rounds once more
            assert!(found < 1e-6, "{name}, {shape}: {found}");
        }
    }
}

#[test]
fn a_picture_far_longer_than_wide_takes_no_more_memory_than_is_seen() {
    let long = RgbImage::from_fn(1, 1_000_000, |_, y| image::Rgb([(y % 251) as u8; 3]));
    let seen = timm_like(&[]).framed(&long);
    assert_eq!(seen.dimensions(), (64, 64));
    // Whole, it would be 64 × 64,000,000; in its middle are these two rows.
    let middle = [499_999 % 251, 500_000 % 251];
    assert!(
        seen.iter()
            .all(|value| (middle[0] - 1..=middle[1] + 1).contains(&u32::from(*value)))
    );
}

/// The decoded pictures of `tests/fixtures/preprocess`, by name.
fn decoded() -> Vec<(String, RgbImage)> {
    let files = std::fs::read_dir(shared("preprocess")).expect("a folder");
    let paths = files.map(|file| file.expect("a readable entry").path());
    let pictures = paths.filter(|path| path.extension().is_some_and(|kind| kind == "png"));
    let read = |path: std::path::PathBuf| {
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        (name, read_image(&path).expect("a readable picture"))
    };
    pictures.map(read).collect()
}

#[test]
fn pictures_of_every_kind_become_pillows_pixels() {
    let expected = tensors(&shared("preprocess/pixels.safetensors"));
    let pictures = decoded();
    assert_eq!(pictures.len(), 5);
    for (name, picture) in &pictures {
        let pixels = expected[name]
            .flatten_all()
            .and_then(|flat| flat.to_vec1::<u8>());
        assert!(picture.as_raw() == &pixels.expect("bytes"), "{name}");
    }
}

#[test]
fn whole_configs_bring_pictures_of_every_kind_to_the_same_numbers() {
    let mut compared = 0;
    for entry in std::fs::read_dir(shared("preprocess")).expect("a folder") {
        let folder = entry.expect("a readable entry").path();
        if !folder.is_dir() {
            continue;
        }
        let preprocess = match Preprocess::from_transformers(&folder).expect("a readable config") {
            Some(preprocess) => preprocess,
            None => Preprocess::from_timm(&folder, (32, 32)).expect("a readable config"),
        };
        let expected = tensors(&folder.join("tensors.safetensors"));
        for (name, picture) in decoded() {
            let expected = expected[&name]
                .flatten_all()
                .and_then(|flat| flat.to_vec1::<f32>());
            let found = difference(&preprocess.apply(&picture), &expected.expect("numbers"));
            assert!(found < 1e-6, "{}, {name}: {found}", folder.display());
            compared += 1;
        }
    }
    assert_eq!(compared, 45);
}

#[test]
fn unknown_filters_and_sizes_are_refused_with_a_sentence() {
    let folder = copy_of(&demo_model("deit"));
    replace(
        &folder.path().join("config.json"),
        "\"bicubic\"",
        "\"fancy\"",
    );
    let error = Checkpoint::open(folder.path())
        .expect_err("no such filter")
        .to_string();
    assert!(
        error.ends_with("pretrained_cfg.interpolation = fancy is not a filter Pillow has"),
        "{error}"
    );
    let folder = copy_of(&fixtures().join("clip"));
    replace(
        &folder.path().join("preprocessor_config.json"),
        "\"resample\": 3",
        "\"resample\": 17",
    );
    let error = Checkpoint::open(folder.path())
        .expect_err("no such filter")
        .to_string();
    assert!(
        error.ends_with("resample = 17 is not a filter Pillow has"),
        "{error}"
    );
}
