//! Linear classifiers in closed form, from second moments: linear discriminant analysis. Moments add up, so that
//! classifiers for every fold of a cross-validation come from one pass over the images, and none is held.

use crate::linalg::{add_scaled, cholesky, dot, matrix, solve, transposed_product, values};

/// How far the covariance is drawn towards a multiple of the identity. Rows of a hundred numbers and some hundreds of
/// images leave small directions badly known; a fixed share keeps the classifier a closed form.
const SHRINKAGE: f64 = 0.05;

/// A class per image, where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// What the classes are called.
    pub classes: Vec<String>,
    /// By image id: its class.
    pub of_image: Vec<Option<u32>>,
}

impl Labels {
    /// The class of an image; nothing where it is not known.
    #[must_use]
    pub fn of(&self, id: u32) -> Option<usize> {
        let known = self.of_image.get(id as usize).copied().flatten();
        known.map(|class| class as usize)
    }
}

/// Σ xᵀx of vectors `[d]`, and how many they are.
#[derive(Clone, Debug)]
pub(crate) struct Second {
    pub n: f64,
    pub second: Vec<f64>,
}

impl Second {
    pub(crate) fn empty(width: usize) -> Self {
        Self {
            n: 0.0,
            second: vec![0.0; width * width],
        }
    }

    /// Adds vectors `[n, d]`.
    pub(crate) fn add(&mut self, vectors: &[f64], width: usize) {
        let count = vectors.len() / width;
        if count > 0 {
            let vectors = matrix(vectors.to_vec(), count, width);
            let outer: Vec<f64> = values(&transposed_product(&vectors, &vectors));
            add_scaled(&mut self.second, 1.0, &outer);
            self.n += count as f64;
        }
    }

    pub(crate) fn merge(&mut self, sign: f64, other: &Self) {
        add_scaled(&mut self.second, sign, &other.second);
        self.n += sign * other.n;
    }
}

/// Σ x of every class's vectors, the last for vectors whose class is not known.
#[derive(Clone, Debug)]
pub(crate) struct ClassSums {
    pub n: Vec<f64>,
    pub sums: Vec<f64>,
}

impl ClassSums {
    pub(crate) fn empty(classes: usize, width: usize) -> Self {
        Self {
            n: vec![0.0; classes + 1],
            sums: vec![0.0; (classes + 1) * width],
        }
    }

    pub(crate) fn add(&mut self, class: Option<usize>, vector: &[f64]) {
        let class = class.unwrap_or(self.n.len() - 1);
        self.n[class] += 1.0;
        let width = vector.len();
        add_scaled(
            &mut self.sums[class * width..(class + 1) * width],
            1.0,
            vector,
        );
    }

    pub(crate) fn merge(&mut self, sign: f64, other: &Self) {
        add_scaled(&mut self.n, sign, &other.n);
        add_scaled(&mut self.sums, sign, &other.sums);
    }
}

/// How likely each class is held to be before an image is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priors {
    /// As often as it was seen.
    Seen,
    /// As likely as any other: what a balanced accuracy is measured with.
    Equal,
}

/// Scores of classes as a linear function of a vector: `x · weights + bias`; the greatest wins.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    /// Width of the vectors.
    pub width: usize,
    /// `[width, classes]`, row-major.
    pub weights: Vec<f64>,
    /// `[classes]`; −∞ for a class that no vector was seen of.
    pub bias: Vec<f64>,
}

impl Classifier {
    /// The linear discriminant of vectors with these moments; nothing unless two classes were seen.
    #[must_use]
    pub(crate) fn fit(second: &Second, sums: &ClassSums, priors: Priors) -> Option<Self> {
        let classes = sums.n.len() - 1;
        let width = sums.sums.len() / sums.n.len();
        // Counts come from adding and taking away whole numbers, exactly.
        let seen = |class: usize| sums.n[class] > 0.5;
        if (0..classes).filter(|&class| seen(class)).count() < 2 {
            return None;
        }
        let lower = covariance(second, sums, width)?;
        let known: f64 = sums.n[..classes].iter().sum();
        let mut middle = vec![0.0; width];
        for class in 0..classes {
            add_scaled(
                &mut middle,
                1.0 / known,
                &sums.sums[class * width..][..width],
            );
        }
        let mut weights = vec![0.0; width * classes];
        let mut bias = vec![f64::NEG_INFINITY; classes];
        for class in (0..classes).filter(|&class| seen(class)) {
            let n = sums.n[class];
            let sum = &sums.sums[class * width..][..width];
            let apart: Vec<f64> = sum.iter().zip(&middle).map(|(s, m)| s / n - m).collect();
            let mut direction = apart.clone();
            solve(&lower, &mut direction);
            let prior = match priors {
                Priors::Seen => (n / known).ln(),
                Priors::Equal => 0.0,
            };
            bias[class] = prior - dot(&apart, &direction) / 2.0 - dot(&middle, &direction);
            for (k, v) in direction.into_iter().enumerate() {
                weights[k * classes + class] = v;
            }
        }
        Some(Self {
            width,
            weights,
            bias,
        })
    }

