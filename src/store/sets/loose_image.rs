//! An image file that is in no set.

use std::path::Path;

use image::RgbImage;

use crate::interface::failure::in_words;
use crate::store::error::StoreError;
use crate::store::pixels::decode_rgb;

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
    decode_rgb(&bytes).map_err(failed)
}
