//! Fits CompAlign on cached contributions: Adam with closed-form gradients, stopped by held-out images.

use candle_core::Tensor;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::batches::{Images, Pool};
use super::objective::{alignment_gradient, alignment_loss, deviation};
use super::parameters::Parameters;
use super::start::{SharedMap, shared_map};
use super::{Alignment, EpochReport, FitReport, Random, Targets};
use crate::contributions::{Contributions, Keep, ReadError};
use crate::linalg::{matrix, matrix_of, narrow, product, transposed_product, values};
use crate::work::cancel::{Cancel, Cancelled};
use crate::work::progress::Progress;

pub use super::batches::held_out;

/// ReadOnly-out images whose totals are computed at a time.
const REPORTED: usize = 256;

/// Where the maps begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Every entry from N(0, 0.02²), as published.
    Gaussian,
    /// One orthogonal map for all components, the closest that carries z to the targets.
    Procrustes,
}

/// How to fit. [`Default`] is right for most; what is `None` is chosen from the number of images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitOptions {
    /// Weight of the orthogonality penalty.
    pub lambda: f64,
    /// Decides the held-out images, the start and the order of the batches.
    pub seed: u64,
    /// Images per step.
    pub batch: Option<usize>,
    /// Most passes over the training images.
    pub epochs: Option<usize>,
    /// Adam's learning rate at its peak; it rises over the first twentieth of the steps and falls along a cosine. The
    /// published one is a constant 3e-4 (for K = 768).
    pub learning_rate: Option<f64>,
    /// L2 penalty on all entries, as Adam has it.
    pub weight_decay: f64,
    /// Share of the images held out.
    pub held_out: f64,
    /// Stop after this many epochs without a lower held-out loss.
    pub patience: Option<usize>,
    /// Where the maps begin.
    pub start: Start,
    /// The penalty's gradient is taken at every so manieth step only, and counts as often then: on average it is the same,
    /// and where maps are large it is most of the work. Components take turns.
    #[serde(default)]
    pub penalty_every: Option<usize>,
}

impl Default for FitOptions {
    /// λ, weight decay and start are the published ones.
    fn default() -> Self {
        Self {
            lambda: 1.0,
            seed: 0,
            batch: None,
            epochs: None,
            learning_rate: None,
            weight_decay: 1e-6,
            held_out: 0.1,
            patience: None,
            start: Start::Gaussian,
            penalty_every: None,
        }
    }
}

impl FitOptions {
    /// Fills in what was left open, for `images` training images and embeddings of `width`.
    ///
    /// Entries of an orthonormal map are about 1/√K, and Adam moves each by about the rate per step, so the rate goes
    /// with 1/√K: on a small DINOv2 (K = 128, 1,600 images) the held-out cosine reaches 0.75 where the published rate
    /// gets to 0.68. 1,500 steps come within 0.01 of the cosine of 4,000 on all of the demo's models.
    ///
    /// The penalty is left out of steps only where it costs more than the rest of a step, and then of at most three out of
    /// four: Adam's momentum averages over ten.
    fn resolved(&self, images: usize, parameters: &Parameters<'_>, width: usize) -> Self {
        let batch = self
            .batch
            .unwrap_or_else(|| (images / 8).clamp(16, 256))
            .clamp(1, images);
        let steps = images.div_ceil(batch);
        let (penalty, rest) = parameters.cost(batch);
        let every = (penalty / rest).round().clamp(1.0, 4.0) as usize;
        let epochs = self
            .epochs
            .unwrap_or_else(|| 1500usize.div_ceil(steps).clamp(2, 150));
        Self {
            batch: Some(batch),
            epochs: Some(epochs),
            learning_rate: Some(
                self.learning_rate
                    .unwrap_or_else(|| 0.05 / (width as f64).sqrt()),
            ),
            patience: Some(self.patience.unwrap_or_else(|| (epochs / 5).max(1))),
            penalty_every: Some(self.penalty_every.unwrap_or(every).max(1)),
            ..self.clone()
        }
    }
}

