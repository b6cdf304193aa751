//! Preprocessing by convention: open_clip's, and what the published checkpoints of a family do, for folders that lost their
//! `preprocessor_config.json`.

use std::path::Path;

use super::described::{CLIP, IMAGENET};
use super::framing::{Crop, Resize, Rounding};
use super::pipeline::Preprocess;
use crate::vision::config::{Dialect, Family, ModelConfig};
use crate::vision::error::CheckpointError;
use crate::vision::json::{self, Object};
use crate::vision::resample::Filter;

/// The mean and standard deviation of google's ViT.
const HALF: ([f64; 3], [f64; 3]) = ([0.5; 3], [0.5; 3]);

impl Preprocess {
    /// The preprocessing that `open_clip_config.json` in `folder` describes, for a model that takes `image` (height, width).
    ///
    /// # Errors
    /// [`CheckpointError`] for a file that asks for something that isn't done here.
    pub fn from_open_clip(folder: &Path, image: (usize, usize)) -> Result<Self, CheckpointError> {
        let path = folder.join("open_clip_config.json");
        let map = json::read(&path)?;
        open_clip(Object::root(&path, &map).object("preprocess_cfg")?, image)
    }

    /// What the published transformers checkpoints of the model's family do, at the model's size.
    ///
    /// DINOv2, whose checkpoints were trained at 518 pixels at last, is brought to 224, at which they are used.
    #[must_use]
    pub fn published(model: &mut ModelConfig) -> Self {
        if let Family::Vit(config) = &mut model.family
            && config.dialect == Dialect::HfDinov2
            && (config.image, config.patch) == ((518, 518), (14, 14))
        {
            config.image = (224, 224);
        }
        let (height, width) = model.image();
        let (exact, shorter) = (Resize::Exact(height, width), height.min(width));
        let (resize, filter, crops, (mean, std)) = match model.name() {
            "clip" | "clip_vision_model" => (Resize::Shorter(shorter), Filter::Bicubic, true, CLIP),
            "dinov2" | "dinov2_with_registers" => (
                Resize::Shorter(shorter * 256 / 224),
                Filter::Bicubic,
                true,
                IMAGENET,
            ),
            "deit" => {
                let larger = Resize::Exact(height * 256 / 224, width * 256 / 224);
                (larger, Filter::Bicubic, true, IMAGENET)
            }
            "swin" => (exact, Filter::Bicubic, false, IMAGENET),
            _ => (exact, Filter::Bilinear, false, HALF),
        };
        let crop = crops.then_some(Crop {
            height,
            width,
            fill: [0; 3],
            rounding: Rounding::Transformers,
        });
        Self::new(resize, filter, crop, Some(1.0 / 255.0), mean, std)
    }
}

/// open_clip's evaluation transform (`transform.py`, `image_transform`).
fn open_clip(described: Object<'_>, image: (usize, usize)) -> Result<Preprocess, CheckpointError> {
    let refuse = |key: &str, value: &str, known: &str| {
        let reason = format!(
            "{} = {value} is not read; {known} would be",
            described.name(key)
        );
        CheckpointError::config(described.path(), reason)
    };
    let filter = match described.text("interpolation")?.unwrap_or("bicubic") {
        "bicubic" | "random" => Filter::Bicubic,
        "bilinear" => Filter::Bilinear,
        other => return Err(refuse("interpolation", other, "bicubic or bilinear")),
    };
    let (height, width) = image;
    let resize = match described.text("resize_mode")?.unwrap_or("shortest") {
        "shortest" if height == width => Resize::Shorter(height),
        "shortest" => Resize::Cover(height, width),
        "longest" => Resize::Fit(height, width),
        "squash" => Resize::Exact(height, width),
        other => return Err(refuse("resize_mode", other, "shortest, longest or squash")),
    };
    let fill = described.channels("fill_color")?.unwrap_or_default();
    let crop = Crop {
        height,
        width,
        fill: fill.map(|value| value as u8),
        rounding: Rounding::Torchvision,
    };
    let mean = described.channels("mean")?.unwrap_or(CLIP.0);
    let std = described.channels("std")?.unwrap_or(CLIP.1);
    Ok(Preprocess::new(
        resize,
        filter,
        Some(crop),
        Some(1.0 / 255.0),
        mean,
        std,
    ))
}
