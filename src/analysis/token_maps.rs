//! Token maps: how far along a direction each patch of an image contributes.
//!
//! A component's contribution is the sum of what it takes from each token (heads: the token whose value is read) or adds at
//! each (all others), so its projection on a direction splits the same way, exactly. Models with stages have maps of
//! several sizes; they are kept apart, so that nothing is lost until someone asks for one map.

use candle_core::{Result, Tensor};

/// What each token adds along some directions, `[B, T, k]`.
///
/// `weights` `[B, S, T]` and `values` `[B, T, d]` are a component's split over tokens, `onto` `[S·d, k]` its map followed
/// by the directions.
///
/// # Errors
/// When the shapes do not fit.
pub fn along_directions(weights: &Tensor, values: &Tensor, onto: &Tensor) -> Result<Tensor> {
    let (batch, tokens, width) = values.dims3()?;
    let (slots, directions) = (weights.dim(1)?, onto.dim(1)?);
    let by_slot = onto
        .reshape((slots, width, directions))?
        .transpose(0, 1)?
        .reshape((width, slots * directions))?;
    values
        .reshape((batch * tokens, width))?
        .matmul(&by_slot)?
        .reshape((batch, tokens, slots, directions))?
        .broadcast_mul(&weights.transpose(1, 2)?.unsqueeze(3)?)?
        .sum(2)
}

/// Values over an image, cell by cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Rows of cells.
    pub rows: usize,
    /// Columns of cells.
    pub cols: usize,
    /// `[rows × cols]`, row by row.
    pub values: Vec<f64>,
}

/// Tokens that do not tile the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{tokens} image tokens do not tile an image of {} × {} in squares, so they have no place in it",
    image.0, image.1
)]
pub struct NoGrid {
    /// Tokens of the image.
    pub tokens: usize,
    /// Its height and width.
    pub image: (usize, usize),
}

/// The map of one image along one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenMap {
    /// Height and width of the image in pixels.
    pub image: (usize, usize),
    /// One per resolution, each summed over the layers that have it.
    pub grids: Vec<Grid>,
    /// What class, distillation and register tokens add.
    pub elsewhere: f64,
}

impl TokenMap {
    /// A map to which nothing was added yet.
    #[must_use]
    pub fn new(image: (usize, usize)) -> Self {
        Self {
            image,
            grids: Vec::new(),
            elsewhere: 0.0,
        }
    }

    /// Adds what the tokens of a layer contribute; the first `special` of them are not the image's.
    ///
    /// # Errors
    /// [`NoGrid`] when the others do not tile the image.
    pub fn add(
        &mut self,
        tokens: impl ExactSizeIterator<Item = f64>,
        special: usize,
    ) -> std::result::Result<(), NoGrid> {
        let patches = tokens.len().saturating_sub(special);
        let mut tokens = tokens;
        self.elsewhere += tokens.by_ref().take(special).sum::<f64>();
        if patches == 0 {
            return Ok(());
        }
        let (rows, cols) = tiling(patches, self.image)?;
        let known = self.grids.iter().position(|grid| grid.rows == rows);
        let grid = match known {
            Some(known) => &mut self.grids[known],
            None => {
                self.grids.push(Grid::zeros(rows, cols));
                self.grids.last_mut().expect("just pushed")
            }
        };
        grid.values
            .iter_mut()
            .zip(tokens)
            .for_each(|(sum, value)| *sum += value);
        Ok(())
    }

    /// The sum over the patches.
    #[must_use]
    pub fn on_patches(&self) -> f64 {
        let values = self.grids.iter().flat_map(|grid| &grid.values);
        values.sum()
    }

    /// Rows and columns of the finest grid there is; a single cell where no token of the image takes part.
    #[must_use]
    pub fn finest(&self) -> (usize, usize) {
        let finest = self.grids.iter().max_by_key(|grid| grid.values.len());
        finest.map_or((1, 1), |grid| (grid.rows, grid.cols))
    }

    /// All layers on the finest grid.
    #[must_use]
    pub fn patches(&self) -> Grid {
        self.on_grid(self.finest())
    }

    /// All layers on one grid, none of theirs being finer; what a coarser token contributes is shared evenly by the cells
    /// it covers, so that the sum stays what it is.
    #[must_use]
    pub fn on_grid(&self, (rows, cols): (usize, usize)) -> Grid {
        let mut sum = Grid::zeros(rows, cols);
        for grid in &self.grids {
            let under = |cell: usize| {
                let (row, col) = (cell / sum.cols, cell % sum.cols);
                (row * grid.rows / sum.rows) * grid.cols + col * grid.cols / sum.cols
            };
            let under: Vec<usize> = (0..sum.values.len()).map(under).collect();
            let mut covered = vec![0.0; grid.values.len()];
            under.iter().for_each(|&cell| covered[cell] += 1.0);
            for (value, &cell) in sum.values.iter_mut().zip(&under) {
                *value += grid.values[cell] / covered[cell];
            }
        }
        sum
    }

    /// The map at the resolution of the image: a density per pixel, each grid resized bilinearly, as published.
    #[must_use]
    pub fn pixels(&self) -> Grid {
        let (height, width) = self.image;
        let mut sum = Grid::zeros(height, width);
        for grid in &self.grids {
            let share = grid.values.len() as f64 / (height * width) as f64;
            let resized = grid.resized(height, width);
            for (value, more) in sum.values.iter_mut().zip(resized.values) {
                *value += more * share;
            }
        }
        sum
    }
}