/// Why a fit gave no maps.
#[derive(Debug, thiserror::Error)]
pub enum AlignError {
    /// Stopped by the user.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Rows or targets could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Nothing to train on, or nothing to hold out.
    #[error("an alignment needs at least 2 images, one of them held out; {0} take part")]
    TooFewImages(usize),
    /// Targets of the wrong shape.
    #[error("{got} target numbers came for {images} images; embeddings of {width} need {}", images * width)]
    TargetShape {
        /// Images asked for.
        images: usize,
        /// Width of an embedding.
        width: usize,
        /// Numbers that came.
        got: usize,
    },
    /// A target that is zero or not finite.
    #[error(
        "the target embedding of image {0} has no direction (it is zero or not finite); decompose it again"
    )]
    NoDirection(u32),
    /// The loss stopped being a number.
    #[error(
        "the loss is no longer finite in epoch {0}; a lower learning rate, or a smaller lambda, keeps it stable"
    )]
    Diverged(usize),
}

/// Fits one map per component, and one bias, so that the mapped contributions sum to the targets' directions.
///
/// Rows are read part by part; at most about 256 MB of them is held at a time, besides those held out. The same seed, images and number of
/// threads give the same maps bit for bit; another number of threads may split matrix products differently and change
/// last bits, which thousands of steps carry on into differences that are small beside those between two seeds.
///
/// # Errors
/// [`AlignError`] when reading fails, too few images take part, the loss diverges, or the fit is cancelled.
pub fn fit(
    contributions: &dyn Contributions,
    targets: &dyn Targets,
    keep: Keep<'_>,
    options: &FitOptions,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Alignment, AlignError> {
    let (dim, width) = (contributions.dim(), targets.dim());
    let parameters = Parameters::new(contributions, width);
    let (share, seed) = (options.held_out, options.seed);
    let images = Images::new(contributions, targets, &parameters, keep, share, seed)?;
    let options = options.resolved(images.len(), &parameters, width);
    let mut random = Random::new(options.seed);
    let shared = shared_map(
        &images,
        dim,
        width,
        &mut random,
        options.start,
        cancel,
        progress,
    )?;
    let held = images.held_out(cancel, progress)?;
    let mut trainer = Trainer::new(&parameters, width, &options, &shared, &mut random);

    let mut curve = vec![trainer.report(0, None, &held)];
    let mut best = (0, trainer.loss_of(&curve[0]), trainer.maps.clone());
    let epochs = options.epochs.expect("resolved");
    let patience = options.patience.expect("resolved");
    let all_steps = (epochs * images.len()) as f64;
    progress.start("align", (epochs * images.len()) as u64);
    let mut kept_pool = None;
    for epoch in 1..=epochs {
        let train = trainer.epoch(
            epoch,
            all_steps,
            &images,
            &mut kept_pool,
            &mut random,
            cancel,
            progress,
        )?;
        let report = trainer.report(epoch, Some(train), &held);
        let loss = trainer.loss_of(&report);
        curve.push(report);
        if !loss.is_finite() {
            return Err(AlignError::Diverged(epoch));
        }
        if loss < best.1 {
            (best.0, best.1) = (epoch, loss);
            best.2.copy_from(&trainer.maps);
        } else if epoch - best.0 >= patience {
            break;
        }
    }
    progress.finish();

    // Adam's moments are twice as large as the maps that are left.
    drop((trainer, kept_pool));
    let (best_epoch, _, maps) = best;
    let mean: Vec<f32> = narrow(&shared.mean_target).repeat(held.len);
    let report = FitReport {
        components: contributions
            .specs()
            .iter()
            .map(|spec| spec.component.to_string())
            .collect(),
        dim,
        width,
        images: images.len(),
        held_out_images: held.len,
        held_out_cosine: 1.0 - curve[best_epoch].held_out_alignment,
        baseline_cosine: 1.0 - alignment_loss(&mean, &held.targets, width),
        penalty: curve[best_epoch].penalty,
        best_epoch,
        curve,
        options: options.clone(),
    };
    Ok(Alignment {
        dim,
        width,
        maps: (maps.each.into_par_iter().enumerate())
            .map(|(i, map)| parameters.to_map(i, map).into())
            .collect(),
        bias: maps.bias,
        report: Some(report),
    })
}

/// What is trained.
#[derive(Clone)]
struct Maps {
    each: Vec<Vec<f32>>,
    bias: Vec<f32>,
}

impl Maps {
    /// Makes these the same as `other`, where they are.
    fn copy_from(&mut self, other: &Self) {
        let each = self.each.iter_mut().zip(&other.each);
        each.for_each(|(own, other)| own.copy_from_slice(other));
        self.bias.copy_from_slice(&other.bias);
    }
}

/// Adam's running moments of one group of numbers.
struct Adam {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Adam {
    fn new(count: usize) -> Self {
        Self {
            first: vec![0.0; count],
            second: vec![0.0; count],
        }
    }

    /// One step (Kingma and Ba 2015, β = 0.9, 0.999, ε = 1e-8), with `corrected` the bias corrections of this step.
    fn step(&mut self, values: &mut [f32], gradient: &[f32], rate: f32, corrected: [f32; 2]) {
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, &slope), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
            *first += 0.1 * (slope - *first);
            *second += 0.001 * (slope * slope - *second);
            let length = (*second / corrected[1]).sqrt() + 1e-8;
            *value -= rate * (*first / corrected[0]) / length;
        }
    }
}

