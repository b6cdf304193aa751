//! Decompositions that hold the last layers of a model alone (`decompose … layers last N`).

use candle_core::Tensor;

use crate::decompose::{Component, ComponentKind, Decomposer, LastLayers, RowSpec, Rows};
use crate::desk::models::model_card::ModelCard;
use crate::desk::stored::decomposition::Stored;
use crate::desk::tables::wording::label;
use crate::desk::{DeskError, Shelf};
use crate::lang::query::{Target, Unit};

/// How many layers a model has.
fn layers(card: &ModelCard) -> usize {
    let components = card.components().into_iter();
    let heads = components.filter(|component| component.kind == ComponentKind::Head);
    let layers = heads.map(|head| usize::from(head.layer) + 1);
    layers.max().unwrap_or(0)
}

/// How many of the last layers are wanted where those are not all: the last of all layers are the whole model.
pub fn fewer(card: &ModelCard, wanted: Option<usize>) -> Option<usize> {
    wanted.filter(|&count| count < layers(card))
}

/// Which components of a model belong to its last `count` layers. A convolution branch belongs to the layers of its block:
/// it is kept where the first of them is.
pub fn is_kept(card: &ModelCard, count: usize) -> impl Fn(Component) -> bool + use<> {
    let first = layers(card).saturating_sub(count);
    let (layer_places, conv_places) = (card.layer_places.clone(), card.conv_places.clone());
    move |component| {
        let own = usize::from(component.layer);
        let layer = match component.kind {
            ComponentKind::Conv => conv_places
                .get(own)
                .and_then(|block| layer_places.iter().position(|place| place == block))
                .unwrap_or(own),
            _ => own,
        };
        layer >= first
    }
}

/// The last layers that a stored decomposition of these components holds; nothing where it holds all.
pub fn of_stored(
    decomposer: &Decomposer,
    stored: &[RowSpec],
) -> Result<Option<LastLayers>, DeskError> {
    if decomposer.specs().len() == stored.len() {
        return Ok(None);
    }
    let kept = |component| stored.iter().any(|spec| spec.component == component);
    Ok(Some(LastLayers::new(decomposer, &kept)?))
}

/// The rows of normalised pixels `[B, 3, H, W]` as a stored decomposition of these components has them.
pub fn rows_as_stored(
    decomposer: &Decomposer,
    stored: &[RowSpec],
    pixels: &Tensor,
    ids: Vec<u32>,
) -> Result<(Vec<RowSpec>, Rows), DeskError> {
    let rows = decomposer.rows(pixels, ids)?;
    Ok(match of_stored(decomposer, stored)? {
        Some(last) => (last.specs().to_vec(), last.rows(rows)?),
        None => (decomposer.specs().to_vec(), rows),
    })
}

/// What to say of stored contributions: that their forward pass was not in f32, and that they begin at a later layer.
pub(in crate::desk) fn notes(
    shelf: Shelf<'_>,
    target: &Target,
    stored: &Stored,
) -> Result<Vec<String>, DeskError> {
    let label = label(&target.model, stored.forward());
    let from = first_layer(shelf, target, stored)?;
    let why = from.map(|first| begins_at(target, first));
    Ok(label.into_iter().chain(why).collect())
}

/// Those of some units that are stored.
pub(in crate::desk) fn stored_units(
    shelf: Shelf<'_>,
    target: &Target,
    stored: &Stored,
    units: &[Unit],
) -> Result<Vec<Unit>, DeskError> {
    let Some(first) = first_layer(shelf, target, stored)? else {
        return Ok(units.to_vec());
    };
    let components: Vec<Component> = stored.specs().iter().map(|spec| spec.component).collect();
    let is_stored = |unit: &&Unit| match unit {
        Unit::Component(component) => components.contains(component),
        Unit::Layer(layer) | Unit::Neurons { layer, .. } => *layer >= first,
        Unit::Tokens => true,
    };
    let kept: Vec<Unit> = units.iter().filter(is_stored).copied().collect();
    if kept.is_empty() && !units.is_empty() {
        let (model, set) = (&target.model, &target.set);
        let help = format!("run `decompose {set} with {model}` for all of its layers");
        return Err(DeskError::refused(begins_at(target, first), help));
    }
    Ok(kept)
}

/// The first layer whose components are stored, where those of all layers are not.
fn first_layer(
    shelf: Shelf<'_>,
    target: &Target,
    stored: &Stored,
) -> Result<Option<u16>, DeskError> {
    let components = ModelCard::of(&shelf.store.model(&target.model)?)?
        .components
        .len();
    if stored.specs().len() >= components {
        return Ok(None);
    }
    let heads = stored.specs().iter().map(|spec| spec.component);
    let heads = heads.filter(|component| component.kind == ComponentKind::Head);
    Ok(heads.map(|head| head.layer).min())
}

fn begins_at(target: &Target, first: u16) -> String {
    let (model, set) = (&target.model, &target.set);
    format!(
        "{set} is decomposed with {model} from layer {first} on; what comes before is one component, `init`"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::vision::config;

    /// What is known about the golden model `name`, whose components `closed` lists.
    fn model_card(name: &str, closed: &str) -> ModelCard {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let config = config::read(&fixtures.join("models").join(name), None).expect("a config");
        let bytes = std::fs::read(fixtures.join("closed").join(closed)).expect("a golden file");
        let header = safetensors::SafeTensors::read_metadata(&bytes);
        let (_, metadata) = header.expect("a safetensors file");
        let names = metadata.metadata().as_ref().expect("metadata")["components"].clone();
        serde_json::from_value(serde_json::json!({
            "architecture": name,
            "image": [224, 224],
            "dim": 1,
            "components": names.split('|').collect::<Vec<_>>(),
            "widths": [],
            "layer_places": config.layer_places(),
            "conv_places": config.conv_places(),
            "preprocessing": "",
            "is_clip": false,
        }))
        .expect("what is known about a model")
    }

    #[test]
    fn the_papers_default_ranges_have_its_component_counts() {
        // arXiv 2406.01583, the released code's defaults: blocks 7 to 11 of a ViT-B, stage 2 from block 14 and stage 3 of
        // Swin-B, stage 2 from block 3 and stage 3 of MaxViT-S (two attention layers to a block)
        let cases = [
            ("vit_b16", "vit_b16_224.safetensors", 5, [60, 5, 0]),
            ("swin_b", "swin_b_224.safetensors", 6, [128, 6, 0]),
            ("maxvit_s", "maxvit_s_224.safetensors", 8, [144, 8, 4]),
        ];
        for (name, closed, layers, expected) in cases {
            let card = model_card(name, closed);
            let is_kept = is_kept(&card, layers);
            let kinds = [ComponentKind::Head, ComponentKind::Mlp, ComponentKind::Conv];
            let found = kinds.map(|kind| {
                let components = card.components().into_iter();
                let kept = components.filter(|c| c.kind == kind && is_kept(*c));
                kept.count()
            });
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn a_block_whose_first_layer_is_left_out_leaves_its_convolution_out() {
        let card = model_card("maxvit_s", "maxvit_s_224.safetensors");
        let is_kept = is_kept(&card, 3);
        let convs = card.components().into_iter();
        let convs = convs.filter(|c| c.kind == ComponentKind::Conv && is_kept(*c));
        assert_eq!(convs.collect::<Vec<_>>(), [Component::conv(10)]);
    }
}
