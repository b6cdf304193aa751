//! `segment`: zero-shot masks of a concept, held against true masks where the set has them.

use std::ops::ControlFlow;

use image::{Rgb, RgbImage};
use polars::prelude::{Column, NamedFrom, Series};

use super::frames::{frame, numbers, texts, whole};
use super::map_set::{MapSet, Mapped};
use super::retrieve::metadata;
use super::{Desk, EngineError};
use crate::analysis::{Counts, average_precision, bounding_box, saliency, threshold};
use crate::interface::answer::{Answer, Captioned, Picture};
use crate::lang::query::Question;
use crate::picture::outline::outline;

/// How many images are shown.
const SHOWN: usize = 8;

/// Colours of a mask's outline and of the true one's.
const FOUND: Rgb<u8> = Rgb([255, 40, 160]);
const TRUE: Rgb<u8> = Rgb([60, 230, 60]);

/// An image's mask, in numbers.
struct Segmented {
    row: usize,
    /// Share of the image that the mask covers.
    area: f64,
    /// In shares of the largest value.
    threshold: f64,
    bounds: Option<[usize; 4]>,
    /// Against the true mask.
    counts: Option<Counts>,
    average_precision: Option<f64>,
    shown: Option<RgbImage>,
}

impl Desk<'_> {
    /// Masks as published (arXiv 2406.01583): what of the map lies above 0, in shares of its largest value,
    /// and above its mean.
    pub(super) fn segment(&mut self, question: &Question) -> Result<Answer, EngineError> {
        let [concept] = question.concepts.as_slice() else {
            return Err(EngineError::refused(
                "a mask is of one concept at a time",
                "name one concept after `for`",
            ));
        };
        let target = &question.targets[0];
        let mapped = self.map_set(question, target, concept)?;
        let rows = self.rows_to_map(&mapped, question)?;
        let shown = &rows[..rows.len().min(SHOWN)];
        let work = |row: usize| {
            let found = mapped.look(row, false)?;
            Ok(found.map(|found| Segmented::of(row, found, shown.contains(&row))))
        };
        let mut masks: Vec<Segmented> = Vec::new();
        let what = format!("segmenting {}", mapped.set.name());
        self.each_image(&what, &rows, &work, &mut |_, found| {
            masks.extend(found);
            Ok(ControlFlow::Continue(()))
        })?;
        let mut notes = mapped.notes.clone();
        notes.extend(fitted_note(&mapped, &rows));
        if masks.len() < rows.len() {
            let unread = rows.len() - masks.len();
            notes.push(match unread {
                1 => "1 image can't be read and was left out".to_owned(),
                _ => format!("{unread} images can't be read and were left out"),
            });
        }
        notes.push(summary(&masks));
        notes.extend(as_published(&masks));
        let pictures = pictures(&mut masks, &mapped);
        if !pictures.is_empty() {
            notes.push(match masks.iter().any(|mask| mask.counts.is_some()) {
                true => "the masks are outlined in pink, the true ones in green".to_owned(),
                false => "the masks are outlined in pink".to_owned(),
            });
        }
        Ok(Answer {
            title: Some(format!(
                "masks of {} in images of {} by {}",
                concept.label(),
                mapped.set.name(),
                target.model
            )),
            frame: frame(columns(&masks, &mapped)?)?,
            pictures: vec![Picture::Images(pictures)],
            notes,
            cached: false,
            ..Answer::default()
        })
    }

    /// The images that satisfy the question's condition, at most as many as its limit.
    fn rows_to_map(&self, mapped: &MapSet, question: &Question) -> Result<Vec<usize>, EngineError> {
        let keep = self.images_satisfying(&mapped.set, question)?;
        let rows = (0..keep.len()).filter(|&row| keep[row]);
        let rows: Vec<usize> = rows.take(question.limit.unwrap_or(usize::MAX)).collect();
        if rows.is_empty() {
            return Err(EngineError::refused(
                "no image satisfies the condition",
                "`show images` lists the columns there are, `describe` the values of a set's",
            ));
        }
        Ok(rows)
    }
}

/// Says that some of the images helped to fit the alignment.
pub(super) fn fitted_note(mapped: &MapSet, rows: &[usize]) -> Option<String> {
    let fitted = mapped.fitted(rows);
    (fitted > 0).then(|| {
        format!(
            "{fitted} of {} images are there to fit alignments on; a condition on `split` leaves them out",
            rows.len()
        )
    })
}

impl Segmented {
    fn of(row: usize, found: Mapped, shown: bool) -> Self {
        let salient = saliency(&found.pixels);
        let threshold = threshold(&salient);
        let mask: Vec<bool> = salient.iter().map(|&value| value > threshold).collect();
        let truth = found.truth.as_ref();
        let inside = mask.iter().filter(|inside| **inside).count();
        let shown = shown.then(|| {
            let mut image = found.seen;
            if let Some(truth) = truth {
                outline(&mut image, truth, TRUE);
            }
            outline(&mut image, &mask, FOUND);
            image
        });
        Self {
            row,
            area: inside as f64 / mask.len().max(1) as f64,
            threshold,
            bounds: bounding_box(&mask, found.pixels.cols),
            counts: truth.map(|truth| Counts::of(&mask, truth)),
            average_precision: truth.and_then(|truth| average_precision(&salient, truth)),
            shown,
        }
    }
}

/// One row per image: what was found, how well it fits where that is known, and the set's own columns.
fn columns(masks: &[Segmented], mapped: &MapSet) -> Result<Vec<Column>, EngineError> {
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

fn summary(masks: &[Segmented]) -> String {
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
fn as_published(masks: &[Segmented]) -> Option<String> {
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

fn pictures(masks: &mut [Segmented], mapped: &MapSet) -> Vec<Captioned> {
    let caption = |mask: &Segmented| {
        let name = format!("{}[{}]", mapped.set.name(), mask.row);
        match mask.counts {
            Some(counts) => format!("{name} iou {:.2}", counts.foreground_iou()),
            None => format!("{name} area {:.2}", mask.area),
        }
    };
    let shown = masks.iter_mut().filter_map(|mask| {
        let image = mask.shown.take()?;
        let caption = caption(mask);
        Some(Captioned { image, caption })
    });
    shown.collect()
}
