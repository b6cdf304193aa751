//! Where a 3 × 3 convolution's taps fall on a map of tokens, padded as TensorFlow's "same" does.

/// Where a 3 × 3 convolution's taps fall on a map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taps {
    /// Rows and columns of the input.
    pub input: (usize, usize),
    /// Rows and columns of the output.
    pub output: (usize, usize),
    stride: usize,
    /// Rows and columns of padding before the map; what is missing after it may be one more.
    before: (usize, usize),
}

impl Taps {
    pub fn new(input: (usize, usize), stride: usize) -> Self {
        let side = |input: usize| {
            let output = input.div_ceil(stride);
            let padding = ((output - 1) * stride + 3).saturating_sub(input);
            (output, padding / 2)
        };
        let (rows, columns) = (side(input.0), side(input.1));
        Self {
            input,
            output: (rows.0, columns.0),
            stride,
            before: (rows.1, columns.1),
        }
    }

    /// The token under tap `tap` (row by row) of the output token at (`row`, `column`); none in the padding.
    #[inline(always)]
    pub fn under(&self, tap: usize, row: usize, column: usize) -> Option<usize> {
        let row = (row * self.stride + tap / 3).checked_sub(self.before.0)?;
        let column = (column * self.stride + tap % 3).checked_sub(self.before.1)?;
        (row < self.input.0 && column < self.input.1).then_some(row * self.input.1 + column)
    }
}
