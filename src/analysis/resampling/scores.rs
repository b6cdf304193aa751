//! Scores of units in every replicate.

use super::pass::Pass;
use super::replicate::Replicate;
use crate::align::Aligned;
use crate::analysis::error::AnalysisError;
use crate::analysis::group::Group;
use crate::analysis::score_kind::ScoreKind;
use crate::contributions::{Contributions, Keep, read_kept};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Images whose projections are held at a time: each has some for every replicate.
const CHUNK: usize = 256;

/// Scores of units (inner) in every replicate (outer), over the images that take part.
///
/// # Errors
/// [`AnalysisError::NeedsImages`] for Spearman's correlation, whose ranks have no sums;
/// [`AnalysisError::TooFewImages`]; or when a part cannot be read or the work is cancelled.
#[expect(
    clippy::too_many_arguments,
    reason = "what is read, what is asked, who listens"
)]
pub fn resampled_scores(
    contributions: &dyn Contributions,
    aligned: &Aligned,
    units: &[Group],
    replicates: &[Replicate],
    kind: ScoreKind,
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Vec<Vec<f64>>, AnalysisError> {
    if kind == ScoreKind::Spearman {
        return Err(AnalysisError::NeedsImages(kind));
    }
    let mut pass = Pass::new(aligned, units, replicates, kind);
    progress.start("resampling", contributions.parts() as u64);
    for part in 0..contributions.parts() {
        let rows = read_kept(contributions, part, None, keep)?;
        for start in (0..rows.len()).step_by(CHUNK) {
            cancel.check()?;
            pass.add(&rows, start..(start + CHUNK).min(rows.len()), aligned);
        }
        progress.advance(part as u64 + 1);
    }
    progress.finish();
    if pass.images < 2 {
        return Err(AnalysisError::TooFewImages(pass.images));
    }
    Ok(pass.scores(kind))
}

#[cfg(test)]
mod tests {
    use super::super::replicate::times_drawn;
    use super::*;
    use crate::align::Random;
    use crate::analysis::{TextBasis, scan_scores};
    use crate::contributions::synthetic::{noise, random_alignment, synthesize};
    use crate::contributions::{InMemory, read_kept_with_z, take_rows};
    use crate::decompose::Rows;
    use crate::work::progress::Silent;

    const DIM: usize = 7;
    const WIDTH: usize = 6;
    const WIDTHS: [usize; 5] = [3, 5, 4, 9, 2];

    /// The images of a draw written out: each as often as it was drawn.
    fn written_out(held: &InMemory, draw: u64) -> InMemory {
        let specs = held.specs().to_vec();
        let maps = (0..specs.len()).map(|i| held.map(i).to_vec()).collect();
        let part = |part: usize| {
            let rows = read_kept_with_z(held, part, None, &|_| true).expect("in memory");
            let taken: Vec<usize> = (0..rows.len())
                .flat_map(|r| vec![r; times_drawn(draw, rows.ids[r]) as usize])
                .collect();
            let take = |values: &[f32], width| take_rows(values, width, &taken);
            Rows {
                ids: taken.iter().map(|&r| rows.ids[r]).collect(),
                z: take(&rows.z, DIM),
                slabs: (rows.slabs.iter().zip(&specs))
                    .map(|(slab, spec)| take(slab, spec.width))
                    .collect(),
            }
        };
        let parts = (0..held.parts()).map(part).collect();
        InMemory::new(specs, maps, DIM, parts).expect("shapes agree")
    }

    #[test]
    fn a_replicate_scores_the_images_it_drew() {
        let synthetic = synthesize(230, DIM, &WIDTHS, 64, 21);
        let alignment = random_alignment(WIDTHS.len(), DIM, WIDTH, 22);
        let aligned = Aligned::new(&synthetic.contributions, &alignment);
        let texts = noise(4 * WIDTH, &mut Random::new(23));
        let units: Vec<Group> = [vec![0], vec![1, 2], vec![3], vec![4]]
            .into_iter()
            .map(|components| Group {
                name: String::new(),
                components,
            })
            .collect();
        let all = TextBasis::in_list_order(&texts, WIDTH);
        let some = TextBasis::in_list_order(&texts[WIDTH..3 * WIDTH], WIDTH);
        let replicates: Vec<Replicate> = [(&all, None), (&some, Some(1)), (&all, Some(2))]
            .into_iter()
            .map(|(basis, draw)| Replicate {
                basis: basis.clone(),
                draw,
            })
            .collect();
        let every = |_: u32| true;
        let cancel = Cancel::default();
        for kind in [
            ScoreKind::Correlation,
            ScoreKind::VarianceShare,
            ScoreKind::CovarianceShare,
            ScoreKind::TraceCorrelation,
        ] {
            let held = &synthetic.contributions;
            let found = resampled_scores(
                held,
                &aligned,
                &units,
                &replicates,
                kind,
                &every,
                &cancel,
                &Silent,
            )
            .expect("in memory");
            for (replicate, scores) in replicates.iter().zip(&found) {
                let written = match replicate.draw {
                    Some(draw) => written_out(held, draw),
                    None => held.clone(),
                };
                let basis = std::slice::from_ref(&replicate.basis);
                let want = scan_scores(
                    &written, &aligned, &units, basis, kind, &every, &cancel, &Silent,
                )
                .expect("in memory");
                for (found, want) in scores.iter().zip(&want.scores) {
                    assert!((found - want[0]).abs() < 1e-9, "{kind}: {found} {want:?}");
                }
            }
            // The draws differ, and with them the scores.
            assert!((found[0][0] - found[2][0]).abs() > 1e-6);
        }
    }
}
