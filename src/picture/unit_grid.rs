//! One value per unit as a coloured grid, a row per layer and a column per head, with the numbers where there is room.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::canvas::Canvas;
use super::colormap;
use crate::interface::answer::UnitGrid;
use crate::output::width::{single_line, width};

/// Without colour: characters from weak to strong. The second set tells negative values apart where no number does.
const POSITIVE: [char; 6] = [' ', '.', '+', '*', '#', '@'];
const NEGATIVE: [char; 6] = [' ', ',', '-', '~', '=', '%'];

/// Columns of a cell without a number: about square.
const WIDEST_BARE_CELL: usize = 2;

/// Steps of the scale under the grid.
const LEGEND_STEPS: usize = 21;

/// Draws the grid, its labels and its scale; heads that do not fit side by side continue below.
#[must_use]
pub fn draw(grid: &UnitGrid, canvas: Canvas) -> Vec<Line<'static>> {
    let plan = Plan::new(grid, canvas);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut lines = vec![Line::from(Span::styled(single_line(&grid.model), bold))];
    for first in (0..grid.cols).step_by(plan.per_band) {
        let band = first..(first + plan.per_band).min(grid.cols);
        lines.push(plan.header(grid, band.clone()));
        for row in 0..grid.rows {
            let label = grid.row_labels.get(row).map_or("", String::as_str);
            let mut spans = vec![Span::raw(format!("{label:>w$} ", w = plan.label_width))];
            spans.extend(band.clone().map(|col| plan.cell(grid, row, col)));
            lines.push(Line::from(spans));
        }
    }
    lines.push(plan.legend(grid));
    lines
}

/// The sizes chosen for one grid on one canvas.
struct Plan {
    label_width: usize,
    cell_width: usize,
    /// Characters of the widest number; 0 where there is no room for numbers.
    number_width: usize,
    decimals: usize,
    per_band: usize,
    colored: bool,
}

impl Plan {
    fn new(grid: &UnitGrid, canvas: Canvas) -> Self {
        let label_width = grid.row_labels.iter().map(|l| width(l)).max().unwrap_or(0);
        let room = canvas.columns.saturating_sub(label_width + 1).max(1);
        let values = || grid.values.iter().flatten();
        let largest = values().fold(0f32, |most, v| most.max(v.abs()));
        let decimals = match largest {
            x if x < 10.0 => 2,
            x if x < 100.0 => 1,
            _ => 0,
        };
        let number_width = values()
            .map(|v| number(*v, decimals).len())
            .max()
            .unwrap_or(1);
        let fits = |cell: &usize| cell * grid.cols <= room;
        // Colours separate numbers that touch; characters do not.
        let least = number_width + usize::from(!canvas.colored);
        let with_number = (least..=number_width + 2).rev().find(fits);
        let without = (room / grid.cols.max(1)).clamp(1, WIDEST_BARE_CELL);
        let cell_width = with_number.unwrap_or(without);
        Self {
            label_width,
            cell_width,
            number_width: with_number.map_or(0, |_| number_width),
            decimals,
            per_band: (room / cell_width).max(1),
            colored: canvas.colored,
        }
    }

    /// Column labels over their cells; where a label is wider than a cell, only every second, third … is written.
    fn header(&self, grid: &UnitGrid, band: std::ops::Range<usize>) -> Line<'static> {
        let label = |col: usize| grid.col_labels.get(col).map_or("", String::as_str);
        let widest = band.clone().map(|col| width(label(col))).max().unwrap_or(0);
        let every = (widest + 1).div_ceil(self.cell_width).max(1);
        let mut text = " ".repeat(self.label_width + 1);
        for first in band.clone().step_by(every) {
            let cells = every.min(band.end - first);
            let shown = if cells == every { label(first) } else { "" };
            let columns = self.cell_width * cells;
            let shown = if every == 1 {
                self.right(shown)
            } else {
                shown.to_owned()
            };
            text += &format!("{shown:<columns$}");
        }
        let dim = Style::new().add_modifier(Modifier::DIM);
        Line::from(Span::styled(text.trim_end().to_owned(), dim))
    }

    fn cell(&self, grid: &UnitGrid, row: usize, col: usize) -> Span<'static> {
        let value = grid.values.get(row * grid.cols + col).copied().flatten();
        let columns = self.cell_width;
        let Some(value) = value.filter(|v| !v.is_nan()) else {
            return Span::raw(" ".repeat(columns));
        };
        let t = position(grid, value);
        if self.number_width == 0 {
            return if self.colored {
                Span::styled(" ".repeat(columns), on(t))
            } else {
                Span::raw(self.character(t).to_string().repeat(columns))
            };
        }
        let text = self.right(&number(value, self.decimals));
        if self.colored {
            Span::styled(format!("{text:<columns$}"), on(t))
        } else {
            let rest = columns - 1;
            Span::raw(format!("{}{:<rest$}", self.character(t), &text[1..]))
        }
    }

    /// Flush right where numbers end, after a blank if there is room for one.
    fn right(&self, text: &str) -> String {
        let columns = (self.number_width + 1).min(self.cell_width);
        format!("{text:>columns$}")
    }

    /// Strength, and sign where no number shows it, as a character.
    fn character(&self, t: f32) -> char {
        let set = if t < 0.0 && self.number_width == 0 {
            NEGATIVE
        } else {
            POSITIVE
        };
        let strength = (t.abs() * (set.len() - 1) as f32).round() as usize;
        set[strength.min(set.len() - 1)]
    }

    /// The scale: its ends as numbers, its colours or characters between them.
    fn legend(&self, grid: &UnitGrid) -> Line<'static> {
        let signed = grid.low < 0.0;
        let reach = grid.low.abs().max(grid.high.abs());
        let (from, to) = if signed {
            (-reach, reach)
        } else {
            (grid.low, grid.high)
        };
        let indent = " ".repeat(self.label_width + 1);
        let mut spans = vec![Span::raw(format!("{indent}{} ", number(from, 2)))];
        for step in 0..LEGEND_STEPS {
            let at = step as f32 / (LEGEND_STEPS - 1) as f32;
            let t = if signed { 2.0 * at - 1.0 } else { at };
            spans.push(if self.colored {
                Span::styled(" ", on(t))
            } else {
                Span::raw(self.character(t).to_string())
            });
        }
        spans.push(Span::raw(format!(" {}", number(to, 2))));
        Line::from(spans)
    }
}

