//! Cross-validated probes: how well what a unit contributes tells the classes of images apart, without any text.

use rayon::prelude::*;

use super::discriminant::{ClassSums, Classifier, Labels, Priors, Second};
use super::error::AnalysisError;
use super::group::Group;
use super::vectors::summed;
use crate::contributions::{Contributions, Keep, read_kept, read_kept_with_z};
use crate::decompose::Rows;
use crate::linalg::widen;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Folds of a cross-validation.
pub const FOLDS: usize = 5;

/// Numbers that the second moments of the units probed in one pass may take up: 256 MB.
const BUDGET: usize = 1 << 25;

/// The classifier of representations with these labels, fitted on some images in one pass; nothing unless at least two
/// classes are among them.
///
/// # Errors
/// [`AnalysisError`] when a part cannot be read or the work is cancelled.
pub fn fit_classifier(
    contributions: &dyn Contributions,
    labels: &Labels,
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Option<Classifier>, AnalysisError> {
    let dim = contributions.dim();
    let mut second = Second::empty(dim);
    let mut sums = ClassSums::empty(labels.classes.len(), dim);
    progress.start("linear head", contributions.parts() as u64);
    for part in 0..contributions.parts() {
        cancel.check()?;
        let rows = read_kept_with_z(contributions, part, Some(&[]), keep)?;
        let z = widen(&rows.z);
        second.add(&z, dim);
        for (&id, z) in rows.ids.iter().zip(z.chunks_exact(dim)) {
            sums.add(labels.of(id), z);
        }
        progress.advance(part as u64 + 1);
    }
    progress.finish();
    Ok(Classifier::fit(&second, &sums, Priors::Seen))
}

/// Balanced accuracy `[unit][labels]` of probes of units' contributions, the mean over the classes of the share of
/// their images that are told right, by images that the probe was not fitted on: in [`FOLDS`] folds.
/// A single component is probed by its pooled row, of which its contribution is a fixed
/// linear function; a unit of several by their sum.
///
/// # Errors
/// [`AnalysisError`] when a part cannot be read or the work is cancelled.
pub fn probe_units(
    contributions: &dyn Contributions,
    units: &[Group],
    labels: &[Labels],
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Vec<Vec<f64>>, AnalysisError> {
    let mut balanced = Vec::with_capacity(units.len());
    let mut rest = units;
    let passes = 2 * contributions.parts() as u64;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(fitting(contributions, rest));
        rest = later;
        progress.start("probes", passes);
        let mut probes: Vec<Probe> = now
            .iter()
            .map(|unit| Probe::new(unit, width(contributions, unit), labels))
            .collect();
        for part in 0..contributions.parts() {
            each_unit(
                contributions,
                part,
                &mut probes,
                keep,
                cancel,
                |probe, ids, vectors| {
                    probe.learn(ids, vectors, labels);
                },
            )?;
            progress.advance(part as u64 + 1);
        }
        probes.par_iter_mut().for_each(Probe::fit);
        for part in 0..contributions.parts() {
            each_unit(
                contributions,
                part,
                &mut probes,
                keep,
                cancel,
                |probe, ids, vectors| {
                    probe.test(ids, vectors, labels);
                },
            )?;
            progress.advance((contributions.parts() + part) as u64 + 1);
        }
        progress.finish();
        balanced.extend(probes.iter().map(Probe::balanced));
    }
    Ok(balanced)
}

/// The accuracy of a guess among the classes that some images have: 1 / their number.
#[must_use]
pub fn chance(labels: &Labels, keep: Keep<'_>) -> f64 {
    let mut seen = vec![false; labels.classes.len()];
    for id in 0..labels.of_image.len() as u32 {
        if let (true, Some(class)) = (keep(id), labels.of(id)) {
            seen[class] = true;
        }
    }
    1.0 / seen.iter().filter(|seen| **seen).count().max(1) as f64
}

/// The fold an image belongs to: by a hash, so that it is the same whatever else takes part.
fn fold(id: u32) -> usize {
    // Fibonacci hashing (Knuth, TAOCP 3, 6.4): consecutive images, which may be alike, are spread over the folds.
    (id.wrapping_mul(2_654_435_769) >> 16) as usize % FOLDS
}

fn width(contributions: &dyn Contributions, unit: &Group) -> usize {
    match unit.components[..] {
        [one] => contributions.specs()[one].width,
        _ => contributions.dim(),
    }
}

/// How many of the first units fit into the budget; at least one.
fn fitting(contributions: &dyn Contributions, units: &[Group]) -> usize {
    let mut numbers = 0;
    let within = units.iter().take_while(|unit| {
        numbers += (FOLDS + 1) * width(contributions, unit).pow(2);
        numbers <= BUDGET
    });
    within.count().max(1)
}

/// Reads a part and hands every unit its images' vectors `[n, width]`.
fn each_unit(
    contributions: &dyn Contributions,
    part: usize,
    probes: &mut [Probe],
    keep: Keep<'_>,
    cancel: &Cancel,
    visit: impl Fn(&mut Probe, &[u32], &[f64]) + Sync,
) -> Result<(), AnalysisError> {
    cancel.check()?;
    let mut which: Vec<usize> = (probes.iter())
        .flat_map(|probe| probe.components.clone())
        .collect();
    which.sort_unstable();
    which.dedup();
    let rows = read_kept(contributions, part, Some(&which), keep)?;
    probes.par_iter_mut().for_each(|probe| {
        let vectors = vectors(contributions, &probe.components, &which, &rows);
        visit(probe, &rows.ids, &vectors);
    });
    Ok(())
}

fn vectors(
    contributions: &dyn Contributions,
    components: &[usize],
    read: &[usize],
    rows: &Rows,
) -> Vec<f64> {
    let slab = |component: &usize| {
        let place = read.binary_search(component);
        rows.slabs[place.expect("every component was read")].as_slice()
    };
    match components {
        [one] => widen(slab(one)),
        several => {
            let terms: Vec<(&[f32], &[f32])> = (several.iter())
                .map(|i| (slab(i), contributions.map(*i)))
                .collect();
            widen(&summed(rows.len(), contributions.dim(), &terms))
        }
    }
}

/// The probes of one unit: every fold's moments, then every fold's classifier.
struct Probe {
    components: Vec<usize>,
    width: usize,
    second: Vec<Second>,
    /// `[labels][fold]`.
    sums: Vec<Vec<ClassSums>>,
    /// `[labels][fold]`, fitted on the other folds.
    fitted: Vec<Vec<Option<Classifier>>>,
    /// `[labels][class]`: images, and those told right.
    seen: Vec<Vec<(u64, u64)>>,
}

impl Probe {
    fn new(unit: &Group, width: usize, labels: &[Labels]) -> Self {
        let classes = || labels.iter().map(|labels| labels.classes.len());
        Self {
            components: unit.components.clone(),
            width,
            second: vec![Second::empty(width); FOLDS],
            sums: classes()
                .map(|count| vec![ClassSums::empty(count, width); FOLDS])
                .collect(),
            fitted: Vec::new(),
            seen: classes().map(|count| vec![(0, 0); count]).collect(),
        }
    }

    fn learn(&mut self, ids: &[u32], vectors: &[f64], labels: &[Labels]) {
        for (own, second) in self.second.iter_mut().enumerate() {
            let rows = ids.iter().zip(vectors.chunks_exact(self.width));
            let in_fold: Vec<f64> = rows
                .filter(|(id, _)| fold(**id) == own)
                .flat_map(|(_, row)| row.iter().copied())
                .collect();
            second.add(&in_fold, self.width);
        }
        for (sums, labels) in self.sums.iter_mut().zip(labels) {
            for (&id, row) in ids.iter().zip(vectors.chunks_exact(self.width)) {
                sums[fold(id)].add(labels.of(id), row);
            }
        }
    }

    fn fit(&mut self) {
        let mut second = Second::empty(self.width);
        self.second.iter().for_each(|fold| second.merge(1.0, fold));
        let of_labels = |sums: &Vec<ClassSums>| {
            let mut all = sums[0].clone();
            sums[1..].iter().for_each(|fold| all.merge(1.0, fold));
            let without = |(own, sums): (&Second, &ClassSums)| {
                let (mut second, mut all) = (second.clone(), all.clone());
                second.merge(-1.0, own);
                all.merge(-1.0, sums);
                Classifier::fit(&second, &all, Priors::Equal)
            };
            self.second.iter().zip(sums).map(without).collect()
        };
        self.fitted = self.sums.iter().map(of_labels).collect();
    }

    fn test(&mut self, ids: &[u32], vectors: &[f64], labels: &[Labels]) {
        for ((seen, fitted), labels) in self.seen.iter_mut().zip(&self.fitted).zip(labels) {
            for (&id, row) in ids.iter().zip(vectors.chunks_exact(self.width)) {
                let Some(class) = labels.of(id) else { continue };
                seen[class].0 += 1;
                let told = fitted[fold(id)].as_ref().map(|fitted| fitted.class_of(row));
                seen[class].1 += u64::from(told == Some(class));
            }
        }
    }

    fn balanced(&self) -> Vec<f64> {
        let of_labels = |seen: &Vec<(u64, u64)>| {
            let shares: Vec<f64> = (seen.iter())
                .filter(|(images, _)| *images > 0)
                .map(|(images, right)| *right as f64 / *images as f64)
                .collect();
            shares.iter().sum::<f64>() / shares.len().max(1) as f64
        };
        self.seen.iter().map(of_labels).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contributions::synthetic::synthesize;
    use crate::work::progress::Silent;

    #[test]
    fn a_probe_reads_what_was_planted_and_nothing_else() {
        let synthetic = synthesize(600, 6, &[3, 4, 2], 128, 21);
        let ids = synthetic.ids();
        // One class by a coordinate of component 0's contribution, another that nothing knows.
        let mut sign = vec![None; 1802];
        let mut coin = sign.clone();
        let mut random = crate::align::Random::new(8);
        for (r, &id) in ids.iter().enumerate() {
            let slab = synthetic
                .contributions
                .slab(r / 128, 0)
                .expect("in memory")
                .single();
            sign[id as usize] = Some(u32::from(slab[(r % 128) * 3 + 1] > 0.5));
            coin[id as usize] = Some(random.below(2) as u32);
        }
        let named = |of_image: Vec<Option<u32>>| Labels {
            classes: vec!["no".to_owned(), "yes".to_owned()],
            of_image,
        };
        let labels = [named(sign), named(coin)];
        let unit = |name: &str, components: &[usize]| Group {
            name: name.to_owned(),
            components: components.to_vec(),
        };
        let units = [
            unit("it", &[0]),
            unit("constant", &[2]),
            unit("both", &[0, 1]),
        ];
        let cancel = Cancel::default();
        let every = |_: u32| true;
        let found = probe_units(
            &synthetic.contributions,
            &units,
            &labels,
            &every,
            &cancel,
            &Silent,
        )
        .expect("in memory");
        assert!(found[0][0] > 0.95, "{found:?}");
        assert!(found[2][0] > 0.8, "{found:?}");
        assert!((found[1][0] - 0.5).abs() < 0.1, "{found:?}");
        assert!(
            found.iter().all(|unit| (unit[1] - 0.5).abs() < 0.08),
            "{found:?}"
        );
        assert_eq!(chance(&labels[0], &every), 0.5);
        assert_eq!(chance(&labels[0], &|id| id == ids[0]), 1.0);
    }
}
