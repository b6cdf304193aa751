//! `decompose`: images in, pooled rows out, part by part.
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
use polars::prelude::DataFrame;
use rayon::ThreadPool;

use super::each_image::{spread, workers};
use super::library::Loaded;
use super::models::About;
use super::{Desk, EngineError, last};
use crate::decompose::{LastLayers, Rows};
use crate::interface::answer::Answer;
use crate::kernels::Numbers;
use crate::lang::ast;
use crate::store::{Header, ImageSet, PART_ROWS, Precision, Skipped, Writer};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Images that go through a model on the CPU together, unless the user says otherwise.
const BATCH: usize = 8;

/// Those that go through a model on another device together: it takes many to keep a GPU's cores at work.
const BATCH_ELSEWHERE: usize = 32;

/// What one batch came to.
type Batch = Result<(Rows, Vec<Skipped>), EngineError>;

impl Desk<'_> {
    /// Decomposes `set` with `model`, going on where an earlier run stopped.
    pub(super) fn decompose(
        &mut self,
        set: &str,
        model: &str,
        options: &Options,
    ) -> Result<Answer, EngineError> {
        let images = self.store.set(set)?;
        let entry = self.store.model(model)?;
        let forward = options.forward;
        let library = &mut self.library;
        let loaded = library.model_multiplying(self.store, model, forward)?;
        let on_cpu = loaded.decomposer.is_on_cpu();
        let about = About::of(&entry)?;
        let last = match last::fewer(&about, options.last_layers) {
            Some(count) => Some(LastLayers::new(
                &loaded.decomposer,
                &last::is_kept(&about, count),
            )?),
            None => None,
        };
        let job = Job {
            loaded: &loaded,
            images: &images,
            last,
            batch: options.batch.unwrap_or(match on_cpu {
                true => BATCH,
                false => BATCH_ELSEWHERE,
            }),
            cancel: self.cancel,
        };
        let header = header(&job, entry.fingerprint, options)?;
        let mut writer = self.store.begin(model, set, &header)?;
        let mut notes = begun_notes(&writer);
        notes.extend(label(model, forward));
        if on_cpu && !forward.is_native() {
            notes.push(format!(
                "this CPU has no instructions for {forward}: the numbers are the same, and no time is saved"
            ));
        }
        let was_complete = writer.pending().is_none();
        self.progress.start(
            &format!("decomposing {set} with {model}"),
            images.len() as u64,
        );
        self.progress.advance(writer.next_row() as u64);
        parts(&job, &mut writer, self.progress)?;
        self.progress.finish();
        let done = writer.finish()?;
        notes.push(match was_complete {
            true => format!(
                "{set} is decomposed with {model} already: {} images",
                done.len()
            ),
            false => format!("decomposed {} images of {set} with {model}", done.len()),
        });
        notes.extend(skipped_notes(
            &done.manifest().skipped().cloned().collect::<Vec<_>>(),
        ));
        Ok(Answer {
            notes,
            cached: was_complete,
            ..Answer::default()
        })
    }
}

/// How rows are stored, as a statement says it.
pub(super) fn kept_as(said: Option<ast::Precision>) -> Precision {
    match said {
        Some(ast::Precision::F16) => Precision::F16,
        _ => Precision::F32,
    }
}

impl Desk<'_> {
    /// What the forward pass of a stored decomposition multiplied; f32 where there is none.
    pub(super) fn multiplied(&self, model: &str, set: &str) -> Numbers {
        let done = self.store.decomposition(model, set);
        done.map_or(Numbers::F32, |done| done.manifest().forward)
    }
}

/// What answers say of contributions whose forward pass did not multiply f32.
pub(super) fn label(model: &str, forward: Numbers) -> Option<String> {
    (forward != Numbers::F32)
        .then(|| format!("{model}: contributions of a forward pass in {forward}"))
}

/// How a set is decomposed.
pub(super) struct Options {
    /// How rows are stored.
    pub precision: Precision,
    /// What the linear layers of the forward pass multiply.
    pub forward: Numbers,
    /// Images that go through the model together.
    pub batch: Option<usize>,
    /// How many layers, from the last, keep their components; all by default.
    pub last_layers: Option<usize>,
}

fn header(
    job: &Job<'_>,
    model_fingerprint: String,
    options: &Options,
) -> Result<Header, EngineError> {
    let loaded = job.loaded;
    let decomposer = &loaded.decomposer;
    let (specs, maps) = match &job.last {
        Some(last) => (last.specs(), last.maps()),
        None => (decomposer.specs(), decomposer.maps()),
    };
    let maps = maps.iter().map(|map| map.flatten_all()?.to_vec1());
    Ok(Header {
        model_fingerprint,
        preprocessing: loaded.checkpoint.preprocess.describe(),
        precision: options.precision,
        forward: options.forward,
        dims: decomposer.dim()?,
        specs: specs.to_vec(),
        maps: maps.collect::<candle_core::Result<_>>()?,
        columns: DataFrame::default(),
        part_rows: PART_ROWS,
    })
}

fn begun_notes(writer: &Writer) -> Vec<String> {
    let begun = writer.begun();
    let mut notes = begun.damaged.clone();
    notes.extend(
        begun
            .stale
            .iter()
            .map(|why| format!("starting anew: {why}")),
    );
    if begun.resumed > 0 && writer.pending().is_some() {
        notes.push(format!(
            "going on after the {} images that are stored already",
            begun.resumed
        ));
    }
    notes
}

fn skipped_notes(skipped: &[Skipped]) -> Vec<String> {
    const NAMED: usize = 5;
    let Some(first) = skipped.first() else {
        return Vec::new();
    };
    if skipped.len() == 1 {
        return vec![format!(
            "1 image was skipped: {} ({})",
            first.image, first.reason
        )];
    }
    let named = skipped.iter().take(NAMED);
    let names: Vec<String> = named
        .map(|s| format!("{} ({})", s.image, s.reason))
        .collect();
    let more = skipped.len().saturating_sub(NAMED);
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    vec![format!(
        "{} images were skipped: {}{tail}",
        skipped.len(),
        names.join("; ")
    )]
}

/// What workers work on.
struct Job<'a> {
    loaded: &'a Loaded,
    images: &'a ImageSet,
    /// The layers that keep their components, if not all do.
    last: Option<LastLayers>,
    batch: usize,
    cancel: &'a Cancel,
}

impl Job<'_> {
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
                Err(crate::store::StoreError::Image { image, why }) => {
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
fn parts(job: &Job<'_>, writer: &mut Writer, progress: &dyn Progress) -> Result<(), EngineError> {
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
        let all = job.loaded.decomposer.specs();
        let specs = job.last.as_ref().map_or(all, LastLayers::specs);
        rows.slabs = vec![Vec::new(); specs.len()];
    }
    Ok((rows, skipped))
}
