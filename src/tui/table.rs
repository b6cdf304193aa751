//! The results table: which rows and columns of an answer are on the screen. Cells become text only when they are drawn.

use polars::prelude::{AnyValue, Column, DataFrame, DataType, SortOptions};

use crate::output::cell;
use crate::output::width::{single_line, width};

/// Rows that decide how wide a column is.
const SAMPLED: usize = 300;

/// The most a column takes of the screen.
const WIDEST: usize = 40;

/// How the rows of a table are chosen and ordered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// The column to sort by, and whether the largest come first.
    pub sort: Option<(usize, bool)>,
    /// What a row has to contain, in any letter case; empty for anything.
    pub filter: String,
}

/// A table and the part of it that is looked at.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// All rows and columns.
    pub frame: DataFrame,
    /// The rows that are shown, in order.
    pub order: Vec<u32>,
    /// How they were chosen, or will be.
    pub arrangement: Arrangement,
    /// Counts arrangements that were asked for: older answers are dropped.
    pub generation: u64,
    /// The place in `order` that is selected.
    pub row: usize,
    /// The selected column.
    pub column: usize,
    /// The first place in `order` on the screen.
    pub top: usize,
    /// The first column on the screen, apart from a frozen one.
    pub left: usize,
    /// Whether the first column stays in place.
    pub frozen: bool,
    /// Columns of the screen that each column takes.
    pub widths: Vec<usize>,
}

impl Table {
    /// All of `frame`, in its own order. The generation goes on from an earlier table's.
    #[must_use]
    pub fn new(frame: DataFrame, generation: u64) -> Self {
        let widths = frame.columns().iter().map(width_of).collect();
        let rows = u32::try_from(frame.height()).unwrap_or(u32::MAX);
        Self {
            order: (0..rows).collect(),
            widths,
            frame,
            generation: generation + 1,
            frozen: true,
            ..Self::default()
        }
    }

    /// The row of the frame that is selected.
    #[must_use]
    pub fn selected(&self) -> Option<usize> {
        self.order.get(self.row).map(|row| *row as usize)
    }

    /// Selects a row of the frame if it is shown.
    pub fn select(&mut self, row: usize) {
        if let Some(at) = self.order.iter().position(|r| *r as usize == row) {
            self.row = at;
        }
    }

    /// The text of a cell as it is read.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> String {
        short(&self.frame.columns()[column], row)
    }

    /// The text of a cell without loss.
    #[must_use]
    pub fn exact(&self, row: usize, column: usize) -> String {
        let value = self.frame.columns()[column].get(row);
        cell::exact(&value.unwrap_or(AnyValue::Null)).unwrap_or_default()
    }

    /// Whether numbers stand in a column.
    #[must_use]
    pub fn is_number(&self, column: usize) -> bool {
        self.frame.columns()[column].dtype().is_primitive_numeric()
    }

    /// The frame's row whose column `name` holds `text`.
    #[must_use]
    pub fn find(&self, name: &str, text: &str) -> Option<usize> {
        let column = self.frame.column(name).ok()?;
        let texts = column.str().ok()?;
        texts.iter().position(|value| value == Some(text))
    }

    /// The text in a column of this name, in the selected row.
    #[must_use]
    pub fn selected_text(&self, name: &str) -> Option<String> {
        let column = self.frame.column(name).ok()?;
        Some(short(column, self.selected()?))
    }

    /// Moves the selection by rows.
    pub fn step(&mut self, rows: isize) {
        let last = self.order.len().saturating_sub(1);
        self.row = self.row.saturating_add_signed(rows).min(last);
    }

    /// Moves the selection by columns.
    pub fn step_column(&mut self, columns: isize) {
        let last = self.widths.len().saturating_sub(1);
        self.column = self.column.saturating_add_signed(columns).min(last);
    }

    /// The columns that `width` screen columns show, in order; the selected one is among them.
    #[must_use]
    pub fn visible(&self, width: usize) -> Vec<usize> {
        let frozen = self.frozen && self.left > 0;
        let mut shown: Vec<usize> = if frozen { vec![0] } else { Vec::new() };
        let mut used: usize = shown.iter().map(|c| self.widths[*c] + 1).sum();
        for column in self.left..self.widths.len() {
            let first = shown.len() == usize::from(frozen);
            if !first && used + self.widths[column] > width {
                break;
            }
            used += self.widths[column] + 1;
            shown.push(column);
        }
        shown
    }

    /// Scrolls until the selection is on a screen of so many rows and columns.
    pub fn settle(&mut self, height: usize, width: usize) {
        let last = self.order.len().saturating_sub(1);
        self.row = self.row.min(last);
        let height = height.max(1);
        self.top = self
            .top
            .min(self.row)
            .max((self.row + 1).saturating_sub(height));
        self.top = self.top.min((last + 1).saturating_sub(height));
        self.left = self.left.min(self.column);
        if self.column == 0 {
            self.left = 0;
        }
        while self.left < self.column && !self.visible(width).contains(&self.column) {
            self.left += 1;
        }
    }

    /// Asks for another arrangement; the generation tells its answer from older ones.
    pub fn ask(&mut self, arrangement: Arrangement) -> u64 {
        self.arrangement = arrangement;
        self.generation += 1;
        self.generation
    }

    /// Takes an arrangement's rows; the selected row stays selected where it is still shown.
    pub fn take(&mut self, generation: u64, order: Vec<u32>) {
        if generation != self.generation {
            return;
        }
        let selected = self.selected();
        self.order = order;
        self.row = 0;
        if let Some(row) = selected {
            self.select(row);
        }
    }
}

