//! The published reference for a ranking: how well a unit orders images along a text as CLIP itself does
//! (arXiv 2406.01583, section 5.2 and its table of rank correlations). It takes CLIP's word for what is in the images;
//! probes of known attributes do not.

use super::Desk;
use super::EngineError;
use super::labels::Known;
use super::rank::clip_of;
use super::scores::{Stored, StoredTargets};
use crate::align::Targets;
use crate::analysis::{Ablated, Instead, Linear, Unit, ablate};
use crate::contributions::ReadError;
use crate::lang::query::{Question, Target};

/// Sums of which Pearson's correlation is a function.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Sums {
    fn add(&mut self, x: f64, y: f64) {
        self.n += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.yy += y * y;
        self.xy += x * y;
    }

    /// 0 where either is constant, to rounding.
    fn correlation(&self) -> f64 {
        let spread = |sum: f64, squares: f64| {
            let spread = squares - sum * sum / self.n;
            if spread > 1e-9 * squares { spread } else { 0.0 }
        };
        let both = spread(self.x, self.xx) * spread(self.y, self.yy);
        match both > 0.0 {
            true => (self.xy - self.x * self.y / self.n) / both.sqrt(),
            false => 0.0,
        }
    }
}

impl Desk<'_> {
    /// For every feature and unit, the correlation over images of what the aligned contribution reaches along a text
    /// with the similarity of CLIP's image embedding to it, the mean over the feature's texts: `[feature][unit]`.
    /// Nothing where CLIP's own embeddings of the images are not stored.
    pub(super) fn published_reference(
        &mut self,
        question: &Question,
        target: &Target,
        stored: &Stored,
        units: &[Unit],
        known: &[Known],
        keep: &[bool],
    ) -> Result<Option<Vec<Vec<f64>>>, EngineError> {
        let clip = clip_of(target)?;
        let Ok(of_clip) = self.store.decomposition(clip, &target.set) else {
            return Ok(None);
        };
        let targets = StoredTargets(of_clip);
        let aligned = self.aligned(stored, &target.model, clip)?.aligned;
        let mut variants = vec![Vec::new()];
        variants.extend(units.iter().map(|unit| unit.components.clone()));
        let mut texts: Vec<f64> = Vec::new();
        for known in known {
            let embedded = self.embed(clip, &known.concept, &question.template)?;
            texts.extend(embedded.rows.into_iter().map(f64::from));
        }
        let linear = Linear::texts(&aligned, &texts);
        let mut sums = vec![vec![Sums::default(); linear.width]; units.len()];
        let (mut similar, mut failed) = (Vec::new(), None);
        let mut visit = |seen: &Ablated<'_>| {
            // The first variant ablates nothing: with it a chunk of images begins.
            let Some(unit) = seen.variant.checked_sub(1) else {
                match similarities(&targets, seen.ids, &texts, aligned.dim) {
                    Ok(found) => similar = found,
                    Err(error) => failed = Some(error),
                }
                return;
            };
            let rest = seen.whole.iter().zip(seen.values).zip(&similar);
            for (place, ((whole, left), similar)) in rest.enumerate() {
                sums[unit][place % linear.width].add(f64::from(whole - left), *similar);
            }
        };
        let keep = |id: u32| keep[id as usize];
        let (cancel, progress) = (self.cancel, self.progress);
        ablate(
            stored,
            &linear,
            &variants,
            &Instead::Zero,
            &keep,
            cancel,
            progress,
            &mut visit,
        )?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        let mut first = 0;
        let of_feature = |known: &Known| {
            let own = first..first + known.concept.texts().len();
            first = own.end;
            let of_unit = |sums: &Vec<Sums>| {
                let each = sums[own.clone()].iter().map(Sums::correlation);
                each.sum::<f64>() / own.len().max(1) as f64
            };
            sums.iter().map(of_unit).collect()
        };
        Ok(Some(known.iter().map(of_feature).collect()))
    }
}

/// Scalar products of CLIP's embeddings of some images with texts `[m, K]`: `[n, m]`.
fn similarities(
    targets: &StoredTargets,
    ids: &[u32],
    texts: &[f64],
    dim: usize,
) -> Result<Vec<f64>, ReadError> {
    let images = targets.read(ids)?;
    let along = |image: &[f32]| {
        let product = |text: &[f64]| text.iter().zip(image).map(|(t, v)| t * f64::from(*v)).sum();
        texts.chunks_exact(dim).map(product).collect::<Vec<f64>>()
    };
    Ok(images.chunks_exact(dim).flat_map(along).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_give_pearsons_correlation() {
        let mut sums = Sums::default();
        // Python: statistics.correlation([1, 2, 4], [2, 1, 5])
        for (x, y) in [(1.0, 2.0), (2.0, 1.0), (4.0, 5.0)] {
            sums.add(x, y);
        }
        assert!(
            (sums.correlation() - 0.838_627_869_377_535_4).abs() < 1e-12,
            "{}",
            sums.correlation()
        );
        let mut constant = Sums::default();
        (0..9).for_each(|k| constant.add(0.1, f64::from(k)));
        assert_eq!(constant.correlation(), 0.0);
    }
}
