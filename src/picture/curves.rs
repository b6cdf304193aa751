//! Lines over one axis, each with a colour and a sign of its own, so that they are told apart without colour too.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Constraint, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};

use super::canvas::Canvas;
use crate::interface::answer::Curves;
use crate::output::width::{cut_middle, single_line, width};

/// Colours that are told apart with every common form of colour blindness (Okabe and Ito, 2008), and the signs that go
/// with them; a seventh line begins again.
const LINES: [([u8; 3], char, char); 6] = [
    ([230, 159, 0], '●', 'o'),
    ([86, 180, 233], '▲', 'x'),
    ([0, 158, 115], '■', '#'),
    ([204, 121, 167], '◆', '*'),
    ([240, 228, 66], '○', '+'),
    ([213, 94, 0], '△', '@'),
];

/// Rows of the chart itself, and the most columns it takes.
const ROWS: u16 = 14;
const WIDEST: usize = 100;

/// Below this many columns there is no room for axes; the numbers are written instead.
const NARROWEST: usize = 24;

/// Draws the curves under their title, with the names of the lines below.
#[must_use]
pub fn draw(curves: &Curves, canvas: Canvas) -> Vec<Line<'static>> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut lines = vec![Line::from(Span::styled(single_line(&curves.title), bold))];
    let Some(bounds) = bounds(curves) else {
        lines.push(Line::from("nothing to draw: no finite values"));
        return lines;
    };
    if canvas.columns < NARROWEST {
        lines.extend(ends(curves, canvas));
        return lines;
    }
    lines.extend(chart(curves, bounds, canvas));
    lines.extend(legend(curves, canvas));
    lines
}

/// The least and the greatest value, apart by something.
fn bounds(curves: &Curves) -> Option<[f64; 2]> {
    let values = || {
        let all = curves.lines.iter().flat_map(|(_, values)| values);
        all.filter(|v| v.is_finite()).map(|v| f64::from(*v))
    };
    values().next()?;
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    Some(if low < high {
        [low, high]
    } else {
        [low - 0.5, high + 0.5]
    })
}

fn chart(curves: &Curves, [low, high]: [f64; 2], canvas: Canvas) -> Vec<Line<'static>> {
    let columns = canvas.columns.min(WIDEST) as u16;
    // Lines end where values are missing: each unbroken run is a data set.
    let runs: Vec<(usize, Vec<(f64, f64)>)> = (curves.lines.iter().enumerate())
        .flat_map(|(line, (_, values))| unbroken(values).into_iter().map(move |run| (line, run)))
        .collect();
    let datasets = runs.iter().map(|(line, points)| {
        Dataset::default()
            .marker(Marker::Custom(sign(*line, canvas)))
            .graph_type(GraphType::Line)
            .style(color(*line, canvas))
            .data(points)
    });
    let last = curves.x.len().saturating_sub(1).max(1) as f64;
    let middle = (low + high) / 2.0;
    let y_labels = [low, middle, high].map(|value| Line::from(number(value, high - low)));
    let x_axis = Axis::default()
        .bounds([0.0, last])
        .labels(x_labels(curves, usize::from(columns)))
        .labels_alignment(Alignment::Center);
    let chart = Chart::new(datasets.collect())
        .x_axis(x_axis)
        .y_axis(Axis::default().bounds([low, high]).labels(y_labels))
        .legend_position(None)
        .hidden_legend_constraints((Constraint::Length(0), Constraint::Length(0)));
    let area = Rect::new(0, 0, columns, ROWS);
    let mut buffer = Buffer::empty(area);
    chart.render(area, &mut buffer);
    let axes = format!("{} over {}", curves.y_label, curves.x_label);
    let mut lines = vec![Line::from(Span::styled(
        cut_middle(&single_line(&axes), canvas.columns, ellipsis(canvas)),
        Style::new().add_modifier(Modifier::DIM),
    ))];
    lines.extend((0..ROWS).map(|row| line_of(&buffer, row, canvas)));
    lines
}

