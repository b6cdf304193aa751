//! Counts as bars, one row per bin.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::canvas::Canvas;
use crate::interface::answer::Histogram;
use crate::output::width::{cut_middle, single_line, width};

/// The most columns of a bar.
const LONGEST: usize = 50;

/// Eighths of a block, from none to seven.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

const COLOR: Color = Color::Rgb(86, 180, 233);

/// Draws the bars under their title: label, bar, count.
#[must_use]
pub fn draw(histogram: &Histogram, canvas: Canvas) -> Vec<Line<'static>> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut lines = vec![Line::from(Span::styled(
        single_line(&histogram.title),
        bold,
    ))];
    let most = histogram.bars.iter().map(|(_, n)| *n).max().unwrap_or(0);
    let widest = histogram.bars.iter().map(|(label, _)| width(label)).max();
    let labels = widest.unwrap_or(0).min(canvas.columns / 3);
    let counts = most.to_string().len();
    let room = canvas
        .columns
        .saturating_sub(labels + counts + 2)
        .min(LONGEST);
    let ellipsis = if canvas.ascii { "..." } else { "…" };
    for (label, count) in &histogram.bars {
        let label = cut_middle(&single_line(label), labels, ellipsis);
        let blanks = " ".repeat(labels - width(&label));
        let style = if canvas.colored {
            Style::new().fg(COLOR)
        } else {
            Style::new()
        };
        let line = Line::from(vec![
            Span::raw(format!("{blanks}{label} ")),
            Span::styled(bar(*count, most, room, canvas.ascii), style),
            Span::raw(format!(" {count}")),
        ]);
        // Where there is no room for bars the counts alone say it.
        lines.push(if line.width() <= canvas.columns {
            line
        } else {
            Line::from(cut_middle(&count.to_string(), canvas.columns, ellipsis))
        });
    }
    lines
}

/// A bar as long as the count's share of the largest; anything above 0 shows.
fn bar(count: u64, most: u64, room: usize, ascii: bool) -> String {
    if most == 0 || count == 0 {
        return String::new();
    }
    let share = count as f64 / most as f64 * room as f64;
    if ascii {
        return "#".repeat((share.round() as usize).max(usize::from(room > 0)));
    }
    let eighths = ((share * 8.0).round() as usize).max(usize::from(room > 0));
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANVAS: Canvas = Canvas {
        columns: 40,
        colored: false,
        ascii: false,
    };

    #[test]
    fn bars_are_as_long_as_their_share_and_counts_are_written() {
        let bars = [("0.0", 0), ("0.5", 4), ("1.0", 8), ("1.5", 1)];
        let histogram = Histogram {
            title: "scores".into(),
            bars: bars.map(|(l, n)| (l.to_owned(), n)).to_vec(),
        };
        let text: Vec<String> = draw(&histogram, CANVAS)
            .iter()
            .map(Line::to_string)
            .collect();
        let full = |row: &str| row.matches('█').count();
        assert_eq!(text[0], "scores");
        assert_eq!(text[1], "0.0  0");
        assert_eq!((full(&text[2]), full(&text[3])), (17, 34));
        assert!(text[4].ends_with(" 1") && full(&text[4]) == 4);
        let ascii = Canvas {
            ascii: true,
            ..CANVAS
        };
        assert!(
            draw(&histogram, ascii)
                .iter()
                .all(|l| l.to_string().is_ascii())
        );
        for columns in 1..40 {
            let lines = draw(&histogram, Canvas { columns, ..CANVAS });
            assert!(lines[1..].iter().all(|l| l.width() <= columns), "{columns}");
        }
    }

    #[test]
    fn values_fall_into_bins_of_equal_width_the_greatest_into_the_last() {
        let values = [0.0, 0.1, 0.25, 0.5, 0.99, 1.0, f32::NAN];
        let histogram = Histogram::of("x", &values, 4);
        let counts: Vec<u64> = histogram.bars.iter().map(|(_, n)| *n).collect();
        assert_eq!(counts, [2, 1, 1, 2]);
        assert_eq!(histogram.bars[1].0, "0.250");
        assert_eq!(
            Histogram::of("x", &[3.0; 5], 4).bars,
            [("3.000".to_owned(), 5)]
        );
        assert!(Histogram::of("x", &[f32::NAN], 4).bars.is_empty());
    }
}
