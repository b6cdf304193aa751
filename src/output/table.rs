//! The table on the terminal: light boxes, numbers aligned at their points, text cut in the middle until it fits.

use polars::prelude::{AnyValue, Column, DataFrame, DataType};

use super::cell;
use super::color::Depth;
use super::sgr::{Style, paint};
use super::width::{cut_middle, single_line, width};

/// Text is not cut below this many terminal columns while there are columns to leave out instead …
const READABLE_TEXT: usize = 20;

/// … of which these first ones stay as long as they can, with text cut down to this.
const FIRST: usize = 4;
const LEAST_TEXT: usize = 8;

/// How a table is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The terminal's width; `None` for a pipe, where nothing is cut.
    pub width: Option<usize>,
    /// The most rows shown; `None` for all.
    pub rows: Option<usize>,
    /// Draw with `+-|` instead of box characters.
    pub ascii: bool,
    /// Colours of the stream.
    pub depth: Depth,
}

/// A table ready to print, and what had to be left out, in sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The lines, each ending in a line break.
    pub text: String,
    /// What is not shown: rows, columns.
    pub left_out: Vec<String>,
}

/// One column, every shown cell as text.
struct Cells {
    name: String,
    texts: Vec<String>,
    width: usize,
    is_number: bool,
    can_shrink: bool,
}

/// Draws `frame`.
#[must_use]
pub fn draw(frame: &DataFrame, layout: Layout) -> Drawn {
    let height = frame.height();
    let shown = layout.rows.map_or(height, |rows| rows.min(height));
    let mut columns: Vec<Cells> = frame
        .columns()
        .iter()
        .map(|column| cells(column, shown, layout))
        .collect();
    let mut left_out = Vec::new();
    if let Some(available) = layout.width {
        let ellipsis = ellipsis(layout.ascii);
        let hidden = fit(&mut columns, available, ellipsis);
        if !hidden.is_empty() {
            left_out.push(format!(
                "{} of {} columns do not fit and are not shown: {}; `set format line` shows everything",
                hidden.len(),
                frame.width(),
                hidden.join(", ")
            ));
        }
    }
    if shown < height {
        left_out.push(format!(
            "{shown} of {height} rows; `set rows all` shows the rest"
        ));
    }
    let text = boxed(&columns, shown, layout);
    Drawn { text, left_out }
}

fn ellipsis(ascii: bool) -> &'static str {
    if ascii { "..." } else { "…" }
}

fn cells(column: &Column, shown: usize, layout: Layout) -> Cells {
    let texts: Vec<String> = (0..shown)
        .map(|row| cell_text(&column.get(row).unwrap_or(AnyValue::Null), layout.ascii))
        .collect();
    let is_number = column.dtype().is_primitive_numeric();
    let texts = if column.dtype().is_float() {
        align_points(&texts)
    } else {
        texts
    };
    let name = single_line(column.name());
    let width = texts.iter().map(|text| width(text)).max().unwrap_or(0);
    Cells {
        width: width.max(self::width(&name)),
        name,
        texts,
        is_number,
        can_shrink: matches!(
            column.dtype(),
            DataType::String | DataType::List(_) | DataType::Array(..) | DataType::Struct(_)
        ),
    }
}

fn cell_text(value: &AnyValue, ascii: bool) -> String {
    let text = single_line(&cell::short(value).unwrap_or_default());
    if ascii {
        text.replace('…', "...").replace('·', "?")
    } else {
        text
    }
}

/// Pads numbers on the right so that their points stand under each other.
fn align_points(texts: &[String]) -> Vec<String> {
    let after_point = |text: &String| text.len() - text.find('.').unwrap_or(text.len());
    let most = texts
        .iter()
        .filter(|text| !text.contains('e'))
        .map(after_point)
        .max()
        .unwrap_or(0);
    let pad = |text: &String| {
        let missing = most.saturating_sub(after_point(text));
        let scientific_or_null = text.contains('e') || text.is_empty();
        format!(
            "{text}{}",
            " ".repeat(if scientific_or_null { 0 } else { missing })
        )
    };
    texts.iter().map(pad).collect()
}