struct Trainer<'a> {
    parameters: &'a Parameters<'a>,
    width: usize,
    options: &'a FitOptions,
    maps: Maps,
    adam: Vec<Adam>,
    bias_adam: Adam,
    steps: i32,
    seen: f64,
}

impl<'a> Trainer<'a> {
    fn new(
        parameters: &'a Parameters<'a>,
        width: usize,
        options: &'a FitOptions,
        shared: &SharedMap,
        random: &mut Random,
    ) -> Self {
        let components = 0..parameters.components();
        let maps = match options.start {
            Start::Procrustes => Maps {
                each: components
                    .map(|i| parameters.reached_of(i, &shared.map))
                    .collect(),
                bias: narrow(&shared.bias),
            },
            Start::Gaussian => Maps {
                each: components.map(|i| parameters.gaussian(i, random)).collect(),
                bias: (0..width)
                    .map(|_| (0.02 * random.normal()) as f32)
                    .collect(),
            },
        };
        Self {
            adam: maps.each.iter().map(|map| Adam::new(map.len())).collect(),
            bias_adam: Adam::new(width),
            parameters,
            width,
            options,
            maps,
            steps: 0,
            seen: 0.0,
        }
    }

    /// Trains on every image once; gives the mean loss terms over the steps.
    #[expect(
        clippy::too_many_arguments,
        reason = "what is trained on, how far it has come, who listens"
    )]
    fn epoch(
        &mut self,
        epoch: usize,
        all: f64,
        images: &Images<'_>,
        kept: &mut Option<Pool>,
        random: &mut Random,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<(f64, f64), AlignError> {
        let groups = images.groups(random);
        let (mut terms, mut seen) = ((0.0, 0.0), 0.0);
        for group in &groups {
            // A set that fits in one pool is read once, not once per epoch.
            let pool = match kept.take() {
                Some(pool) => pool,
                None => images.training(group, cancel)?,
            };
            let mut order: Vec<usize> = (0..pool.len).collect();
            random.shuffle(&mut order);
            let batches = pool.len.div_ceil(self.options.batch.expect("resolved"));
            for b in 0..batches {
                cancel.check()?;
                let rows = &order[b * pool.len / batches..(b + 1) * pool.len / batches];
                let done = (self.seen / all).min(1.0);
                let (alignment, penalty) = self.step(&pool, rows, done, cancel);
                cancel.check()?;
                if !(alignment + penalty).is_finite() {
                    return Err(AlignError::Diverged(epoch));
                }
                let weight = rows.len() as f64;
                terms = (terms.0 + alignment * weight, terms.1 + penalty * weight);
                seen += weight;
                self.seen += weight;
                progress.advance(self.seen as u64);
            }
            if groups.len() == 1 {
                *kept = Some(pool);
            }
        }
        Ok((terms.0 / seen, terms.1 / seen))
    }

    /// One Adam step on the images `rows` of the pool; the loss terms before it, the penalty as estimated from the components
    /// whose turn it is. Left unfinished when cancelled.
    fn step(&mut self, pool: &Pool, rows: &[usize], done: f64, cancel: &Cancel) -> (f64, f64) {
        let (width, count) = (self.width, rows.len());
        let features = self.parameters.features();
        let x = matrix(
            crate::contributions::take_rows(&pool.features, features, rows),
            count,
            features,
        );
        let targets = crate::contributions::take_rows(&pool.targets, width, rows);
        let mut sums = self.sums(&x, &self.parameters.stacked(&self.maps.each));
        let alignment = alignment_gradient(&mut sums, &targets, width);
        let mut bias_gradient = vec![0.0f32; width];
        for row in sums.chunks_exact(width) {
            bias_gradient.iter_mut().zip(row).for_each(|(g, v)| *g += v);
        }
        let stacked: Vec<f32> = values(&transposed_product(&x, &matrix(sums, count, width)));
        let shares = self.parameters.split(&stacked);

        self.steps += 1;
        let corrected = [
            1.0 - 0.9f32.powi(self.steps),
            1.0 - 0.999f32.powi(self.steps),
        ];
        let rate = self.options.learning_rate.expect("resolved") * schedule(done);
        let decay = self.options.weight_decay as f32;
        let parameters = self.parameters;
        let per_penalty = self.options.lambda / (shares.len() * width) as f64;
        let every = self.options.penalty_every.expect("resolved");
        let (pull, turn) = (
            (4.0 * per_penalty) as f32 * every as f32,
            self.steps as usize,
        );
        let trained = self.maps.each.par_iter_mut().zip(&mut self.adam);
        let squares: f64 = trained
            .zip(shares)
            .enumerate()
            .map(|(i, ((map, adam), share))| {
                if cancel.requested() {
                    return 0.0;
                }
                let mut gradient = parameters.gradient(i, share);
                let rows = parameters.rows(i);
                let mut squares = 0.0;
                if (turn + i).is_multiple_of(every) {
                    let tensor = matrix_of(map, rows, width);
                    let (square, slope) = deviation(&tensor, rows, width, true);
                    for (g, s) in gradient.iter_mut().zip(&slope) {
                        *g += pull * s;
                    }
                    squares = (square + parameters.excess(i)) * every as f64;
                }
                for (g, w) in gradient.iter_mut().zip(map.iter()) {
                    *g += decay * w;
                }
                adam.step(map, &gradient, rate as f32, corrected);
                squares
            })
            .collect::<Vec<f64>>()
            .iter()
            .sum();
        for (g, w) in bias_gradient.iter_mut().zip(&self.maps.bias) {
            *g += decay * w;
        }
        self.bias_adam
            .step(&mut self.maps.bias, &bias_gradient, rate as f32, corrected);
        let components = self.parameters.components();
        (alignment, squares / (components * width) as f64)
    }

    /// Aligned totals `[B, K]` of feature rows `x`, given what they are multiplied with.
    fn sums(&self, x: &Tensor, stacked: &Tensor) -> Vec<f32> {
        let mut sums: Vec<f32> = values(&product(x, stacked));
        for row in sums.chunks_exact_mut(self.width) {
            row.iter_mut()
                .zip(&self.maps.bias)
                .for_each(|(v, b)| *v += b);
        }
        sums
    }

    fn penalty(&self) -> f64 {
        let width = self.width;
        let squares: Vec<f64> = (self.maps.each.par_iter().enumerate())
            .map(|(i, map)| {
                let rows = self.parameters.rows(i);
                let tensor = matrix_of(map, rows, width);
                deviation(&tensor, rows, width, false).0 + self.parameters.excess(i)
            })
            .collect();
        squares.iter().sum::<f64>() / (squares.len() * width) as f64
    }

    fn report(&self, epoch: usize, train: Option<(f64, f64)>, held: &Pool) -> EpochReport {
        let features = self.parameters.features();
        let stacked = self.parameters.stacked(&self.maps.each);
        // A copy of all of them would be as large as they are.
        let some = held.features.chunks((REPORTED * features).max(1));
        let sums = some.flat_map(|some| {
            let x = matrix_of(some, some.len() / features, features);
            self.sums(&x, &stacked)
        });
        let sums: Vec<f32> = sums.collect();
        EpochReport {
            epoch,
            train_alignment: train.map(|terms| terms.0),
            train_penalty: train.map(|terms| terms.1),
            held_out_alignment: alignment_loss(&sums, &held.targets, self.width),
            penalty: self.penalty(),
        }
    }

    /// The objective on the held-out images: what the stopping point is chosen by.
    fn loss_of(&self, report: &EpochReport) -> f64 {
        report.held_out_alignment + self.options.lambda * report.penalty
    }
}

/// Share of the peak learning rate after `done` of all steps: a short rise, then half a cosine.
fn schedule(done: f64) -> f64 {
    let rise = (done / 0.05).clamp(0.02, 1.0);
    rise * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
}
