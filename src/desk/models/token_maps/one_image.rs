//! Token maps of images: the model runs, and what chosen components take from each token is projected on directions.

use std::sync::Arc;

use candle_core::{Device, Tensor};
use image::{GrayImage, Luma, Rgb, RgbImage};

use crate::align::Aligned;
use crate::analysis::{TokenMap, along_directions};
use crate::decompose::{Component, ComponentKind, Located};
use crate::desk::DeskError;
use crate::desk::models::loaded::LoadedModel;
use crate::desk::stored::decomposition::Stored;
use crate::linalg::{dot, widen};

/// A model made ready to say where along some directions its components contribute.
pub struct TokenMapper {
    loaded: Arc<LoadedModel>,
    /// Each chosen component and its map followed by the directions, `[d, k]`.
    onto: Vec<(Component, Tensor)>,
    /// The chosen components that have no place: the constants, and what stands for all earlier layers.
    placeless: Vec<Component>,
}

/// The maps of one image.
pub struct ImageMaps {
    /// What the model saw: the image resized and cropped.
    pub seen: RgbImage,
    /// One map per direction that was wanted.
    pub maps: Vec<TokenMap>,
}

impl TokenMapper {
    /// For the components at the positions `components` of `stored`, and directions `[k, K]` in CLIP's space, row by row.
    pub fn new(
        loaded: Arc<LoadedModel>,
        stored: &Stored,
        aligned: &Aligned,
        components: &[usize],
        directions: &[f64],
    ) -> Result<Self, DeskError> {
        let width = aligned.dim;
        let count = directions.len() / width.max(1);
        let mut onto = Vec::new();
        let mut placeless = Vec::new();
        // Of a decomposition of the last layers alone, `init` is the sum of all that comes before.
        let partial = stored.specs().len() < loaded.decomposer.specs().len();
        for &index in components {
            let spec = &stored.specs()[index];
            let kind = spec.component.kind;
            if kind == ComponentKind::Bias || partial && kind == ComponentKind::Init {
                placeless.push(spec.component);
                continue;
            }
            if !loaded.decomposer.specs().contains(spec) {
                let (model, set) = (stored.model(), stored.set());
                return Err(DeskError::refused(
                    format!(
                        "{model} has no {} now, though it was stored with one",
                        spec.component
                    ),
                    format!("run `decompose {set} with {model}`"),
                ));
            }
            let rows = aligned.maps[index].chunks_exact(width);
            let along = rows.flat_map(|row| {
                let row = widen(row);
                let along = directions.chunks_exact(width);
                along
                    .map(|direction| dot(&row, direction) as f32)
                    .collect::<Vec<_>>()
            });
            let map = Tensor::from_vec(along.collect(), (spec.width, count), &Device::Cpu)?;
            onto.push((spec.component, map));
        }
        Ok(Self {
            loaded,
            onto,
            placeless,
        })
    }

    /// The chosen components that are in no map, in words; nothing if all are.
    pub fn left_out(&self) -> Option<String> {
        let names: Vec<String> = self.placeless.iter().map(Component::to_string).collect();
        (!names.is_empty()).then(|| {
            let verb = if names.len() == 1 { "has" } else { "have" };
            format!("{} {verb} no place in an image", names.join(" and "))
        })
    }

    /// How many tokens of the model are not the image's.
    pub fn special_tokens(&self) -> usize {
        self.loaded.decomposer.special_tokens()
    }

    /// Runs the model on an image and maps it along the directions at the positions `wanted`. Images are taken one at a
    /// time: maps of a batch would all be in memory.
    pub fn maps(&self, picture: &RgbImage, wanted: &[u32]) -> Result<ImageMaps, DeskError> {
        let located = self.located(picture)?;
        let mut maps = vec![TokenMap::new(self.loaded.decomposer.image_size()); wanted.len()];
        for (component, onto) in &self.onto {
            self.add(&located, *component, onto, wanted, &mut maps)?;
        }
        Ok(ImageMaps {
            seen: self.loaded.checkpoint.preprocess.framed(picture),
            maps,
        })
    }