/// Leaves out columns from the right until the others can be at most `available` wide, then narrows text columns, the
/// widest first. Returns the names of those left out.
fn fit(columns: &mut Vec<Cells>, available: usize, ellipsis: &str) -> Vec<String> {
    let shown = (1..=columns.len()).rev().find(|&count| {
        let least = if count > FIRST {
            READABLE_TEXT
        } else {
            LEAST_TEXT
        };
        narrowest(&columns[..count], least) <= available
    });
    let hidden = columns.split_off(shown.unwrap_or(1).min(columns.len()));
    while narrowest(columns, usize::MAX) > available {
        let widest = columns
            .iter_mut()
            .filter(|c| c.can_shrink && c.width > LEAST_TEXT)
            .max_by_key(|c| c.width);
        match widest {
            Some(column) => column.width -= 1,
            None => break,
        }
    }
    for column in columns.iter_mut().filter(|c| c.can_shrink) {
        column.name = cut_middle(&column.name, column.width, ellipsis);
        for text in &mut column.texts {
            *text = cut_middle(text, column.width, ellipsis);
        }
    }
    hidden.into_iter().map(|column| column.name).collect()
}

/// How wide the table is when text is cut to `text` columns.
fn narrowest(columns: &[Cells], text: usize) -> usize {
    let narrow = |c: &Cells| {
        if c.can_shrink {
            c.width.min(text)
        } else {
            c.width
        }
    };
    columns.iter().map(|c| narrow(c) + 3).sum::<usize>() + 1
}

