//! The published reference for a ranking: how well a unit orders images along a text as CLIP itself does
//! (arXiv 2406.01583, section 5.2 and its table of rank correlations). It takes CLIP's word for what is in the images;
//! probes of known attributes do not.

use std::sync::Arc;

use crate::align::Targets;
use crate::analysis::{Ablated, Group, Instead, Linear, ablate};
use crate::contributions::ReadError;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::clip_embeddings::StoredTargets;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::Rows;
use crate::desk::texts::embeddings::Embeddings;
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::query::Concept;

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

/// The right to hold units against CLIP.
pub(super) struct ClipReference {
    /// CLIP's own embeddings of the images.
    targets: StoredTargets,
    rows: Rows,
    alignment: AlignmentTo,
}

impl ClipReference {
    /// Plans it; nothing where CLIP's own embeddings of the images are not stored.
    pub fn plan(
        clip: &str,
        stored: &Arc<Stored>,
        keep: Vec<bool>,
        planner: &mut Planner<'_>,
    ) -> Result<Option<Self>, DeskError> {
        let planned = planner.clip_similarities(clip, stored.set(), |planner| {
            let rows = planner.all_rows(stored, keep);
            Ok((rows, planner.alignment(stored, clip)?))
        })?;
        Ok(planned.map(|(targets, (rows, alignment))| Self {
            targets,
            rows,
            alignment,
        }))
    }

    /// For every concept and unit, the correlation over images of what the aligned contribution reaches along a text
    /// with the similarity of CLIP's image embedding to it, the mean over the concept's texts: `[concept][unit]`.
    pub fn run(
        &self,
        units: &[Group],
        concepts: &[Concept],
        embeddings: &Embeddings,
        desk: &Desk<'_>,
    ) -> Result<Vec<Vec<f64>>, DeskError> {
        let texts = concepts.iter().flat_map(|concept| concept.texts());
        let texts: Vec<String> = texts.cloned().collect();
        let texts: Vec<f64> = embeddings.of(&texts).into_iter().map(f64::from).collect();
        let sums = self.sums(units, &texts, desk)?;
        let mut first = 0;
        let of_concept = |concept: &Concept| {
            let own = first..first + concept.texts().len();
            first = own.end;
            let of_unit = |sums: &Vec<Sums>| {
                let each = sums[own.clone()].iter().map(Sums::correlation);
                each.sum::<f64>() / own.len().max(1) as f64
            };
            sums.iter().map(of_unit).collect()
        };
        Ok(concepts.iter().map(of_concept).collect())
    }

    /// Over images, of what a unit's contribution reaches along a text and of CLIP's similarity: `[unit][text]`.
    fn sums(
        &self,
        units: &[Group],
        texts: &[f64],
        desk: &Desk<'_>,
    ) -> Result<Vec<Vec<Sums>>, DeskError> {
        let aligned = self.alignment.carried(desk)?.aligned;
        let mut variants = vec![Vec::new()];
        variants.extend(units.iter().map(|unit| unit.components.clone()));
        let linear = Linear::texts(&aligned, texts);
        let mut sums = vec![vec![Sums::default(); linear.width]; units.len()];
        let (mut similar, mut failed) = (Vec::new(), None);
        let mut visit = |seen: &Ablated<'_>| {
            // The first variant ablates nothing: with it a chunk of images begins.
            let Some(unit) = seen.variant.checked_sub(1) else {
                match similarities(&self.targets, seen.ids, texts, aligned.dim) {
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
        ablate(
            &self.rows.open()?,
            &linear,
            &variants,
            &Instead::Zero,
            &self.rows.keeps(),
            desk.cancel,
            desk.progress,
            &mut visit,
        )?;
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(sums),
        }
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
