//! What components contribute to a single image: its stored rows where the set holds it, else those of a forward pass.

use std::sync::Arc;

use candle_core::{Device, Tensor};
use image::RgbImage;

use crate::analysis::summed;
use crate::contributions::read_kept;
use crate::desk::images::one_image::OneImage;
use crate::desk::models::passes::Passes;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::last_layers::rows_as_stored;
use crate::desk::stored::rows::Rows;
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::query::Image;

/// The right to what components contribute to one image.
pub struct ImageRows {
    image: OneImage,
    stored: Arc<Stored>,
    /// Its place in the set that is decomposed, if it is one of that.
    own: Option<u32>,
    passes: Passes,
}

/// What some components contribute to an image.
pub struct Contributed {
    /// What the image is called.
    pub name: String,
    /// Its pixels.
    pub picture: RgbImage,
    /// The summed contributions, `[Dz]`.
    pub sum: Vec<f32>,
    /// Whether its rows were stored; else the model ran.
    pub stored: bool,
}

impl Planner<'_> {
    /// Plans to take what components contribute to an image, which plays a part called so: `the probe`.
    ///
    /// # Errors
    /// When there is no such set, or its table is not whole.
    pub fn image_rows(
        &mut self,
        part: &str,
        image: &Image,
        stored: &Arc<Stored>,
    ) -> Result<ImageRows, DeskError> {
        let own = match image {
            Image::InSet { set, row } if set == stored.set() => Some(*row as u32),
            _ => None,
        };
        let image = self.one_image(image)?;
        let how = match own {
            Some(_) => "its stored rows, or a forward pass if it was skipped",
            None => "compute: one forward pass",
        };
        self.says(format!("{part} {}: {how}", image.name));
        Ok(ImageRows {
            image,
            stored: stored.clone(),
            own,
            // prepared and multiplied as the set's images were
            passes: Passes::of(stored.model(), stored.forward()),
        })
    }
}

impl ImageRows {
    /// Its place in the set that is decomposed, if it is one of that.
    #[must_use]
    pub fn place(&self) -> Option<u32> {
        self.own
    }

    /// What these components contribute to it.
    ///
    /// # Errors
    /// When the image or its rows can't be read, or the model has not the components now that it was stored with.
    pub fn sum_of(
        self,
        components: &[usize],
        desk: &mut Desk<'_>,
    ) -> Result<Contributed, DeskError> {
        let picture = self.image.decode()?;
        let own = match self.own {
            Some(id) => stored_rows(&self.stored, id, components)?,
            None => None,
        };
        let stored = own.is_some();
        let slabs = match own {
            Some(slabs) => slabs,
            None => self.computed_rows(components, &picture, desk)?,
        };
        let maps = self.stored.contributions()?;
        let terms: Vec<(&[f32], &[f32])> = (slabs.iter().zip(components))
            .map(|(slab, &component)| (slab.as_slice(), maps.map(component)))
            .collect();
        Ok(Contributed {
            name: self.image.name,
            picture,
            sum: summed(1, self.stored.dim(), &terms),
            stored,
        })
    }

    /// Runs the model on the image; a row for each of the components.
    fn computed_rows(
        &self,
        components: &[usize],
        picture: &RgbImage,
        desk: &mut Desk<'_>,
    ) -> Result<Vec<Vec<f32>>, DeskError> {
        let loaded = self.passes.model(desk)?;
        let preprocess = &loaded.checkpoint.preprocess;
        let (height, width) = preprocess
            .output()
            .expect("checked when the checkpoint was opened");
        let pixels = preprocess.apply(picture);
        let pixels = Tensor::from_vec(pixels, (1, 3, height, width), &Device::Cpu)?;
        let stored = self.stored.specs();
        let (specs, rows) = rows_as_stored(&loaded.decomposer, stored, &pixels, vec![0])?;
        let slab = |&component: &usize| {
            let wanted = &stored[component];
            let place = specs.iter().position(|spec| spec == wanted);
            place.map(|place| rows.slabs[place].clone()).ok_or_else(|| {
                let (model, set) = (self.stored.model(), self.stored.set());
                DeskError::refused(
                    format!(
                        "{model} has no {} now, though it was stored with one",
                        wanted.component
                    ),
                    format!("run `decompose {set} with {model}`"),
                )
            })
        };
        components.iter().map(slab).collect()
    }
}

/// The stored rows of one image; nothing if it was skipped.
fn stored_rows(
    stored: &Arc<Stored>,
    id: u32,
    components: &[usize],
) -> Result<Option<Vec<Vec<f32>>>, DeskError> {
    let parts = &stored.decomposition().manifest().parts;
    let part = parts.partition_point(|part| part.end <= id as usize);
    if part >= parts.len() {
        return Ok(None);
    }
    let of_image = Rows::of_image(stored, id);
    let keep = of_image.keeps();
    let rows = read_kept(&of_image.open()?, part, Some(components), &keep)?;
    Ok((!rows.is_empty()).then_some(rows.slabs))
}
