//! Attention within groups of tokens: Swin's shifted windows, MaxViT's windows and grids.
//!
//! A grouping is a permutation of the tokens, group after group. Undoing it exactly is what puts token maps in the
//! right place, so it is kept as one table and its inverse, and every kind of grouping only differs in the table.

use std::sync::Arc;

use candle_core::{Device, Result, Tensor};

/// A partition of the tokens of an image, `T = groups · size`, taken row by row.
#[derive(Clone, Debug)]
pub struct Windows {
    /// The token at each place of the grouped order, `[T]`.
    order: Arc<[u32]>,
    /// The same as a tensor.
    table: Tensor,
    /// The grouped place of each token, `[T]`.
    inverse: Tensor,
    /// Tokens in a group.
    size: usize,
}

impl Windows {
    /// Windows of `wh × ww` neighbours on a map of `h × w` tokens, cut after a cyclic shift up by `sh` and left by `sw`.
    ///
    /// Place (a, b) of window (r, c) is the token at row `(wh·r + a + sh) mod h`, column likewise
    /// (arXiv 2103.14030, figure 4).
    pub fn shifted(
        map: (usize, usize),
        window: (usize, usize),
        (sh, sw): (usize, usize),
    ) -> Result<Self> {
        let ((h, w), (wh, ww)) = (map, window);
        let order = grouped(map, window, |(r, c), (a, b)| {
            ((wh * r + a + sh) % h, (ww * c + b + sw) % w)
        });
        Self::new(order, wh * ww)
    }

    /// Groups of `gh × gw` tokens spread evenly over the map, as MaxViT's grid attention takes them: place (a, b) of
    /// group (r, c) is the token at row `a·h/gh + r`, column `b·w/gw + c` (arXiv 2204.01697, section 3.2).
    pub fn grid(map: (usize, usize), grid: (usize, usize)) -> Result<Self> {
        let ((h, w), (gh, gw)) = (map, grid);
        let order = grouped(map, grid, |(r, c), (a, b)| {
            (a * (h / gh) + r, b * (w / gw) + c)
        });
        Self::new(order, gh * gw)
    }

    fn new(order: Vec<u32>, size: usize) -> Result<Self> {
        let mut inverse = vec![0u32; order.len()];
        for (place, token) in (0u32..).zip(&order) {
            inverse[*token as usize] = place;
        }
        let table = |values: Vec<u32>| {
            let count = values.len();
            Tensor::from_vec(values, count, &Device::Cpu)
        };
        Ok(Self {
            table: table(order.clone())?,
            order: order.into(),
            inverse: table(inverse)?,
            size,
        })
    }

    /// The token at each place of the grouped order, `[T]`.
    #[must_use]
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Tokens in a group.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// `[B, T, ..]` to `[B·groups, size, ..]`.
    pub fn partition(&self, x: &Tensor) -> Result<Tensor> {
        let table = self.table.to_device(x.device())?;
        let grouped = x.contiguous()?.index_select(&table, 1)?;
        let (batch, tokens) = (x.dim(0)?, x.dim(1)?);
        let mut shape = vec![batch * tokens / self.size, self.size];
        shape.extend_from_slice(&x.dims()[2..]);
        grouped.reshape(shape)
    }

    /// `[B·groups, size, ..]` back to `[B, T, ..]`.
    pub fn restore(&self, grouped: &Tensor) -> Result<Tensor> {
        let tokens = self.order.len();
        let mut shape = vec![grouped.dim(0)? * self.size / tokens, tokens];
        shape.extend_from_slice(&grouped.dims()[2..]);
        grouped
            .contiguous()?
            .reshape(shape)?
            .index_select(&self.inverse.to_device(grouped.device())?, 1)
    }
}

/// The tokens of a map in grouped order: `place` says where (group, place in it) lies.
fn grouped(
    (h, w): (usize, usize),
    (wh, ww): (usize, usize),
    place: impl Fn((usize, usize), (usize, usize)) -> (usize, usize),
) -> Vec<u32> {
    let mut order = Vec::with_capacity(h * w);
    for r in 0..h / wh {
        for c in 0..w / ww {
            for a in 0..wh {
                for b in 0..ww {
                    let (row, column) = place((r, c), (a, b));
                    order.push((row * w + column) as u32);
                }
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_shift_cyclically_and_grids_spread() {
        let shifted = Windows::shifted((4, 4), (2, 2), (1, 1)).unwrap();
        assert_eq!(
            shifted.order(),
            [5, 6, 9, 10, 7, 4, 11, 8, 13, 14, 1, 2, 15, 12, 3, 0]
        );
        let grid = Windows::grid((4, 4), (2, 2)).unwrap();
        assert_eq!(
            grid.order(),
            [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15]
        );
    }

    #[test]
    fn restoring_undoes_partitioning() {
        let x = Tensor::arange(0f32, 2. * 24. * 3., &Device::Cpu)
            .unwrap()
            .reshape((2, 24, 3))
            .unwrap();
        for windows in [
            Windows::shifted((4, 6), (2, 3), (1, 1)).unwrap(),
            Windows::grid((4, 6), (2, 3)).unwrap(),
        ] {
            let back = windows.restore(&windows.partition(&x).unwrap()).unwrap();
            assert_eq!(back.to_vec3::<f32>().unwrap(), x.to_vec3::<f32>().unwrap());
        }
    }
}