    /// As [`Self::maps`], with maps for every component apart: those of the first along all directions, and so on.
    pub fn maps_apart(&self, picture: &RgbImage, wanted: &[u32]) -> Result<ImageMaps, DeskError> {
        let located = self.located(picture)?;
        let empty = TokenMap::new(self.loaded.decomposer.image_size());
        let mut maps = vec![empty; self.onto.len() * wanted.len()];
        for ((component, onto), maps) in self.onto.iter().zip(maps.chunks_mut(wanted.len())) {
            self.add(&located, *component, onto, wanted, maps)?;
        }
        Ok(ImageMaps {
            seen: self.loaded.checkpoint.preprocess.framed(picture),
            maps,
        })
    }

    /// The components that have maps, in order.
    pub fn components(&self) -> impl ExactSizeIterator<Item = Component> {
        self.onto.iter().map(|(component, _)| *component)
    }

    fn located(&self, picture: &RgbImage) -> Result<Located, DeskError> {
        let decomposer = &self.loaded.decomposer;
        let (height, width) = decomposer.image_size();
        let pixels = self.loaded.checkpoint.preprocess.apply(picture);
        let pixels = Tensor::from_vec(pixels, (1, 3, height, width), &Device::Cpu)?;
        Ok(decomposer.located(&pixels)?)
    }

    /// Adds what a component contributes along the directions `wanted` to their maps.
    fn add(
        &self,
        located: &Located,
        component: Component,
        onto: &Tensor,
        wanted: &[u32],
        maps: &mut [TokenMap],
    ) -> Result<(), DeskError> {
        let (weights, values) = split_of(located, component)?;
        let onto = onto.index_select(&Tensor::new(wanted, &Device::Cpu)?, 1)?;
        let along = along_directions(&weights, &values, &onto)?;
        let along: Vec<f32> = along.flatten_all()?.to_vec1()?;
        for (direction, map) in maps.iter_mut().enumerate() {
            let tokens: Vec<f64> = along[direction..]
                .iter()
                .step_by(wanted.len())
                .map(|&value| f64::from(value))
                .collect();
            map.add(tokens.into_iter(), self.special_tokens())
                .map_err(|error| DeskError::Refused {
                    message: error.to_string(),
                    help: None,
                })?;
        }
        Ok(())
    }

    /// A mask as the model sees its image: resized and cropped likewise, and what is mostly inside counts as inside.
    pub fn mask(&self, mask: &GrayImage) -> Vec<bool> {
        let preprocess = &self.loaded.checkpoint.preprocess;
        let framed = |inside: u8| {
            let paint = |&Luma([value]): &Luma<u8>| if value > 0 { inside } else { 255 - inside };
            let painted = RgbImage::from_fn(mask.width(), mask.height(), |x, y| {
                Rgb([paint(mask.get_pixel(x, y)); 3])
            });
            preprocess.framed(&painted)
        };
        // Where a crop pads, a mask and its opposite are painted alike: outside.
        let (mask, opposite) = (framed(255), framed(0));
        let pairs = mask.pixels().zip(opposite.pixels());
        pairs
            .map(|(inside, outside)| inside[0] > outside[0])
            .collect()
    }
}

/// Weights `[1, S, T]` and values `[1, T, d]` of a component.
fn split_of(located: &Located, component: Component) -> candle_core::Result<(Tensor, Tensor)> {
    let missing = || candle_core::Error::Msg(format!("the forward pass recorded no {component}"));
    if component.kind != ComponentKind::Head {
        let own = located.own.iter().find(|own| own.component == component);
        let own = own.ok_or_else(missing)?;
        return Ok((own.weights.clone(), own.rows.clone()));
    }
    let (layer, head) = (usize::from(component.layer), usize::from(component.head));
    let terms = located.heads.iter().find(|terms| terms.layer == layer);
    let terms = terms.ok_or_else(missing)?;
    Ok((
        terms.weights.narrow(2, head, 1)?.squeeze(2)?,
        terms.values.narrow(1, head, 1)?.squeeze(1)?.contiguous()?,
    ))
}
