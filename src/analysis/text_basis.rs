//! Features: a concept given by texts, and the subspace of CLIP's space that their embeddings span.

use crate::linalg::{dot, gram_schmidt, symmetric_eigen};

/// An orthonormal basis of the subspace that a concept's text embeddings span.
#[derive(Clone, Debug, PartialEq)]
pub struct TextBasis {
    /// Width of CLIP's space, `K`.
    pub dim: usize,
    /// Orthonormal axes `[axes, K]`, row-major.
    pub axes: Vec<f64>,
    /// Texts (by position) that the earlier ones already span, so that they added no axis: duplicates, and whatever
    /// comes after the space is full.
    pub left_out: Vec<usize>,
}

impl TextBasis {
    /// The published basis: Gram-Schmidt in list order (a QR of the transposed texts), from text embeddings `[k, K]`.
    ///
    /// The axes depend on the order of the list, and with them the mean over axes of a correlation;
    /// [`Self::order_free`] does not.
    #[must_use]
    pub fn in_list_order(texts: &[f32], dim: usize) -> Self {
        let texts = unit_rows(texts, dim);
        let (axes, kept) = gram_schmidt(&texts, dim);
        Self {
            dim,
            axes,
            left_out: missing(&kept, texts.len() / dim),
        }
    }

    /// Löwdin's symmetric orthonormalisation, (T Tᵀ)^(-1/2) T: of all orthonormal bases of the subspace the one whose
    /// axes lie closest to the texts, whatever their order.
    #[must_use]
    pub fn order_free(texts: &[f32], dim: usize) -> Self {
        let texts = unit_rows(texts, dim);
        let (_, kept) = gram_schmidt(&texts, dim);
        let rows: Vec<&[f64]> = kept
            .iter()
            .map(|&i| &texts[i * dim..(i + 1) * dim])
            .collect();
        let n = rows.len();
        let gram: Vec<f64> = (0..n * n).map(|k| dot(rows[k / n], rows[k % n])).collect();
        let (eigenvalues, vectors) = symmetric_eigen(&gram, n);
        let mut axes = vec![0.0; n * dim];
        for (value, v) in eigenvalues.iter().zip(vectors.chunks_exact(n.max(1))) {
            for a in 0..n {
                for b in 0..n {
                    let weight = v[a] * v[b] / value.sqrt();
                    crate::linalg::add_scaled(&mut axes[a * dim..(a + 1) * dim], weight, rows[b]);
                }
            }
        }
        Self {
            dim,
            axes,
            left_out: missing(&kept, texts.len() / dim),
        }
    }

    /// How many axes the subspace has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.axes.len() / self.dim.max(1)
    }

    /// Whether no text spans anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.axes.is_empty()
    }
}

/// Rows of unit length, in f64; a zero row stays zero.
fn unit_rows(texts: &[f32], dim: usize) -> Vec<f64> {
    let mut rows = crate::linalg::widen(texts);
    for row in rows.chunks_exact_mut(dim) {
        let length = dot(row, row).sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|v| *v /= length);
        }
    }
    rows
}

fn missing(kept: &[usize], count: usize) -> Vec<usize> {
    (0..count).filter(|i| !kept.contains(i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Random;

    fn texts(count: usize, dim: usize) -> Vec<f32> {
        let mut random = Random::new(11);
        (0..count * dim).map(|_| random.normal() as f32).collect()
    }

    fn assert_orthonormal(basis: &TextBasis) {
        for (i, a) in basis.axes.chunks_exact(basis.dim).enumerate() {
            for (j, b) in basis.axes.chunks_exact(basis.dim).enumerate() {
                assert!((dot(a, b) - f64::from(u8::from(i == j))).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn list_order_keeps_the_first_text_as_first_axis() {
        let (dim, rows) = (9, texts(4, 9));
        let basis = TextBasis::in_list_order(&rows, dim);
        assert_orthonormal(&basis);
        let first = unit_rows(&rows[..dim], dim);
        assert!((dot(&first, &basis.axes[..dim]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn symmetric_basis_is_permuted_with_its_texts() {
        let (dim, rows) = (9, texts(4, 9));
        let basis = TextBasis::order_free(&rows, dim);
        assert_orthonormal(&basis);
        let reversed: Vec<f32> = rows.chunks(dim).rev().flatten().copied().collect();
        let other = TextBasis::order_free(&reversed, dim);
        for (a, b) in basis.axes.chunks(dim).zip(other.axes.chunks(dim).rev()) {
            assert!(a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-9));
        }
    }

    #[test]
    fn repeated_texts_add_no_axis() {
        let dim = 5;
        let mut rows = texts(2, dim);
        rows.extend_from_within(..dim);
        for basis in [
            TextBasis::in_list_order(&rows, dim),
            TextBasis::order_free(&rows, dim),
        ] {
            assert_eq!((basis.len(), basis.left_out.as_slice()), (2, &[2][..]));
            assert_orthonormal(&basis);
        }
    }
}
