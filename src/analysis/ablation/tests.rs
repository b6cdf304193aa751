//! Ablations against dense computations in f64.

use super::{Ablated, Instead, Linear, ablate, mean_rows};
use crate::align::Aligned;
use crate::analysis::discriminant::{ClassSums, Classifier, Priors, Second};
use crate::contributions::Contributions;
use crate::contributions::synthetic::{naive, random_alignment, synthesize, wide};
use crate::work::cancel::Cancel;
use crate::work::progress::Silent;

const DIM: usize = 6;
const WIDTHS: [usize; 4] = [3, 5, 4, 2];

/// All values of a variant, in order of images, as [`ablate`] gives them.
fn ablated(
    held: &dyn Contributions,
    linear: &Linear<'_>,
    variant: &[usize],
    instead: &Instead,
) -> Vec<f32> {
    let mut all = Vec::new();
    let variants = [vec![], variant.to_vec()];
    let keep = |id: u32| id % 5 != 1;
    let mut visit = |seen: &Ablated<'_>| match seen.variant {
        0 => assert_eq!(seen.whole, seen.values),
        _ => all.extend_from_slice(seen.values),
    };
    let cancel = Cancel::default();
    ablate(
        held, linear, &variants, instead, &keep, &cancel, &Silent, &mut visit,
    )
    .expect("in memory");
    all
}

fn assert_near(found: &[f32], want: &[f64]) {
    assert_eq!(found.len(), want.len());
    for (found, want) in found.iter().zip(want) {
        assert!((f64::from(*found) - want).abs() < 2e-5, "{found} {want}");
    }
}

#[test]
fn ablated_values_are_those_of_a_dense_computation() {
    let synthetic = synthesize(150, DIM, &WIDTHS, 40, 9);
    let held = &synthetic.contributions;
    let alignment = random_alignment(WIDTHS.len(), DIM, 7, 4);
    let aligned = Aligned::new(held, &alignment);
    let texts: Vec<f64> = (0..14).map(|k| f64::from(k % 5) - 1.5).collect();
    let transposed: Vec<f64> = (0..14).map(|k| texts[k % 2 * 7 + k / 2]).collect();
    let means = mean_rows(
        held,
        &[0, 2],
        &|id| id % 2 == 0,
        &Cancel::default(),
        &Silent,
    )
    .expect("images");
    let ids = synthetic.ids();
    let rows: Vec<usize> = (0..150).filter(|&r| ids[r] % 5 != 1).collect();
    let even: Vec<usize> = (0..150).filter(|&r| ids[r].is_multiple_of(2)).collect();
    // Representations with components 2 and 0 at their means over other images, or gone.
    let dense = |zero: bool, parts: &[Vec<f64>], dim: usize| -> Vec<Vec<f64>> {
        let replaced = |part: usize, r: usize, k: usize| match part {
            0 | 2 if zero => 0.0,
            0 | 2 => even.iter().map(|e| parts[part][e * dim + k]).sum::<f64>() / even.len() as f64,
            _ => parts[part][r * dim + k],
        };
        let row = |&r: &usize| {
            (0..dim)
                .map(|k| (0..4).map(|p| replaced(p, r, k)).sum())
                .collect()
        };
        rows.iter().map(row).collect()
    };
    for (zero, instead) in [(false, Instead::Means(means)), (true, Instead::Zero)] {
        let z = dense(zero, &synthetic.dense, DIM).concat();
        let found = ablated(held, &Linear::identity(held), &[2, 0], &instead);
        assert_near(&found, &z);

        let (mut second, mut sums) = (Second::empty(DIM), ClassSums::empty(3, DIM));
        for (place, row) in z.chunks_exact(DIM).enumerate() {
            second.add(row, DIM);
            sums.add(Some(place % 3), row);
        }
        let fitted = Classifier::fit(&second, &sums, Priors::Seen).expect("classes");
        let mut want = naive(&z, &fitted.weights, DIM, 3);
        want.chunks_exact_mut(3).for_each(|row| {
            row.iter_mut().zip(&fitted.bias).for_each(|(v, b)| *v += b);
        });
        let found = ablated(held, &Linear::classifier(held, &fitted), &[2, 0], &instead);
        assert_near(&found, &want);

        let (each, _) = synthetic.aligned(&alignment);
        let mut in_clip = dense(zero, &each, 7).concat();
        for row in in_clip.chunks_exact_mut(7) {
            row.iter_mut()
                .zip(wide(&alignment.bias))
                .for_each(|(v, b)| *v += b);
        }
        let found = ablated(held, &Linear::texts(&aligned, &texts), &[2, 0], &instead);
        assert_near(&found, &naive(&in_clip, &transposed, 7, 2));
    }
}

#[test]
fn resampling_exchanges_contributions_between_images() {
    let synthetic = synthesize(60, DIM, &WIDTHS, 60, 2);
    let held = &synthetic.contributions;
    let linear = Linear::identity(held);
    let everything: Vec<usize> = (0..WIDTHS.len()).collect();
    let whole = ablated(held, &linear, &[], &Instead::Zero);
    let found = ablated(held, &linear, &everything, &Instead::Resampled(3));
    // With all components resampled, every image becomes another one, and none is lost.
    let sorted = |values: &[f32]| {
        let mut rows: Vec<Vec<i64>> = values
            .chunks_exact(DIM)
            .map(|row| row.iter().map(|v| (v * 1e3).round() as i64).collect())
            .collect();
        rows.sort();
        rows
    };
    assert_ne!(found, whole);
    let (found, whole) = (sorted(&found), sorted(&whole));
    let apart = found.iter().zip(&whole).flat_map(|(a, b)| a.iter().zip(b));
    assert!(apart.into_iter().all(|(a, b)| a.abs_diff(*b) <= 1));
}