/// The rows of `frame` that an arrangement shows, in its order. Takes as long as reading every cell does.
#[must_use]
pub fn arrange(frame: &DataFrame, arrangement: &Arrangement) -> Vec<u32> {
    let rows = u32::try_from(frame.height()).unwrap_or(u32::MAX);
    let mut order: Vec<u32> = match arrangement.sort {
        Some((column, descending)) => sorted(&frame.columns()[column], descending),
        None => (0..rows).collect(),
    };
    let wanted = arrangement.filter.to_lowercase();
    if !wanted.is_empty() {
        order.retain(|row| {
            frame.columns().iter().any(|column| {
                short(column, *row as usize)
                    .to_lowercase()
                    .contains(&wanted)
            })
        });
    }
    order
}

fn sorted(column: &Column, descending: bool) -> Vec<u32> {
    let comparable = matches!(
        column.dtype(),
        DataType::String | DataType::Boolean | DataType::Date | DataType::Time
    ) || column.dtype().is_primitive_numeric();
    if comparable {
        let options = SortOptions::default()
            .with_order_descending(descending)
            .with_nulls_last(true)
            .with_maintain_order(true);
        let order = column.as_materialized_series().arg_sort(options);
        return order.into_no_null_iter().collect();
    }
    // Lists and structs have no order of their own: by what is read.
    let mut texts: Vec<(String, u32)> = (0..column.len() as u32)
        .map(|row| (short(column, row as usize), row))
        .collect();
    texts.sort();
    if descending {
        texts.reverse();
    }
    texts.into_iter().map(|(_, row)| row).collect()
}

fn short(column: &Column, row: usize) -> String {
    let value = column.get(row).unwrap_or(AnyValue::Null);
    single_line(&cell::short(&value).unwrap_or_default())
}

fn width_of(column: &Column) -> usize {
    let sampled = (0..column.len().min(SAMPLED)).map(|row| width(&short(column, row)));
    let name = width(&single_line(column.name()));
    sampled.max().unwrap_or(0).max(name + 1).min(WIDEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    fn table() -> Table {
        let frame = df!(
            "unit" => ["head 0.0", "head 0.1", "mlp 0", "Conv 3"],
            "score" => [Some(0.5), None, Some(-1.0), Some(2.0)],
        );
        Table::new(frame.unwrap(), 0)
    }

    #[test]
    fn sorting_puts_missing_values_last_either_way() {
        let frame = table().frame;
        let by = |descending| Arrangement {
            sort: Some((1, descending)),
            filter: String::new(),
        };
        assert_eq!(arrange(&frame, &by(true)), [3, 0, 2, 1]);
        assert_eq!(arrange(&frame, &by(false)), [2, 0, 3, 1]);
    }

    #[test]
    fn a_filter_looks_at_every_column_in_any_case() {
        let frame = table().frame;
        let with = |filter: &str| Arrangement {
            sort: None,
            filter: filter.into(),
        };
        assert_eq!(arrange(&frame, &with("HEAD")), [0, 1]);
        assert_eq!(arrange(&frame, &with("0.5")), [0]);
        assert!(arrange(&frame, &with("zebra")).is_empty());
    }

    #[test]
    fn a_late_answer_is_dropped_and_the_selected_row_stays() {
        let mut table = table();
        table.select(3);
        let old = table.ask(Arrangement::default());
        let new = table.ask(Arrangement {
            sort: Some((1, true)),
            filter: String::new(),
        });
        table.take(old, vec![1]);
        assert_eq!(table.order.len(), 4);
        table.take(new, vec![3, 0, 2, 1]);
        assert_eq!((table.row, table.selected()), (0, Some(3)));
    }

    #[test]
    fn the_selection_is_always_on_the_screen() {
        let frame = df!("n" => (0..1000).collect::<Vec<i32>>(), "a" => vec!["x"; 1000], "b" => vec!["y"; 1000]);
        let mut table = Table::new(frame.unwrap(), 0);
        table.step(700);
        table.step_column(2);
        table.settle(10, 7);
        assert!((table.top..table.top + 10).contains(&700));
        assert_eq!(table.visible(7), [0, 2], "the first column is frozen");
        table.step(isize::MAX);
        table.settle(10, 7);
        assert_eq!((table.row, table.top), (999, 990));
    }
}
