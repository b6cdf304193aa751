//! An image that others are to be like: what chosen units contribute to it, and which units those are for a property.

use candle_core::{Device, Tensor};
use image::RgbImage;

use super::scores::Stored;
use super::select::{Chosen, of_units};
use super::{Desk, EngineError, last};
use crate::analysis::{specific, summed};
use crate::contributions::Contributions;
use crate::decompose::{ComponentKind, Rows};
use crate::files::paths;
use crate::lang::query::{Concept, Image, Question, Target, Unit};
use crate::store::{Feature, Origin, read_image};

/// Heads that stand for a property, as published for DeiT and most others.
const HEADS: usize = 3;

/// A probe image.
pub(super) struct Probe {
    /// What it is called.
    pub name: String,
    /// Its pixels.
    pub image: RgbImage,
    /// The summed contributions of the chosen components, `[Dz]`.
    pub contribution: Vec<f32>,
    /// Whether its rows were stored; else the model ran.
    pub stored: bool,
}

impl Desk<'_> {
    /// The heads most specific to a property: those for which its score exceeds that of every other known feature of
    /// the set most (arXiv 2406.01583, section 5.3).
    pub(super) fn specific_to(
        &mut self,
        question: &Question,
        target: &Target,
        property: &Concept,
        stored: &Stored,
    ) -> Result<(Chosen, Vec<String>), EngineError> {
        let heads = stored.specs().iter().map(|spec| spec.component);
        let heads = heads.filter(|component| component.kind == ComponentKind::Head);
        let of_heads = Target {
            units: heads.map(Unit::Component).collect(),
            ..target.clone()
        };
        let mut features = self.store.features(Some(&target.set))?;
        let name = property.label();
        features.retain(|feature| feature.name != name);
        features.push(Feature {
            name: name.clone(),
            texts: property.texts().to_vec(),
            origin: Origin::User,
        });
        let asked = Question {
            images: None,
            ..question.clone()
        };
        let scores = self.scores_for(&asked, &of_heads, &features)?;
        let by_unit = specific(&scores);
        let margin = |head: usize| by_unit[head][features.len() - 1];
        let mut order: Vec<usize> = (0..by_unit.len()).collect();
        order.sort_by(|&a, &b| margin(b).total_cmp(&margin(a)));
        order.truncate(HEADS);
        let mut notes = vec![format!(
            "the heads most specific to {name} among {} features; `using` takes others",
            features.len()
        )];
        if order.first().is_some_and(|&best| margin(best) <= 0.0) {
            notes.push(format!(
                "no head carries {name} more than every other feature"
            ));
        }
        let units: Vec<Unit> = order.iter().map(|&head| of_heads.units[head]).collect();
        Ok((of_units(stored, &units)?, notes))
    }

    /// Looks at a probe: its stored rows where the set holds it, else the model's.
    pub(super) fn probe(
        &mut self,
        target: &Target,
        image: &Image,
        stored: &Stored,
        components: &[usize],
    ) -> Result<Probe, EngineError> {
        let (name, picture, row) = match image {
            Image::File(path) => (path.clone(), read_image(&paths::expand(path))?, None),
            Image::InSet { set, row } => {
                let picture = self.set(set)?.decode(*row)?;
                let own = (*set == target.set).then_some(*row as u32);
                (format!("{set}[{row}]"), picture, own)
            }
        };
        let known = match row {
            Some(id) => stored_rows(stored, id, components)?,
            None => None,
        };
        let was_stored = known.is_some();
        let rows = match known {
            Some(rows) => rows,
            None => self.rows_of(target, stored, components, &picture)?,
        };
        let terms: Vec<(&[f32], &[f32])> = (rows.slabs.iter().zip(components))
            .map(|(slab, &component)| (slab.as_slice(), stored.map(component)))
            .collect();
        Ok(Probe {
            name,
            image: picture,
            contribution: summed(1, stored.dim(), &terms),
            stored: was_stored,
        })
    }

    /// Runs the model on one image, prepared and multiplied as the set's images were.
    fn rows_of(
        &mut self,
        target: &Target,
        stored: &Stored,
        components: &[usize],
        picture: &RgbImage,
    ) -> Result<Rows, EngineError> {
        let forward = stored.decomposition().manifest().forward;
        let library = &mut self.library;
        let loaded = library.model_multiplying(self.store, &target.model, forward)?;
        let preprocess = &loaded.checkpoint.preprocess;
        let (height, width) = preprocess
            .output()
            .expect("checked when the checkpoint was opened");
        let pixels = preprocess.apply(picture);
        let pixels = Tensor::from_vec(pixels, (1, 3, height, width), &Device::Cpu)?;
        let (specs, rows) =
            last::rows_as_stored(&loaded.decomposer, stored.specs(), &pixels, vec![0])?;
        let slab = |&component: &usize| {
            let wanted = &stored.specs()[component];
            let place = specs.iter().position(|spec| spec == wanted);
            place.map(|place| rows.slabs[place].clone()).ok_or_else(|| {
                let (model, set) = (&target.model, &target.set);
                EngineError::refused(
                    format!(
                        "{model} has no {} now, though it was stored with one",
                        wanted.component
                    ),
                    format!("run `decompose {set} with {model}`"),
                )
            })
        };
        let slabs = components.iter().map(slab).collect::<Result<_, _>>()?;
        Ok(Rows { slabs, ..rows })
    }
}

/// The stored rows of one image; nothing if it was skipped.
fn stored_rows(
    stored: &Stored,
    id: u32,
    components: &[usize],
) -> Result<Option<Rows>, EngineError> {
    let parts = &stored.decomposition().manifest().parts;
    let part = parts.partition_point(|part| part.end <= id as usize);
    if part >= parts.len() {
        return Ok(None);
    }
    let only = |other: u32| other == id;
    let rows = crate::contributions::read_kept(stored, part, Some(components), &only)?;
    Ok((!rows.is_empty()).then_some(rows))
}
