//! Where a checkpoint says how images enter its model: `pretrained_cfg` in timm's `config.json`, or transformers'
//! `preprocessor_config.json`, with the defaults of their libraries for fields that are left out.

use std::path::Path;

use serde_json::Value;

use super::framing::{Crop, Resize, Rounding};
use super::pipeline::Preprocess;
use crate::vision::error::CheckpointError;
use crate::vision::json::{self, Object};
use crate::vision::resample::Filter;

/// ImageNet's statistics, timm's default.
pub(in crate::vision) const IMAGENET: ([f64; 3], [f64; 3]) =
    ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

/// CLIP's statistics.
pub(in crate::vision) const CLIP: ([f64; 3], [f64; 3]) = (
    [0.481_454_66, 0.457_827_5, 0.408_210_73],
    [0.268_629_54, 0.261_302_58, 0.275_777_11],
);

impl Preprocess {
    /// The preprocessing that transformers' `preprocessor_config.json` in `folder` describes, where there is one; newer
    /// folders of CLIPs have it within `processor_config.json`.
    ///
    /// # Errors
    /// [`CheckpointError`] for a file that asks for something that isn't done here.
    pub fn from_transformers(folder: &Path) -> Result<Option<Self>, CheckpointError> {
        let path = folder.join("preprocessor_config.json");
        if path.is_file() {
            let map = json::read(&path)?;
            return transformers(Object::root(&path, &map)).map(Some);
        }
        let path = folder.join("processor_config.json");
        if !path.is_file() {
            return Ok(None);
        }
        let map = json::read(&path)?;
        let both = Object::root(&path, &map);
        let image = both.get("image_processor").is_some();
        image
            .then(|| transformers(both.object("image_processor")?))
            .transpose()
    }

    /// The preprocessing that timm's `config.json` in `folder` describes, for a model that takes `image` (height, width).
    ///
    /// # Errors
    /// [`CheckpointError`] for a file that asks for something that isn't done here.
    pub fn from_timm(folder: &Path, image: (usize, usize)) -> Result<Self, CheckpointError> {
        let path = folder.join("config.json");
        let map = json::read(&path)?;
        timm(Object::root(&path, &map).object("pretrained_cfg")?, image)
    }
}

/// timm's evaluation transform (`transforms_factory.py`, `transforms_imagenet_eval`).
fn timm(pretrained: Object<'_>, image: (usize, usize)) -> Result<Preprocess, CheckpointError> {
    let crop_share = pretrained
        .number("crop_pct")?
        .filter(|share| *share > 0.0)
        .unwrap_or(0.875);
    let mean = pretrained.channels("mean")?.unwrap_or(IMAGENET.0);
    let std = pretrained.channels("std")?.unwrap_or(IMAGENET.1);
    let scaled = |side: usize| (side as f64 / crop_share).floor() as usize;
    let (height, width) = (scaled(image.0), scaled(image.1));
    let word = pretrained.text("interpolation")?.unwrap_or("bicubic");
    let filter = Filter::from_word(word).ok_or_else(|| {
        let reason = format!(
            "{} = {word} is not a filter Pillow has",
            pretrained.name("interpolation")
        );
        CheckpointError::config(pretrained.path(), reason)
    })?;
    let (resize, fill) = match pretrained.text("crop_mode")?.unwrap_or("center") {
        "squash" => (Resize::Exact(height, width), [0; 3]),
        "border" => {
            let grey = mean.map(|mean| (255.0 * mean).round_ties_even() as u8);
            (Resize::Fit(height, width), grey)
        }
        _ if height == width => (Resize::Shorter(height), [0; 3]),
        _ => (Resize::Cover(height, width), [0; 3]),
    };
    let crop = Crop {
        height: image.0,
        width: image.1,
        fill,
        rounding: Rounding::Torchvision,
    };
    Ok(Preprocess::new(
        resize,
        filter,
        Some(crop),
        Some(1.0 / 255.0),
        mean,
        std,
    ))
}

/// transformers' image processors, as far as they resize, crop, rescale and normalise.
fn transformers(root: Object<'_>) -> Result<Preprocess, CheckpointError> {
    let kind = root
        .text("image_processor_type")?
        .or(root.text("feature_extractor_type")?);
    let kind = kind.unwrap_or_default();
    // older files give one number, which CLIP's processor takes for the shorter side and the others for both
    let keeps_shape = kind.starts_with("CLIP") || kind.starts_with("Bit");
    let resize = if root.flag("do_resize")?.unwrap_or(true) {
        let size = root.get("size").is_some_and(|size| !size.is_object());
        if size {
            match root.size("size")? {
                Some((side, _)) if keeps_shape => Resize::Shorter(side),
                Some((height, width)) => Resize::Exact(height, width),
                None => Resize::None,
            }
        } else {
            resize_object(root.object("size")?)?
        }
    } else {
        Resize::None
    };
    let crops = root.flag("do_center_crop")?.unwrap_or(keeps_shape);
    let crop = if crops { crop_size(root)? } else { None };
    let code = root
        .count("resample")?
        .unwrap_or(if keeps_shape { 3 } else { 2 });
    let filter = Filter::from_code(code).ok_or_else(|| {
        CheckpointError::config(
            root.path(),
            format!("resample = {code} is not a filter Pillow has"),
        )
    })?;
    let rescales = root.flag("do_rescale")?.unwrap_or(true);
    let factor = root.number("rescale_factor")?.unwrap_or(1.0 / 255.0);
    let (mean, std) = if root.flag("do_normalize")?.unwrap_or(true) {
        let (mean, std) = if kind.starts_with("CLIP") {
            CLIP
        } else {
            ([0.5; 3], [0.5; 3])
        };
        (
            root.channels("image_mean")?.unwrap_or(mean),
            root.channels("image_std")?.unwrap_or(std),
        )
    } else {
        ([0.0; 3], [1.0; 3])
    };
    // written as 0.00392156862745098, which is 1/255
    Ok(Preprocess::new(
        resize,
        filter,
        crop,
        rescales.then_some(factor),
        mean,
        std,
    ))
}

/// `size` written as an object.
fn resize_object(size: Object<'_>) -> Result<Resize, CheckpointError> {
    match (
        size.count("shortest_edge")?,
        size.count("height")?,
        size.count("width")?,
    ) {
        (Some(side), _, _) if side > 0 => Ok(Resize::Shorter(side)),
        (None, Some(height), Some(width)) if height > 0 && width > 0 => {
            Ok(Resize::Exact(height, width))
        }
        _ => Err(CheckpointError::config(
            size.path(),
            "size has to give shortest_edge, or height and width",
        )),
    }
}

/// `crop_size`, one number or height and width; without one nothing is cropped.
fn crop_size(root: Object<'_>) -> Result<Option<Crop>, CheckpointError> {
    let written_out = root.get("crop_size").is_some_and(Value::is_object);
    let size = if written_out {
        let size = root.object("crop_size")?;
        size.count("height")?.zip(size.count("width")?)
    } else {
        root.size("crop_size")?
    };
    Ok(size
        .filter(|size| size.0 > 0 && size.1 > 0)
        .map(|(height, width)| Crop {
            height,
            width,
            fill: [0; 3],
            rounding: Rounding::Transformers,
        }))
}