/// The runs of finite values, as points of the chart.
fn unbroken(values: &[f32]) -> Vec<Vec<(f64, f64)>> {
    let mut runs = vec![Vec::new()];
    for (at, value) in values.iter().enumerate() {
        if value.is_finite() {
            let run = runs.last_mut().expect("there is always a last run");
            run.push((at as f64, f64::from(*value)));
        } else {
            runs.push(Vec::new());
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// Labels at equal distances, the first and the last place always among them: all where there is room.
fn x_labels(curves: &Curves, columns: usize) -> Vec<Line<'static>> {
    let labels: Vec<String> = curves.x.iter().map(|label| single_line(label)).collect();
    let widest = labels.iter().map(|label| width(label)).max().unwrap_or(0);
    let most = (columns / (widest + 2)).max(2);
    let last = labels.len().saturating_sub(1);
    // Only a divisor of the distance between first and last leaves every label at its place.
    let every = (1..=last.max(1))
        .find(|step| last.is_multiple_of(*step) && last / step < most)
        .unwrap_or(1);
    let shown = labels.into_iter().step_by(every);
    let mut shown: Vec<Line> = shown.map(Line::from).collect();
    if shown.len() == 1 {
        shown.push(Line::default());
    }
    shown
}

/// A row of the buffer as spans of equal style, axes in ASCII where nothing else may be written.
fn line_of(buffer: &Buffer, row: u16, canvas: Canvas) -> Line<'static> {
    let mut spans: Vec<(String, Style)> = Vec::new();
    for column in 0..buffer.area.width {
        let cell = &buffer[(column, row)];
        let symbol = match cell.symbol() {
            "│" if canvas.ascii => "|",
            "─" if canvas.ascii => "-",
            "└" | "┼" if canvas.ascii => "+",
            symbol => symbol,
        };
        let style = match cell.fg {
            Color::Reset => Style::new(),
            fg => Style::new().fg(fg),
        };
        match spans.last_mut() {
            Some((text, last)) if *last == style => text.push_str(symbol),
            _ => spans.push((symbol.to_owned(), style)),
        }
    }
    if let Some((text, style)) = spans.last_mut()
        && *style == Style::new()
    {
        text.truncate(text.trim_end().len());
    }
    let spans = spans
        .into_iter()
        .map(|(text, style)| Span::styled(text, style));
    Line::from(spans.collect::<Vec<_>>())
}

/// Sign, name and last value of each line.
fn legend(curves: &Curves, canvas: Canvas) -> Vec<Line<'static>> {
    let room = canvas.columns.saturating_sub(2).max(1);
    (curves.lines.iter().enumerate())
        .map(|(line, (name, _))| {
            let name = cut_middle(&single_line(name), room, ellipsis(canvas));
            Line::from(vec![
                Span::styled(sign(line, canvas).to_string(), color(line, canvas)),
                Span::raw(format!(" {name}")),
            ])
        })
        .collect()
}

/// First and last value of each line in words.
fn ends(curves: &Curves, canvas: Canvas) -> Vec<Line<'static>> {
    let says = |(name, values): &(String, Vec<f32>)| {
        let mut finite = values.iter().copied().filter(|v| v.is_finite());
        let first = finite.next()?;
        let last = finite.next_back().unwrap_or(first);
        let text = format!("{first:.3} to {last:.3} {}", single_line(name));
        Some(Line::from(cut_middle(
            &text,
            canvas.columns,
            ellipsis(canvas),
        )))
    };
    curves.lines.iter().filter_map(says).collect()
}

fn sign(line: usize, canvas: Canvas) -> char {
    let (_, sign, plain) = LINES[line % LINES.len()];
    if canvas.ascii { plain } else { sign }
}

fn color(line: usize, canvas: Canvas) -> Style {
    let ([r, g, b], ..) = LINES[line % LINES.len()];
    if canvas.colored {
        Style::new().fg(Color::Rgb(r, g, b))
    } else {
        Style::new()
    }
}