/// The characters of a border: horizontal, vertical, then the corners and crossings of top, middle and bottom rule.
struct Border {
    horizontal: &'static str,
    vertical: &'static str,
    top: [&'static str; 3],
    middle: [&'static str; 3],
    bottom: [&'static str; 3],
}

const LIGHT: Border = Border {
    horizontal: "─",
    vertical: "│",
    top: ["┌", "┬", "┐"],
    middle: ["├", "┼", "┤"],
    bottom: ["└", "┴", "┘"],
};

const ASCII: Border = Border {
    horizontal: "-",
    vertical: "|",
    top: ["+"; 3],
    middle: ["+"; 3],
    bottom: ["+"; 3],
};

fn boxed(columns: &[Cells], rows: usize, layout: Layout) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let style = if layout.ascii { ASCII } else { LIGHT };
    let dim = |text: &str| paint(text, Style::Dim, layout.depth);
    let rule = |ends: [&str; 3]| {
        let runs: Vec<String> = columns
            .iter()
            .map(|c| style.horizontal.repeat(c.width + 2))
            .collect();
        dim(&format!("{}{}{}", ends[0], runs.join(ends[1]), ends[2])) + "\n"
    };
    let bar = dim(style.vertical);
    let line = |cells: &mut dyn Iterator<Item = String>| {
        let mut out = bar.clone();
        for cell in cells {
            out += &format!(" {cell} {bar}");
        }
        out + "\n"
    };
    let mut out = rule(style.top);
    out += &line(&mut columns.iter().map(|c| {
        let padded = pad(&c.name, c.width, c.is_number);
        paint(&padded, Style::Bold, layout.depth)
    }));
    out += &rule(style.middle);
    for row in 0..rows {
        out += &line(
            &mut columns
                .iter()
                .map(|c| pad(&c.texts[row], c.width, c.is_number)),
        );
    }
    out + &rule(style.bottom)
}

fn pad(text: &str, columns: usize, to_the_right: bool) -> String {
    let spaces = " ".repeat(columns.saturating_sub(width(text)));
    if to_the_right {
        spaces + text
    } else {
        text.to_owned() + &spaces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::NamedFrom;
    use polars::prelude::Series;

    const PLAIN: Layout = Layout {
        width: None,
        rows: None,
        ascii: false,
        depth: Depth::Never,
    };

    fn frame() -> DataFrame {
        DataFrame::new_infer_height(vec![
            Series::new("unit".into(), ["head 5.2", "mlp 11", "head 0.10"]).into(),
            Series::new("layer".into(), [5u32, 11, 0]).into(),
            Series::new("score".into(), [Some(0.451_29f32), Some(-12.3), None]).into(),
        ])
        .unwrap()
    }

    #[test]
    fn columns_and_points_are_aligned() {
        let expected = "\
┌───────────┬───────┬──────────┐
│ unit      │ layer │    score │
├───────────┼───────┼──────────┤
│ head 5.2  │     5 │   0.4513 │
│ mlp 11    │    11 │ -12.30   │
│ head 0.10 │     0 │          │
└───────────┴───────┴──────────┘
";
        assert_eq!(draw(&frame(), PLAIN).text, expected);
    }

    #[test]
    fn ascii_has_no_other_characters() {
        let layout = Layout {
            ascii: true,
            width: Some(30),
            ..PLAIN
        };
        let drawn = draw(&frame(), layout);
        assert!(drawn.text.is_ascii(), "{}", drawn.text);
        assert!(drawn.text.starts_with("+---"));
    }

    #[test]
    fn a_narrow_terminal_cuts_text_then_hides_columns_and_says_so() {
        for available in 10..60 {
            let layout = Layout {
                width: Some(available),
                ..PLAIN
            };
            let long = Series::new("path".into(), ["photos/a/very/long/way/down.jpg"; 3]);
            let mut frame = frame();
            frame.with_column(long.into()).unwrap();
            let drawn = draw(&frame, layout);
            let widest = drawn.text.lines().map(width).max().unwrap();
            assert!(widest <= available.max(12), "{available}: {}", drawn.text);
            let hidden = !drawn.text.contains("path");
            assert_eq!(hidden, !drawn.left_out.is_empty(), "{}", drawn.text);
        }
    }

    #[test]
    fn later_columns_are_left_out_before_text_becomes_unreadable() {
        let text =
            |name: &str| Series::new(name.into(), ["a photo of a large blue penguin"]).into();
        let names = ["a", "b", "c", "d", "e", "f"];
        let frame = DataFrame::new_infer_height(names.map(text).to_vec()).unwrap();
        let at = |columns| {
            draw(
                &frame,
                Layout {
                    width: Some(columns),
                    ..PLAIN
                },
            )
        };
        let wide = at(120);
        assert!(wide.text.contains("│ e ") && !wide.text.contains("│ f "));
        assert!(wide.left_out[0].contains("1 of 6 columns do not fit and are not shown: f"));
        let widest = wide.text.lines().map(width).max();
        assert_eq!(widest, Some(120), "what is left over goes to the text");
        let narrow = at(60);
        assert!(narrow.text.contains("│ d ") && !narrow.text.contains("│ e "));
    }

    #[test]
    fn rows_left_out_are_counted() {
        let layout = Layout {
            rows: Some(2),
            ..PLAIN
        };
        let drawn = draw(&frame(), layout);
        assert_eq!(drawn.text.lines().count(), 6);
        assert_eq!(
            drawn.left_out,
            ["2 of 3 rows; `set rows all` shows the rest"]
        );
    }

    #[test]
    fn colour_changes_no_visible_character() {
        let layout = Layout {
            depth: Depth::Ansi16,
            ..PLAIN
        };
        let colored = draw(&frame(), layout).text;
        assert!(colored.contains("\x1b[1m"));
        let mut plain = colored;
        for code in ["\x1b[0m", "\x1b[1m", "\x1b[2m"] {
            plain = plain.replace(code, "");
        }
        assert_eq!(plain, draw(&frame(), PLAIN).text);
    }
}
