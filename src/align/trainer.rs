//! What a fit trains, and its steps: Adam with the objective's closed-form gradients.

use candle_core::Tensor;
use rayon::prelude::*;

use super::adam::Adam;
use super::batches::{Images, Pool};
use super::error::AlignError;
use super::objective::{alignment_gradient, alignment_loss, deviation};
use super::options::{FitOptions, Start};
use super::parameters::Parameters;
use super::procrustes::SharedMap;
use super::random::Random;
use super::report::EpochReport;
use crate::contributions::take_rows;
use crate::linalg::{matrix, matrix_of, narrow, product, transposed_product, values};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Held-out images whose totals are computed at a time.
const REPORTED: usize = 256;

/// What is trained.
#[derive(Clone)]
pub(super) struct Maps {
    pub each: Vec<Vec<f32>>,
    pub bias: Vec<f32>,
}

impl Maps {
    /// Makes these the same as `other`, where they are.
    pub(super) fn copy_from(&mut self, other: &Self) {
        let each = self.each.iter_mut().zip(&other.each);
        each.for_each(|(own, other)| own.copy_from_slice(other));
        self.bias.copy_from_slice(&other.bias);
    }
}

/// The maps of a fit in training.
pub(super) struct Trainer<'a> {
    parameters: &'a Parameters<'a>,
    width: usize,
    options: &'a FitOptions,
    pub maps: Maps,
    adam: Vec<Adam>,
    bias_adam: Adam,
    steps: i32,
    seen: f64,
}

impl<'a> Trainer<'a> {
    pub(super) fn new(
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
    pub(super) fn epoch(
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
        let x = matrix(take_rows(&pool.features, features, rows), count, features);
        let targets = take_rows(&pool.targets, width, rows);
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

    /// The penalty of the maps as they are.
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

    /// How the maps do on the held-out images after `epoch`, whose mean loss terms in training are `train`.
    pub(super) fn report(
        &self,
        epoch: usize,
        train: Option<(f64, f64)>,
        held: &Pool,
    ) -> EpochReport {
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
    pub(super) fn loss_of(&self, report: &EpochReport) -> f64 {
        report.held_out_alignment + self.options.lambda * report.penalty
    }
}

/// Share of the peak learning rate after `done` of all steps: a short rise, then half a cosine.
fn schedule(done: f64) -> f64 {
    let rise = (done / 0.05).clamp(0.02, 1.0);
    rise * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
}
