//! Fits CompAlign on cached contributions: trained epoch by epoch, stopped by held-out images.

use rayon::prelude::*;

use super::batches::{Images, Pool};
use super::error::AlignError;
use super::maps::Alignment;
use super::objective::alignment_loss;
use super::options::FitOptions;
use super::parameters::Parameters;
use super::procrustes::shared_map;
use super::random::Random;
use super::report::{EpochReport, FitReport};
use super::targets::Targets;
use super::trainer::Trainer;
use crate::contributions::{Contributions, Keep};
use crate::linalg::narrow;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Fits one map per component, and one bias, so that the mapped contributions sum to the targets' directions.
///
/// Rows are read part by part; at most about 256 MB of them is held at a time, besides those held out. The same seed,
/// images and number of threads give the same maps bit for bit; another number of threads may split matrix products
/// differently and change last bits, which thousands of steps carry on into differences that are small beside those
/// between two seeds.
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
    let report = report(
        contributions,
        &images,
        &held,
        &shared.mean_target,
        options.clone(),
        curve,
        best_epoch,
    );
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

/// What a fit says about itself; `mean_target` is what a fit that knows no image would give every one of them.
fn report(
    contributions: &dyn Contributions,
    images: &Images<'_>,
    held: &Pool,
    mean_target: &[f64],
    options: FitOptions,
    curve: Vec<EpochReport>,
    best_epoch: usize,
) -> FitReport {
    let width = mean_target.len();
    let mean: Vec<f32> = narrow(mean_target).repeat(held.len);
    FitReport {
        components: contributions
            .specs()
            .iter()
            .map(|spec| spec.component.to_string())
            .collect(),
        dim: contributions.dim(),
        width,
        images: images.len(),
        held_out_images: held.len,
        held_out_cosine: 1.0 - curve[best_epoch].held_out_alignment,
        baseline_cosine: 1.0 - alignment_loss(&mean, &held.targets, width),
        penalty: curve[best_epoch].penalty,
        best_epoch,
        curve,
        options,
    }
}
