//! Feeds a fit: which images are trained on and which are held out, and shuffled batches from parts read in turn.

use std::collections::HashSet;

use super::error::AlignError;
use super::parameters::Parameters;
use super::random::{Random, splitmix64};
use super::targets::Targets;
use crate::contributions::{Contributions, Keep, read_kept, read_kept_with_z};
use crate::work::cancel::Cancel;
use crate::work::progress::{Progress, Silent};

/// Numbers a pool of features may hold (256 MB in f32): parts are shuffled together up to this.
const POOL: usize = 1 << 26;
/// Held-out images are kept in memory; more of them would not make the stopping point noticeably surer.
const MOST_HELD_OUT: usize = 2048;

/// Features and unit-length targets of some images, in memory.
#[derive(Default)]
pub(super) struct Pool {
    /// `[len, features]`.
    pub features: Vec<f32>,
    /// `[len, K]`.
    pub targets: Vec<f32>,
    /// Images.
    pub len: usize,
}

/// The images of a fit.
pub(super) struct Images<'a> {
    contributions: &'a dyn Contributions,
    targets: &'a dyn Targets,
    parameters: &'a Parameters<'a>,
    keep: Keep<'a>,
    held_out: HashSet<u32>,
    /// Training images of each part.
    counts: Vec<usize>,
}

/// The images that a fit with this seed and share holds out, out of `ids`: those whose seeded hash is least, so that
/// the choice depends neither on their order nor on how they are spread over parts. At least one, at most 2,048 and
/// never all.
#[must_use]
pub fn held_out(ids: &[u32], share: f64, seed: u64) -> Vec<u32> {
    let mut hashed: Vec<(u64, u32)> = ids
        .iter()
        .map(|&id| {
            let mut state = seed ^ (u64::from(id) << 20);
            (splitmix64(&mut state), id)
        })
        .collect();
    let wanted = (share * ids.len() as f64).round() as usize;
    let most = ids.len().saturating_sub(1).min(MOST_HELD_OUT);
    hashed.sort_unstable();
    hashed.truncate(wanted.max(1).min(most));
    hashed.into_iter().map(|(_, id)| id).collect()
}

impl<'a> Images<'a> {
    /// Reads the ids of all parts and draws the held-out images.
    pub(super) fn new(
        contributions: &'a dyn Contributions,
        targets: &'a dyn Targets,
        parameters: &'a Parameters<'a>,
        keep: Keep<'a>,
        share: f64,
        seed: u64,
    ) -> Result<Self, AlignError> {
        let mut by_part = Vec::with_capacity(contributions.parts());
        for part in 0..contributions.parts() {
            by_part.push(read_kept(contributions, part, Some(&[]), keep)?.ids);
        }
        let all: Vec<u32> = by_part.iter().flatten().copied().collect();
        if all.len() < 2 {
            return Err(AlignError::TooFewImages(all.len()));
        }
        let held_out: HashSet<u32> = held_out(&all, share, seed).into_iter().collect();
        let trained = |ids: &Vec<u32>| ids.iter().filter(|id| !held_out.contains(id)).count();
        Ok(Self {
            contributions,
            targets,
            parameters,
            keep,
            counts: by_part.iter().map(trained).collect(),
            held_out,
        })
    }

    /// Images trained on.
    pub(super) fn len(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The parts in a shuffled order, in groups that fit in memory together.
    pub(super) fn groups(&self, random: &mut Random) -> Vec<Vec<usize>> {
        let mut parts: Vec<usize> = (0..self.counts.len())
            .filter(|&p| self.counts[p] > 0)
            .collect();
        random.shuffle(&mut parts);
        let room = POOL / (self.parameters.features() + self.targets.dim());
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut filled = usize::MAX;
        for part in parts {
            if filled.saturating_add(self.counts[part]) > room {
                groups.push(Vec::new());
                filled = 0;
            }
            groups
                .last_mut()
                .expect("a group was just opened")
                .push(part);
            filled += self.counts[part];
        }
        groups
    }

    /// The training images of some parts.
    pub(super) fn training(&self, parts: &[usize], cancel: &Cancel) -> Result<Pool, AlignError> {
        self.load(parts, false, cancel, &Silent)
    }

    /// All held-out images.
    pub(super) fn held_out(
        &self,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Pool, AlignError> {
        let parts: Vec<usize> = (0..self.counts.len()).collect();
        progress.start("held-out images", parts.len() as u64);
        let pool = self.load(&parts, true, cancel, progress)?;
        progress.finish();
        Ok(pool)
    }

    fn load(
        &self,
        parts: &[usize],
        held: bool,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Pool, AlignError> {
        let mut pool = Pool::default();
        let most = if held {
            self.held_out.len()
        } else {
            parts.iter().map(|&part| self.counts[part]).sum()
        };
        pool.features
            .reserve_exact(most * self.parameters.features());
        for (done, &part) in parts.iter().enumerate() {
            cancel.check()?;
            progress.advance(done as u64);
            let wanted = |id: u32| (self.keep)(id) && self.held_out.contains(&id) == held;
            let rows = read_kept(self.contributions, part, None, &wanted)?;
            if rows.is_empty() {
                continue;
            }
            pool.len += rows.len();
            self.parameters.add_features(&rows, &mut pool.features);
            pool.targets.extend(self.unit_targets(&rows.ids)?);
        }
        Ok(pool)
    }

    /// Representation z `[n, D]` and unit targets `[n, K]` of a part's training images, for the start.
    pub(super) fn representation(&self, part: usize) -> Result<(Vec<f32>, Vec<f32>), AlignError> {
        let wanted = |id: u32| (self.keep)(id) && !self.held_out.contains(&id);
        let rows = read_kept_with_z(self.contributions, part, Some(&[]), &wanted)?;
        let targets = self.unit_targets(&rows.ids)?;
        Ok((rows.z, targets))
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.counts.len()
    }

    fn unit_targets(&self, ids: &[u32]) -> Result<Vec<f32>, AlignError> {
        let mut targets = self.targets.read(ids)?;
        let width = self.targets.dim();
        if targets.len() != ids.len() * width {
            return Err(AlignError::TargetShape {
                images: ids.len(),
                width,
                got: targets.len(),
            });
        }
        for (row, &id) in targets.chunks_exact_mut(width).zip(ids) {
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            if !(length > 0.0 && length.is_finite()) {
                return Err(AlignError::NoDirection(id));
            }
            row.iter_mut().for_each(|v| *v /= length);
        }
        Ok(targets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_out_images_do_not_depend_on_order() {
        let ids: Vec<u32> = (0..1000).collect();
        let reversed: Vec<u32> = ids.iter().rev().copied().collect();
        let chosen = held_out(&ids, 0.1, 5);
        assert_eq!(chosen.len(), 100);
        assert_eq!(chosen, held_out(&reversed, 0.1, 5));
        assert_ne!(chosen, held_out(&ids, 0.1, 6));
        assert_eq!(held_out(&[3, 8], 0.9, 0).len(), 1);
    }
}