impl Grid {
    /// A grid of zeros.
    #[must_use]
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self {
            rows,
            cols,
            values: vec![0.0; rows * cols],
        }
    }

    /// Row and column of the largest value, and the value; the first of several.
    #[must_use]
    pub fn peak(&self) -> (usize, usize, f64) {
        let mut best = 0;
        for (cell, value) in self.values.iter().enumerate() {
            if *value > self.values[best] {
                best = cell;
            }
        }
        (best / self.cols, best % self.cols, self.values[best])
    }

    /// The grid at another size: bilinear between the centres of cells, constant outside of them (torch's `interpolate`
    /// without `align_corners`).
    #[must_use]
    pub fn resized(&self, rows: usize, cols: usize) -> Self {
        let (down, across) = (between(self.rows, rows), between(self.cols, cols));
        let mut values = Vec::with_capacity(rows * cols);
        for &(top, bottom, v) in &down {
            let (top, bottom) = (
                &self.values[top * self.cols..],
                &self.values[bottom * self.cols..],
            );
            for &(left, right, u) in &across {
                let above = top[left] + u * (top[right] - top[left]);
                let below = bottom[left] + u * (bottom[right] - bottom[left]);
                values.push(above + v * (below - above));
            }
        }
        Self { rows, cols, values }
    }
}

/// For each of `new` places the two of `old` it lies between, and how far along.
fn between(old: usize, new: usize) -> Vec<(usize, usize, f64)> {
    let place = |at: usize| {
        let centre = ((at as f64 + 0.5) * old as f64 / new as f64 - 0.5).max(0.0);
        let first = (centre as usize).min(old - 1);
        (first, (first + 1).min(old - 1), centre - first as f64)
    };
    (0..new).map(place).collect()
}

/// Rows and columns of square cells of which `tokens` tile an image.
fn tiling(tokens: usize, image: (usize, usize)) -> std::result::Result<(usize, usize), NoGrid> {
    let (height, width) = (image.0 as f64, image.1 as f64);
    let rows = (tokens as f64 * height / width).sqrt().round() as usize;
    match rows {
        0 => Err(NoGrid { tokens, image }),
        rows if tokens.is_multiple_of(rows) => Ok((rows, tokens / rows)),
        _ => Err(NoGrid { tokens, image }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn slots_are_weighted_each_by_its_own() {
        let cpu = &Device::Cpu;
        // One image, two slots, three tokens of two numbers, one direction.
        let weights = Tensor::new(&[[[1f32, 2., 3.], [10., 20., 30.]]], cpu).unwrap();
        let values = Tensor::new(&[[[1f32, 0.], [0., 1.], [1., 1.]]], cpu).unwrap();
        let onto = Tensor::new(&[[1f32], [2.], [4.], [8.]], cpu).unwrap();
        let found = along_directions(&weights, &values, &onto).unwrap();
        let found: Vec<f32> = found.flatten_all().unwrap().to_vec1().unwrap();
        assert_eq!(found, [1. + 40., 4. + 160., 9. + 360.]);
    }

    fn map(sizes: &[usize]) -> TokenMap {
        let mut map = TokenMap::new((12, 12));
        for &side in sizes {
            let tokens = (0..side * side + 2).map(|t| (t * t) as f64 - 7.0);
            map.add(tokens, 2).unwrap();
        }
        map
    }

    #[test]
    fn nothing_is_lost_on_the_way_to_one_grid() {
        let map = map(&[4, 2, 4, 1]);
        assert_eq!(map.grids.len(), 3);
        assert_eq!(map.elsewhere, 4.0 * (-7.0 - 6.0));
        let one = map.patches();
        assert_eq!((one.rows, one.cols), (4, 4));
        let sum: f64 = one.values.iter().sum();
        assert!((sum - map.on_patches()).abs() < 1e-9);
        // The top left cell: twice its own token, a quarter of the coarser one's, a sixteenth of the coarsest one's.
        let want = 2.0 * (4.0 - 7.0) + (4.0 - 7.0) / 4.0 + (4.0 - 7.0) / 16.0;
        assert!((one.values[0] - want).abs() < 1e-12);
    }

    #[test]
    fn resizing_keeps_centres_and_straight_lines() {
        let grid = Grid {
            rows: 1,
            cols: 4,
            values: vec![0.0, 1.0, 2.0, 3.0],
        };
        let wide = grid.resized(2, 12);
        assert_eq!(wide.values[1], 0.0);
        assert_eq!(wide.values[4], 1.0);
        assert!((wide.values[5] - 4.0 / 3.0).abs() < 1e-12);
        assert_eq!(wide.values[..12], wide.values[12..]);
        assert_eq!(grid.resized(1, 4), grid);
    }

    #[test]
    fn density_has_the_same_sum_where_cells_are_whole_pixels() {
        let map = map(&[12, 12]);
        let sum: f64 = map.pixels().values.iter().sum();
        assert!((sum - map.on_patches()).abs() < 1e-6);
    }

    #[test]
    fn oblong_images_have_oblong_grids_and_odd_numbers_have_none() {
        assert_eq!(tiling(14 * 12, (224, 192)), Ok((14, 12)));
        assert_eq!(tiling(1, (64, 64)), Ok((1, 1)));
        assert_eq!(
            tiling(3, (64, 64)),
            Err(NoGrid {
                tokens: 3,
                image: (64, 64)
            })
        );
    }

    #[test]
    fn the_peak_is_the_first_of_the_largest() {
        let grid = Grid {
            rows: 2,
            cols: 2,
            values: vec![-3.0, -1.0, -1.0, -2.0],
        };
        assert_eq!(grid.peak(), (0, 1, -1.0));
    }
}
