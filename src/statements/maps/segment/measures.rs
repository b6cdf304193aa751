//! How well masks fit, in a table and in a few sentences.

use polars::prelude::{Column, NamedFrom, Series};

use super::mask::Segmented;
use crate::analysis::Counts;
use crate::desk::DeskError;
use crate::desk::models::token_maps::of_set::MapSet;
use crate::desk::tables::columns::{numbers, texts, whole};
use crate::desk::tables::image_columns::metadata;

/// One row per image: what was found, how well it fits where that is known, and the set's own columns.
pub(super) fn columns(masks: &[Segmented], mapped: &MapSet) -> Result<Vec<Column>, DeskError> {
    let rows: Vec<u32> = masks.iter().map(|mask| mask.row as u32).collect();
    let set = &mapped.set;
    let mut columns = vec![
        whole("id", rows.iter().map(|&row| Some(row))),
        texts("image", masks.iter().map(|mask| set.short_name(mask.row))),
    ];
    if mapped.each_its_own {
        let text = masks.iter().map(|mask| mapped.text(mask.row));
        columns.push(texts("text", text));
    }
    columns.push(numbers(
        "threshold",
        masks.iter().map(|mask| mask.threshold),
    ));
    columns.push(numbers("area", masks.iter().map(|mask| mask.area)));
    for (side, name) in ["top", "left", "bottom", "right"].into_iter().enumerate() {
        let edge = |mask: &Segmented| mask.bounds.map(|bounds| bounds[side] as u32);
        columns.push(whole(name, masks.iter().map(edge)));
    }
    if masks.iter().any(|mask| mask.counts.is_some()) {
        for (name, measure) in MEASURES {
            let values: Vec<Option<f64>> = masks.iter().map(measure).collect();
            columns.push(Series::new(name.into(), values).into());
        }
    }
    columns.extend(metadata(set, &rows)?);
    Ok(columns)
}

/// How well a mask fits, each measure by the name of its column.
type Measure = fn(&Segmented) -> Option<f64>;

const MEASURES: [(&str, Measure); 4] = [
    ("pixel_accuracy", |mask| Some(mask.counts?.accuracy())),
    ("foreground_iou", |mask| Some(mask.counts?.foreground_iou())),
    ("two_class_miou", |mask| Some(mask.counts?.mean_iou())),
    ("average_precision", |mask| mask.average_precision),
];

/// The means of the measures.
pub(super) fn summary(masks: &[Segmented]) -> String {
    let mean = |of: &dyn Fn(&Segmented) -> Option<f64>| {
        let known: Vec<f64> = masks.iter().filter_map(of).collect();
        let count = known.len();
        (known.iter().sum::<f64>() / count.max(1) as f64, count)
    };
    if masks.iter().all(|mask| mask.counts.is_none()) {
        let (area, count) = mean(&|mask| Some(mask.area));
        return format!(
            "{count} masks that cover {area:.3} of their images on average; the set has no true masks to compare with"
        );
    }
    let words = MEASURES.map(|(name, measure)| {
        let (mean, count) = mean(&measure);
        format!("{} {mean:.4} ({count})", name.replace('_', " "))
    });
    format!("means over images (how many): {}", words.join(", "))
}

/// The measures that released code prints: over the pixels of all images at once.
pub(super) fn as_published(masks: &[Segmented]) -> Option<String> {
    let mut all = Counts::default();
    let known: Vec<Counts> = masks.iter().filter_map(|mask| mask.counts).collect();
    known.iter().for_each(|counts| all.add(*counts));
    (!known.is_empty()).then(|| {
        format!(
            "over the pixels of all images at once, as published: pixel accuracy {:.4}, foreground IoU {:.4} (published \
             under the name mIoU)",
            all.accuracy(),
            all.foreground_iou()
        )
    })
}