/// Where a value stands on the scale: −1 ..= 1, 0 in the middle of a signed scale and at the low end of another.
#[must_use]
pub fn position(grid: &UnitGrid, value: f32) -> f32 {
    let (least, from, length) = if grid.low < 0.0 {
        (-1.0, 0.0, grid.low.abs().max(grid.high.abs()))
    } else {
        (0.0, grid.low, grid.high - grid.low)
    };
    if length > 0.0 {
        ((value - from) / length).clamp(least, 1.0)
    } else {
        0.0
    }
}

fn on(t: f32) -> Style {
    let background = colormap::diverging(t);
    let color = |[r, g, b]: [u8; 3]| Color::Rgb(r, g, b);
    Style::new()
        .bg(color(background))
        .fg(color(colormap::ink_on(background)))
}

/// A number in as few characters as can be: `.45`, `-.45`, `1.00`.
fn number(value: f32, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix("-0.").or_else(|| text.strip_prefix("0.")) {
        Some(digits) if digits.bytes().all(|digit| digit == b'0') => format!(".{digits}"),
        Some(digits) if text.starts_with('-') => format!("-.{digits}"),
        Some(digits) => format!(".{digits}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> UnitGrid {
        UnitGrid {
            model: "dinov2".into(),
            rows: 2,
            cols: 3,
            values: vec![
                Some(0.8),
                Some(-0.8),
                Some(0.0),
                Some(0.4),
                None,
                Some(-0.05),
            ],
            low: -0.8,
            high: 0.8,
            row_labels: vec!["0".into(), "11".into()],
            col_labels: vec!["0".into(), "1".into(), "2".into()],
        }
    }

    fn canvas(columns: usize, colored: bool) -> Canvas {
        Canvas {
            columns,
            colored,
            ascii: false,
        }
    }

    #[test]
    fn numbers_stand_in_cells_of_their_colour() {
        let lines = draw(&grid(), canvas(80, true));
        let text: Vec<String> = lines.iter().map(Line::to_string).collect();
        assert_eq!(text[0], "dinov2");
        assert_eq!(text[1], "       0     1     2");
        assert_eq!(text[2], " 0   .80  -.80   .00 ");
        assert_eq!(text[3], "11   .40        -.05 ");
        let background = |row: usize, cell: usize| lines[row].spans[cell + 1].style.bg;
        let expected = |t| {
            let [r, g, b] = colormap::diverging(t);
            Some(Color::Rgb(r, g, b))
        };
        assert_eq!(background(2, 0), expected(1.0));
        assert_eq!(background(2, 1), expected(-1.0));
        assert_eq!(background(2, 2), expected(0.0));
        assert_eq!(background(3, 0), expected(0.5));
        assert_eq!(background(3, 1), None, "no unit, no colour");
    }

    #[test]
    fn without_colour_characters_and_numbers_say_the_same() {
        let lines = draw(&grid(), canvas(80, false));
        assert_eq!(lines[2].to_string(), " 0 @ .80 @-.80   .00 ");
        for line in &lines[1..] {
            assert!(
                line.spans
                    .iter()
                    .all(|s| s.style.bg.is_none() && s.style.fg.is_none())
            );
        }
        let touching = draw(&grid(), canvas(15, true));
        assert_eq!(touching[2].to_string(), " 0  .80-.80 .00");
        let narrow = draw(&grid(), canvas(9, false));
        assert_eq!(narrow[2].to_string(), " 0 @@%%  ");
    }

    #[test]
    fn no_line_of_cells_is_wider_than_the_canvas() {
        let wide = UnitGrid {
            cols: 48,
            values: vec![Some(0.5); 96],
            col_labels: (0..48).map(|head| head.to_string()).collect(),
            ..grid()
        };
        for columns in [30, 60, 120, 300] {
            let lines = draw(&wide, canvas(columns, true));
            let cells = lines.iter().filter(|l| l.to_string().starts_with("11"));
            let shown: usize = cells.map(|l| l.spans.len() - 1).sum();
            assert_eq!(shown, 48, "every head is shown at {columns}");
            assert!(
                lines.iter().all(|l| l.width() <= columns.max(34)),
                "{columns}"
            );
        }
    }

    #[test]
    fn an_unsigned_scale_begins_at_its_low_end_and_a_flat_one_is_zero() {
        let unsigned = UnitGrid {
            low: 0.2,
            high: 0.6,
            ..grid()
        };
        assert_eq!(position(&unsigned, 0.2), 0.0);
        assert!((position(&unsigned, 0.4) - 0.5).abs() < 1e-6);
        assert_eq!(
            position(
                &UnitGrid {
                    low: 0.0,
                    high: 0.0,
                    ..grid()
                },
                0.3
            ),
            0.0
        );
        assert_eq!(number(-0.004, 2), ".00");
        assert_eq!(number(-12.34, 1), "-12.3");
    }
}