    /// How many classes there are.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.bias.len()
    }

    /// The class of a vector.
    #[must_use]
    pub fn class_of(&self, vector: &[f64]) -> usize {
        let mut scores = self.bias.clone();
        for (x, weights) in vector.iter().zip(self.weights.chunks_exact(self.classes())) {
            add_scaled(&mut scores, *x, weights);
        }
        greatest(scores.into_iter())
    }
}

/// The place of the greatest number; the first of equal ones.
pub(crate) fn greatest<T: PartialOrd>(numbers: impl Iterator<Item = T>) -> usize {
    let mut best: Option<(usize, T)> = None;
    for (place, number) in numbers.enumerate() {
        if best.as_ref().is_none_or(|(_, most)| number > *most) {
            best = Some((place, number));
        }
    }
    best.map_or(0, |(place, _)| place)
}

/// The Cholesky factor of the shrunk covariance within classes.
fn covariance(second: &Second, sums: &ClassSums, width: usize) -> Option<Vec<f64>> {
    let mut within = second.second.clone();
    let mut groups = 0.0;
    for (n, sum) in sums.n.iter().zip(sums.sums.chunks_exact(width)) {
        if *n > 0.5 {
            groups += 1.0;
            for (row, s) in within.chunks_exact_mut(width).zip(sum) {
                add_scaled(row, -s / n, sum);
            }
        }
    }
    let freedom = (second.n - groups).max(1.0);
    within.iter_mut().for_each(|v| *v /= freedom);
    let trace = |m: &[f64]| (0..width).map(|k| m[k * width + k]).sum::<f64>() / width as f64;
    // What is constant but for rounding must not be taken for a signal.
    let floor = 1e-12 * trace(&second.second) / second.n.max(1.0);
    let level = trace(&within).max(0.0);
    within.iter_mut().for_each(|v| *v *= 1.0 - SHRINKAGE);
    for k in 0..width {
        within[k * width + k] += SHRINKAGE * level + floor + f64::MIN_POSITIVE;
    }
    cholesky(&within, width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Random;

    #[test]
    fn two_gaussians_of_one_covariance_are_parted_along_the_difference_of_their_means() {
        // With covariance I the discriminant is m1 − m0, and the border lies midway (with equal priors).
        let (width, mut random) = (3, Random::new(5));
        let means = [[0.0, 0.0, 5.0], [2.0, 0.0, 5.0]];
        let (mut second, mut sums) = (Second::empty(width), ClassSums::empty(2, width));
        for round in 0..20_000 {
            let class = usize::from(round % 4 == 0);
            let vector: Vec<f64> = means[class].iter().map(|m| m + random.normal()).collect();
            second.add(&vector, width);
            sums.add(Some(class), &vector);
        }
        let fit = |priors| Classifier::fit(&second, &sums, priors).expect("two classes");
        let equal = fit(Priors::Equal);
        let along: Vec<f64> = (equal.weights.chunks_exact(2))
            .map(|w| w[1] - w[0])
            .collect();
        for (found, want) in along.iter().zip([2.0, 0.0, 0.0]) {
            assert!((found - want).abs() < 0.1, "{along:?}");
        }
        let border = |fitted: &Classifier| {
            let far = fitted.bias[0] - fitted.bias[1] - 5.0 * along[2];
            far / along[0]
        };
        assert!((border(&equal) - 1.0).abs() < 0.05);
        // A class a third as frequent as the other begins ln 3 / |m1 − m0| further out.
        let seen = fit(Priors::Seen);
        assert!((border(&seen) - 1.0 - 3f64.ln() / 2.0).abs() < 0.05);
        assert_eq!(equal.class_of(&[1.9, 0.3, 5.0]), 1);
    }

    #[test]
    fn what_is_constant_tells_no_classes_apart() {
        let (mut second, mut sums) = (Second::empty(2), ClassSums::empty(2, 2));
        for round in 0..9 {
            second.add(&[0.1, 1e6], 2);
            sums.add(Some(round % 2), &[0.1, 1e6]);
        }
        let fitted = Classifier::fit(&second, &sums, Priors::Equal).expect("two classes");
        assert!(fitted.weights.iter().all(|w| w.is_finite()));
        sums.n[1] = 0.0;
        assert!(Classifier::fit(&second, &sums, Priors::Equal).is_none());
    }
}
