//! The names there are, read off the store: what completion, errors and resolution look things up in.

use polars::prelude::DataFrame;

use crate::decompose::{Component, ComponentKind};
use crate::desk::models::model_card::ModelCard;
use crate::lang::catalog::{
    Alignment, Catalog, ColumnInfo, ColumnKind, FeatureInfo, ModelInfo, ResultInfo, SetInfo,
};
use crate::store::{Feature, Holds, Origin, Store, StoreError, Summary, summaries};

/// Takes stock of the store. What can't be read is left out: using it says why.
///
/// # Errors
/// When the store itself can't be listed.
pub fn take_stock(store: &Store, set: Option<&str>) -> Result<Catalog, StoreError> {
    let mut catalog = Catalog::default();
    for name in store.models()? {
        let Ok(entry) = store.model(&name) else {
            continue;
        };
        if let Ok(card) = ModelCard::of(&entry) {
            catalog.models.push(model(name, entry.family, &card));
        }
    }
    for entry in store.decompositions()? {
        let manifest = &entry.manifest;
        let model = catalog
            .models
            .iter_mut()
            .find(|model| model.name == manifest.model);
        let (Some(model), true, None) = (model, manifest.is_complete(), &entry.stale) else {
            continue;
        };
        model.decomposed_on.push(manifest.set.clone());
        let fitted = entry.blobs.iter();
        for clip in fitted.filter_map(|name| name.strip_prefix("align-")) {
            model.aligned.push(Alignment {
                clip: clip.to_owned(),
                set: manifest.set.clone(),
            });
        }
    }
    for name in store.sets()? {
        if let Ok((rows, columns)) = store.summary(&name) {
            let columns = columns.into_iter().map(column).collect();
            catalog.sets.push(SetInfo {
                name,
                rows,
                columns,
            });
        }
    }
    catalog.features = store.features(set)?.into_iter().map(feature).collect();
    Ok(catalog)
}

fn model(name: String, family: String, card: &ModelCard) -> ModelInfo {
    let components = card.components();
    let of = |kind| {
        components
            .iter()
            .filter(move |component| component.kind == kind)
    };
    let mut heads: Vec<u16> = Vec::new();
    for Component { layer, head, .. } in of(ComponentKind::Head) {
        heads.resize(heads.len().max(usize::from(*layer) + 1), 0);
        heads[usize::from(*layer)] = heads[usize::from(*layer)].max(head + 1);
    }
    ModelInfo {
        name,
        family,
        image_size: card.image.0 as u32,
        heads,
        mlps: of(ComponentKind::Mlp).count() as u16,
        convs: of(ComponentKind::Conv).count() as u16,
        neurons: card.neurons.clone(),
        blocks: card.layer_places.clone(),
        conv_blocks: card.conv_places.clone(),
        is_clip: card.is_clip,
        ..ModelInfo::default()
    }
}

fn feature(feature: Feature) -> FeatureInfo {
    let origin = match feature.origin {
        Origin::BuiltIn => "built-in".to_owned(),
        Origin::Set(set) => set,
        Origin::User => "yours".to_owned(),
    };
    FeatureInfo {
        name: feature.name,
        texts: feature.texts,
        origin,
    }
}

/// The columns of a result, for the pipe stages that may follow it.
#[must_use]
pub fn result(name: &str, table: &DataFrame) -> ResultInfo {
    ResultInfo {
        name: name.to_owned(),
        columns: columns(table),
    }
}

fn columns(table: &DataFrame) -> Vec<ColumnInfo> {
    summaries(table).into_iter().map(column).collect()
}

fn column(summary: Summary) -> ColumnInfo {
    ColumnInfo {
        name: summary.name,
        kind: match summary.holds {
            Holds::Text => ColumnKind::Text,
            Holds::Number => ColumnKind::Number,
            Holds::Other => ColumnKind::Any,
        },
        values: summary.values,
    }
}
