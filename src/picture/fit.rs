//! Fitting a picture into a box of character cells.

/// The largest size in cells `(columns, rows)`, at most the box, that shows `width × height` pixels undistorted on cells
/// twice as high as wide. The aspect ratio is kept to within one cell, and every picture keeps at least one cell.
#[must_use]
pub fn fit(width: u32, height: u32, columns: usize, rows: usize) -> (usize, usize) {
    let (columns, rows) = (columns.max(1), rows.max(1));
    // Cells of height per cell of width.
    let aspect = f64::from(height.max(1)) / f64::from(width.max(1)) / 2.0;
    let by_width = columns as f64 * aspect;
    if by_width <= rows as f64 {
        (columns, (by_width.round() as usize).clamp(1, rows))
    } else {
        let by_height = rows as f64 / aspect;
        ((by_height.round() as usize).clamp(1, columns), rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_square_is_twice_as_many_columns_as_rows() {
        assert_eq!(fit(224, 224, 40, 100), (40, 20));
        assert_eq!(fit(224, 224, 40, 10), (20, 10));
        assert_eq!(fit(400, 100, 40, 10), (40, 5));
        assert_eq!(fit(0, 0, 0, 0), (1, 1));
    }

    proptest! {
        #[test]
        fn never_outside_the_box_and_true_to_within_a_cell(
            width in 1u32..5000, height in 1u32..5000, columns in 1usize..300, rows in 1usize..200,
        ) {
            let (c, r) = fit(width, height, columns, rows);
            prop_assert!((1..=columns).contains(&c) && (1..=rows).contains(&r));
            prop_assert!(c == columns || r == rows, "as large as the box allows");
            let ideal_rows = c as f64 * f64::from(height) / f64::from(width) / 2.0;
            let ideal_columns = r as f64 * 2.0 * f64::from(width) / f64::from(height);
            prop_assert!(
                (r as f64 - ideal_rows).abs() <= 1.0 || (c as f64 - ideal_columns).abs() <= 1.0
            );
        }
    }
}
