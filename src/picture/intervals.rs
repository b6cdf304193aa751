//! Values with the intervals around them, one row each on a common axis.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::canvas::Canvas;
use crate::interface::answer::{Interval, Intervals};
use crate::output::width::{cut_middle, single_line, width};

/// The most columns of the axis, and the fewest that say anything.
const LONGEST: usize = 60;
const SHORTEST: usize = 16;

const COLOR: Color = Color::Rgb(230, 159, 0);

/// The signs of one row.
struct Signs {
    left: char,
    line: char,
    right: char,
    mid: char,
    zero: char,
}

const SIGNS: Signs = Signs {
    left: '├',
    line: '─',
    right: '┤',
    mid: '●',
    zero: '┊',
};

const ASCII: Signs = Signs {
    left: '|',
    line: '-',
    right: '|',
    mid: 'o',
    zero: ':',
};

/// Draws the rows under their title and the ends of the axis below; 0 is marked where it lies inside.
#[must_use]
pub fn draw(intervals: &Intervals, canvas: Canvas) -> Vec<Line<'static>> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let title = Line::from(Span::styled(single_line(&intervals.title), bold));
    let widest = intervals.rows.iter().map(|row| width(&row.label)).max();
    let labels = widest.unwrap_or(0).min(canvas.columns / 2);
    let room = canvas.columns.saturating_sub(labels + 1).min(LONGEST);
    let mut lines = vec![title];
    if room < SHORTEST {
        lines.extend(intervals.rows.iter().map(|row| in_words(row, canvas)));
        return lines;
    }
    for row in &intervals.rows {
        let label = cut_middle(&single_line(&row.label), labels, ellipsis(canvas));
        let blanks = " ".repeat(labels - width(&label));
        let mut spans = vec![Span::raw(format!("{label}{blanks} "))];
        spans.extend(axis_row(intervals, row, room, canvas));
        lines.push(Line::from(spans));
    }
    let (from, to) = (
        format!("{:.2}", intervals.low),
        format!("{:.2}", intervals.high),
    );
    let between = " ".repeat(room.saturating_sub(from.len() + to.len()).max(1));
    let indent = " ".repeat(labels + 1);
    lines.push(Line::from(Span::styled(
        format!("{indent}{from}{between}{to}"),
        Style::new().add_modifier(Modifier::DIM),
    )));
    lines
}

fn axis_row(
    intervals: &Intervals,
    row: &Interval,
    room: usize,
    canvas: Canvas,
) -> Vec<Span<'static>> {
    let signs = if canvas.ascii { ASCII } else { SIGNS };
    let mut cells = vec![' '; room];
    let place = |value: f32| place(intervals, value, room);
    if intervals.low < 0.0 && intervals.high > 0.0 {
        cells[place(0.0)] = signs.zero;
    }
    if row.low.is_finite() && row.high.is_finite() {
        let (left, right) = (place(row.low), place(row.high));
        cells[left..=right.max(left)].fill(signs.line);
        cells[left] = signs.left;
        cells[right.max(left)] = signs.right;
    }
    if row.mid.is_finite() {
        cells[place(row.mid)] = signs.mid;
    }
    let text: String = cells.into_iter().collect();
    let style = if canvas.colored {
        Style::new().fg(COLOR)
    } else {
        Style::new()
    };
    vec![Span::styled(text.trim_end().to_owned(), style)]
}

/// The column of a value; values beyond the axis stand at its ends.
fn place(intervals: &Intervals, value: f32, room: usize) -> usize {
    let length = intervals.high - intervals.low;
    let share = if length > 0.0 {
        ((value - intervals.low) / length).clamp(0.0, 1.0)
    } else {
        0.5
    };
    (share * (room - 1) as f32).round() as usize
}

fn in_words(row: &Interval, canvas: Canvas) -> Line<'static> {
    let text = format!(
        "{} {:.2} ({:.2} to {:.2})",
        row.label, row.mid, row.low, row.high
    );
    Line::from(cut_middle(
        &single_line(&text),
        canvas.columns,
        ellipsis(canvas),
    ))
}

fn ellipsis(canvas: Canvas) -> &'static str {
    if canvas.ascii { "..." } else { "…" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intervals() -> Intervals {
        let row = |label: &str, low, mid, high| Interval {
            label: label.into(),
            low,
            mid,
            high,
        };
        Intervals {
            title: "scores".into(),
            low: -1.0,
            high: 1.0,
            rows: vec![
                row("head 5.2", -0.5, 0.0, 0.5),
                row("mlp 3", 0.9, 0.2, 1.0),
                row("out", f32::NAN, 0.5, f32::NAN),
            ],
        }
    }

    #[test]
    fn ends_and_values_stand_at_their_places_on_the_axis() {
        let canvas = Canvas {
            columns: 30,
            colored: true,
            ascii: false,
        };
        let text: Vec<String> = draw(&intervals(), canvas)
            .iter()
            .map(Line::to_string)
            .collect();
        // Labels take 8 columns and a blank, the axis 21: −1 in column 0, 0 in 10, 1 in 20.
        assert_eq!(text[1], "head 5.2      ├────●────┤");
        assert_eq!(text[2], "mlp 3              ┊ ●      ├┤");
        assert_eq!(text[3], "out                ┊    ●");
        assert_eq!(text[4], format!("{}-1.00            1.00", " ".repeat(9)));
    }

    #[test]
    fn every_width_holds_and_ascii_is_ascii() {
        for columns in 1..100 {
            let canvas = Canvas {
                columns,
                colored: false,
                ascii: true,
            };
            let lines = draw(&intervals(), canvas);
            assert!(lines[1..].iter().all(|l| l.width() <= columns), "{columns}");
            assert!(lines.iter().all(|l| l.to_string().is_ascii()));
        }
    }
}
