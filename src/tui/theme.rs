//! Colours by role, and their reduction to what the terminal shows.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::interface::assist::Role;
use crate::output::color::Depth;
use crate::output::sgr::{nearest_16, nearest_256};

/// A set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Theme {
    /// For light letters on a dark ground.
    #[default]
    Dark,
    /// For dark letters on a light ground.
    Light,
    /// No greys, no thin lines.
    Contrast,
}

impl Theme {
    /// Every theme with the word for it.
    pub const ALL: [(&'static str, Self); 3] = [
        ("dark", Self::Dark),
        ("light", Self::Light),
        ("contrast", Self::Contrast),
    ];

    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Contrast,
            Self::Contrast => Self::Dark,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, theme)| *theme == self);
        found.map_or("", |(word, _)| word)
    }

    /// The border and title of a pane.
    #[must_use]
    pub fn border(self, focused: bool) -> Style {
        match (self, focused) {
            (Self::Dark, true) => Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD),
            (Self::Light, true) => Style::new().fg(Color::Blue).add_modifier(Modifier::BOLD),
            (Self::Contrast, true) => Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD),
            (Self::Contrast, false) => Style::new(),
            (_, false) => self.dim(),
        }
    }

    /// What may be skipped.
    #[must_use]
    pub fn dim(self) -> Style {
        match self {
            Self::Dark => Style::new().fg(Color::DarkGray),
            Self::Light => Style::new().add_modifier(Modifier::DIM),
            Self::Contrast => Style::new(),
        }
    }

    /// Column names, headings.
    #[must_use]
    pub fn heading(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What went wrong.
    #[must_use]
    pub fn error(self) -> Style {
        match self {
            Self::Contrast => Style::new()
                .fg(Color::LightRed)
                .add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            _ => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    /// The name of a key.
    #[must_use]
    pub fn key(self) -> Style {
        match self {
            Self::Dark => Style::new().fg(Color::Yellow),
            Self::Light => Style::new().fg(Color::Magenta),
            Self::Contrast => Style::new().add_modifier(Modifier::BOLD),
        }
    }

    /// What is selected: always reversed, so that it shows without colours too.
    #[must_use]
    pub fn selected(self, focused: bool) -> Style {
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        if focused {
            reversed.add_modifier(Modifier::BOLD)
        } else {
            reversed.patch(self.dim())
        }
    }

    /// A piece of a query.
    #[must_use]
    pub fn role(self, role: Role) -> Style {
        let color = match (self, role) {
            (Self::Contrast, Role::Keyword) => {
                return Style::new().add_modifier(Modifier::BOLD);
            }
            (_, Role::Comment) => return self.dim(),
            (_, Role::Wrong) => {
                return Style::new()
                    .fg(Color::Red)
                    .add_modifier(Modifier::UNDERLINED);
            }
            (Self::Contrast, Role::Name) => Color::LightCyan,
            (Self::Contrast, Role::Text) => Color::LightGreen,
            (Self::Contrast, Role::Number) => Color::LightMagenta,
            (_, Role::Keyword) => Color::Blue,
            (_, Role::Name) => Color::Cyan,
            (_, Role::Text) => Color::Green,
            (_, Role::Number) => Color::Magenta,
        };
        Style::new().fg(color)
    }
}

/// Reduces the colours of a drawn screen to those the terminal has. Without colours bold, reversed and underlined stay.
pub fn reduce(buffer: &mut Buffer, depth: Depth) {
    if depth == Depth::True {
        return;
    }
    for cell in &mut buffer.content {
        cell.fg = reduced(cell.fg, depth);
        cell.bg = reduced(cell.bg, depth);
    }
}

fn reduced(color: Color, depth: Depth) -> Color {
    match (depth, color) {
        (Depth::Never, _) => Color::Reset,
        (Depth::Ansi256, Color::Rgb(r, g, b)) => Color::Indexed(nearest_256([r, g, b])),
        (Depth::Ansi16, Color::Rgb(r, g, b)) => Color::Indexed(nearest_16([r, g, b])),
        _ => color,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    #[test]
    fn without_colours_a_selection_still_shows() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
        for theme in Theme::ALL.map(|(_, theme)| theme) {
            buffer.set_string(0, 0, "x", theme.selected(false).fg(Color::Rgb(1, 2, 3)));
            reduce(&mut buffer, Depth::Never);
            let cell = &buffer[(0, 0)];
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
            assert!(cell.modifier.contains(Modifier::REVERSED));
        }
    }
}
