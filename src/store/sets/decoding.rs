//! Encoded images: decoded, measured, or refused in words.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageReader, RgbImage};

use crate::interface::failure::in_words;
use crate::store::error::StoreError;

/// Reads an image file as the images of a set are read.
///
/// # Errors
/// [`StoreError::Image`] when it can't be read or decoded.
pub fn read_image(path: &Path) -> Result<RgbImage, StoreError> {
    let failed = |why| StoreError::Image {
        image: path.display().to_string(),
        why,
    };
    let bytes = std::fs::read(path).map_err(|error| failed(in_words(&error)))?;
    Ok(decode(&bytes).map_err(failed)?.into_rgb8())
}

/// The image in `bytes`, or why there is none.
pub(super) fn decode(bytes: &[u8]) -> Result<DynamicImage, String> {
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    if reader.format().is_none() {
        return Err(unknown_format(bytes));
    }
    reader.decode().map_err(|error| error.to_string())
}

/// Width and height from the image's header, or why it is no image.
pub(super) fn dimensions(bytes: &[u8]) -> Result<(u32, u32), String> {
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    if reader.format().is_none() {
        return Err(unknown_format(bytes));
    }
    reader.into_dimensions().map_err(|error| error.to_string())
}

fn unknown_format(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        "it is empty".to_owned()
    } else if std::str::from_utf8(bytes).is_ok() {
        "it is a text file".to_owned()
    } else {
        "its format is not known".to_owned()
    }
}
