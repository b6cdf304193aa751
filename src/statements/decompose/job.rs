//! The work of a decomposition, part by part.
//!
//! Each worker decodes, prepares and runs whole batches with single-threaded matrix products, which is faster on every
//! machine measured than splitting each product over the cores; and batches are cut by row number alone, so that the
//! store does not depend on how many workers there are, or on where an interrupted run went on. A model on another device
//! takes their batches one after the other while the others decode.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use candle_core::{Device, Tensor};
use rayon::ThreadPool;

use crate::decompose::{LastLayers, RowSpec, Rows};
use crate::desk::DeskError;
use crate::desk::cores::workers::{spread, workers};
use crate::desk::models::loaded::LoadedModel;
use crate::store::{ImageSet, Skipped, StoreError, Writer};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// What one batch came to.
type Batch = Result<(Rows, Vec<Skipped>), DeskError>;

/// What workers work on.
pub(super) struct Job<'a> {
    /// The model.
    pub loaded: &'a LoadedModel,
    /// The images.
    pub images: &'a ImageSet,
    /// The layers that keep their components, if not all do.
    pub last: Option<LastLayers>,
    /// Images that go through the model together.
    pub batch: usize,
    /// Stops the work.
    pub cancel: &'a Cancel,
}

impl Job<'_> {
    /// What is stored of every image: the components, and how wide their rows are.
    pub fn specs(&self) -> &[RowSpec] {
        let all = self.loaded.decomposer.specs();
        self.last.as_ref().map_or(all, LastLayers::specs)
    }

    /// The map of each component.
    pub fn maps(&self) -> &[Tensor] {
        let all = self.loaded.decomposer.maps();
        self.last.as_ref().map_or(all, LastLayers::maps)
    }

    /// Decodes, prepares and decomposes the images `range`.
    fn rows(&self, range: Range<usize>) -> Batch {
        let preprocess = &self.loaded.checkpoint.preprocess;
        let (mut ids, mut pixels, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for row in range {
            self.cancel.check()?;
            match self.images.decode(row) {
                Ok(image) => {
                    ids.push(row as u32);
                    pixels.extend(preprocess.apply(&image));
                }
                Err(StoreError::Image { image, why }) => {
                    skipped.push(Skipped {
                        id: row as u32,
                        image,
                        reason: why,
                    });
                }
                Err(error) => return Err(error.into()),
            }
        }
        if ids.is_empty() {
            return Ok((Rows::default(), skipped));
        }
        let (height, width) = preprocess
            .output()
            .expect("checked when the checkpoint was opened");
        let pixels = Tensor::from_vec(pixels, (ids.len(), 3, height, width), &Device::Cpu)?;
        let decomposer = &self.loaded.decomposer;
        let rows = decomposer.rows_until(&pixels, ids, self.cancel)?;
        let rows = match &self.last {
            Some(last) => last.rows(rows)?,
            None => rows,
        };
        Ok((rows, skipped))
    }
}

/// Computes and writes what is missing: a part is encoded, summed up and brought to the disk while the next one is computed.
pub(super) fn parts(
    job: &Job<'_>,
    writer: &mut Writer,
    progress: &dyn Progress,
) -> Result<(), DeskError> {
    let workers = workers()?;
    let missing: Vec<Range<usize>> = writer.missing().collect();
    let mut computed: Option<(Rows, Vec<Skipped>)> = None;
    for range in missing {
        let next = thread::scope(|scope| {
            let writer = &mut *writer;
            let writing = computed
                .take()
                .map(|(rows, skipped)| scope.spawn(move || writer.write(&rows, &skipped)));
            let next = part(&workers, job, range, progress);
            if let Some(writing) = writing {
                writing
                    .join()
                    .unwrap_or_else(|panic| resume_unwind(panic))?;
            }
            next
        });
        computed = Some(next?);
    }
    if let Some((rows, skipped)) = computed {
        writer.write(&rows, &skipped)?;
    }
    Ok(())
}

/// The rows of one part, batches in order.
fn part(
    workers: &[ThreadPool],
    job: &Job<'_>,
    part: Range<usize>,
    progress: &dyn Progress,
) -> Batch {
    let size = job.batch.max(1);
    let starts: Vec<usize> = part.clone().step_by(size).collect();
    let images_done = AtomicUsize::new(part.start);
    let work = |start: usize| {
        let end = (start + size).min(part.end);
        let batch = job.rows(start..end);
        let done = images_done.fetch_add(end - start, Ordering::Relaxed) + end - start;
        progress.advance(done as u64);
        batch
    };
    let batches = spread(workers, &starts, &|| !job.cancel.requested(), &work);
    job.cancel.check()?;
    let (mut rows, mut skipped) = (Rows::default(), Vec::new());
    for (more, left_out) in batches? {
        if !more.is_empty() {
            rows.append(more);
        }
        skipped.extend(left_out);
    }
    if rows.slabs.is_empty() {
        rows.slabs = vec![Vec::new(); job.specs().len()];
    }
    Ok((rows, skipped))
}
