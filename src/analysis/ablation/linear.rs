//! Linear functions of the representation, taken apart by component.

use std::borrow::Cow;

use crate::align::Aligned;
use crate::analysis::discriminant::Classifier;
use crate::contributions::Contributions;
use crate::decompose::Rows;
use crate::linalg::{matrix, matrix_of, narrow, product, product_transposed, values, widen};

/// A linear function of the representation, by component: value = Σ_i row_i · map_i + bias.
pub struct Linear<'a> {
    /// Numbers per value.
    pub width: usize,
    /// `[d_i, width]` per component, row-major.
    maps: Vec<Cow<'a, [f32]>>,
    bias: Vec<f32>,
    pub(super) reads: Whole,
}

/// How the value of a whole representation is got.
pub(super) enum Whole {
    /// It is z.
    Itself,
    /// As `z · matrix`, `[Dz, width]`.
    Through(Vec<f32>),
    /// By summing over all components.
    Sum,
}

impl<'a> Linear<'a> {
    /// The representation itself.
    #[must_use]
    pub fn identity(contributions: &'a dyn Contributions) -> Self {
        let count = contributions.specs().len();
        Self {
            width: contributions.dim(),
            maps: (0..count)
                .map(|i| Cow::Borrowed(contributions.map(i)))
                .collect(),
            bias: vec![0.0; contributions.dim()],
            reads: Whole::Itself,
        }
    }

    /// The scores of a classifier of representations.
    #[must_use]
    pub fn classifier(contributions: &dyn Contributions, classifier: &Classifier) -> Self {
        let (dim, classes) = (contributions.dim(), classifier.classes());
        let weights = matrix(classifier.weights.clone(), dim, classes);
        let maps = contributions.specs().iter().enumerate().map(|(i, spec)| {
            let map = matrix(widen(contributions.map(i)), spec.width, dim);
            Cow::Owned(narrow(&values(&product(&map, &weights))))
        });
        Self {
            width: classes,
            maps: maps.collect(),
            bias: narrow(&classifier.bias),
            reads: Whole::Through(narrow(&classifier.weights)),
        }
    }

    /// Scalar products of the aligned representation with texts `[m, K]`: the scores of a zero-shot text head. It has
    /// the argmax of the cosines that CLIP classifies by, which differ by the length of the representation alone.
    #[must_use]
    pub fn texts(aligned: &Aligned, texts: &[f64]) -> Self {
        let dim = aligned.dim;
        let count = texts.len() / dim;
        let axes = matrix_of(texts, count, dim);
        let maps = aligned.maps.iter().zip(&aligned.widths).map(|(map, &d)| {
            let map = matrix(widen(map), d, dim);
            Cow::Owned(narrow(&values(&product_transposed(&map, &axes))))
        });
        let bias = product_transposed(&matrix(widen(&aligned.bias), 1, dim), &axes);
        Self {
            width: count,
            maps: maps.collect(),
            bias: narrow(&values(&bias)),
            reads: Whole::Sum,
        }
    }

    /// The values that component `component` adds for rows `[n, d]`.
    pub(super) fn share(&self, component: usize, rows: &[f32]) -> Vec<f32> {
        let map = &self.maps[component];
        let d = map.len() / self.width;
        let n = rows.len() / d;
        values(&product(
            &matrix_of(rows, n, d),
            &matrix_of(map, d, self.width),
        ))
    }

    /// The values of whole representations; `shares` are those of all components where it takes their sum.
    pub(super) fn whole(&self, rows: &Rows, shares: &[Vec<f32>]) -> Vec<f32> {
        let mut sum = match &self.reads {
            Whole::Itself => return rows.z.clone(),
            Whole::Through(map) => {
                let dim = map.len() / self.width;
                let z = matrix_of(&rows.z, rows.len(), dim);
                values(&product(&z, &matrix_of(map, dim, self.width)))
            }
            Whole::Sum => {
                let mut sum = vec![0.0; rows.len() * self.width];
                for share in shares {
                    sum.iter_mut().zip(share).for_each(|(s, v)| *s += v);
                }
                sum
            }
        };
        for row in sum.chunks_exact_mut(self.width) {
            row.iter_mut().zip(&self.bias).for_each(|(v, b)| *v += b);
        }
        sum
    }
}