fn ellipsis(canvas: Canvas) -> &'static str {
    if canvas.ascii { "..." } else { "…" }
}

/// As many decimals as tell the labels of the axis apart.
fn number(value: f64, range: f64) -> String {
    let decimals = match range {
        r if r >= 20.0 => 0,
        r if r >= 2.0 => 1,
        r if r >= 0.2 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves() -> Curves {
        Curves {
            title: "accuracy without heads".into(),
            x_label: "heads left out".into(),
            y_label: "accuracy".into(),
            x: ["0", "1", "2", "3", "4"].map(String::from).to_vec(),
            lines: vec![
                ("highest first".into(), vec![1.0, 0.75, 0.5, 0.25, 0.0]),
                ("at random".into(), vec![1.0, 1.0, 1.0, 1.0, 1.0]),
            ],
        }
    }

    fn canvas(columns: usize, colored: bool, ascii: bool) -> Canvas {
        Canvas {
            columns,
            colored,
            ascii,
        }
    }

    fn text(curves: &Curves, canvas: Canvas) -> Vec<String> {
        draw(curves, canvas).iter().map(Line::to_string).collect()
    }

    #[test]
    fn each_line_lies_where_its_values_are() {
        let rows = text(&curves(), canvas(60, false, false));
        assert_eq!(rows[0], "accuracy without heads");
        assert_eq!(rows[1], "accuracy over heads left out");
        let chart = &rows[2..2 + usize::from(ROWS)];
        // The steady line is drawn over the other in the top row; the falling one ends at the bottom right.
        assert_eq!(
            chart[0].matches('▲').count(),
            chart[0].matches(['▲', '●']).count()
        );
        assert!(chart[0].starts_with("1.00│"), "{}", chart[0]);
        let floor = chart.iter().rposition(|row| row.contains('●')).unwrap();
        assert!(chart[floor].starts_with("0.00│") && chart[floor].ends_with('●'));
        let starts: Vec<usize> = chart[..=floor]
            .iter()
            .filter_map(|row| row.chars().position(|c| c == '●'))
            .collect();
        assert!(
            starts.windows(2).all(|pair| pair[0] < pair[1]),
            "{starts:?}"
        );
        assert!(rows.contains(&"● highest first".to_owned()));
    }

    #[test]
    fn lines_differ_in_colour_and_in_sign_and_ascii_is_ascii() {
        let lines = draw(&curves(), canvas(60, true, false));
        let styles: Vec<Style> = lines[lines.len() - 2..]
            .iter()
            .map(|line| line.spans[0].style)
            .collect();
        assert_ne!(styles[0], styles[1]);
        let plain = text(&curves(), canvas(60, false, true));
        assert!(plain.iter().all(|row| row.is_ascii()), "{plain:#?}");
        assert!(plain.concat().contains('o') && plain.concat().contains('x'));
    }

    #[test]
    fn a_gap_stays_a_gap_and_nothing_finite_is_said() {
        let mut gap = curves();
        gap.lines = vec![("a".into(), vec![0.0, 0.0, f32::NAN, 1.0, 1.0])];
        let rows = text(&gap, canvas(60, false, false));
        let floor = rows.iter().find(|row| row.starts_with("0.00│")).unwrap();
        let last = floor.chars().rev().take_while(|c| *c != '●').count();
        assert!(floor.chars().count() - last < 25, "{floor}");
        gap.lines[0].1 = vec![f32::NAN; 5];
        assert!(text(&gap, canvas(60, false, false))[1].contains("no finite values"));
    }

    #[test]
    fn every_width_holds_and_one_place_is_enough() {
        let mut one = curves();
        one.x.truncate(1);
        one.lines.iter_mut().for_each(|(_, v)| v.truncate(1));
        for columns in 1..130 {
            for curves in [&curves(), &one] {
                let lines = draw(curves, canvas(columns, true, false));
                let body = &lines[1..];
                assert!(body.iter().all(|l| l.width() <= columns), "{columns}");
            }
        }
    }
}
