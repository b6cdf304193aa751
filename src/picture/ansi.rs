//! Styled lines as bytes for a terminal of a given colour depth.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

use crate::output::color::Depth;
use crate::output::sgr::push_sgr;

/// One line with its colours as SGR sequences, without a line break; at [`Depth::Never`] the characters alone.
#[must_use]
pub fn line(line: &Line, depth: Depth) -> String {
    let mut out = String::new();
    for span in &line.spans {
        let codes = codes(line.style.patch(span.style), depth);
        if codes.is_empty() {
            out.push_str(&span.content);
        } else {
            out.push_str("\x1b[");
            out.push_str(&codes);
            out.push('m');
            out.push_str(&span.content);
            out.push_str("\x1b[0m");
        }
    }
    out
}

fn codes(style: Style, depth: Depth) -> String {
    let mut out = String::new();
    if depth == Depth::Never {
        return out;
    }
    let modifiers = [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::REVERSED, "7"),
    ];
    for (modifier, code) in modifiers {
        if style.add_modifier.contains(modifier) {
            separate(&mut out);
            out.push_str(code);
        }
    }
    for (color, background) in [(style.fg, false), (style.bg, true)] {
        if let Some(Color::Rgb(r, g, b)) = color {
            separate(&mut out);
            push_sgr(&mut out, [r, g, b], background, depth);
        }
    }
    out
}

fn separate(out: &mut String) {
    if !out.is_empty() {
        out.push(';');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::text::Span;

    #[test]
    fn each_depth_has_its_own_codes_and_none_has_none() {
        let style = Style::new()
            .fg(Color::Rgb(255, 0, 0))
            .bg(Color::Rgb(0, 0, 0))
            .add_modifier(Modifier::BOLD);
        let styled = Line::from(vec![Span::styled("▀", style), Span::raw("x")]);
        assert_eq!(
            line(&styled, Depth::True),
            "\x1b[1;38;2;255;0;0;48;2;0;0;0m▀\x1b[0mx"
        );
        assert_eq!(
            line(&styled, Depth::Ansi256),
            "\x1b[1;38;5;196;48;5;16m▀\x1b[0mx"
        );
        assert_eq!(line(&styled, Depth::Ansi16), "\x1b[1;91;40m▀\x1b[0mx");
        assert_eq!(line(&styled, Depth::Never), "▀x");
    }
}
