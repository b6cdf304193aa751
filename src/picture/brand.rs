//! Terminals by name, and the ways of showing pixels that work on each.
//!
//! What a terminal claims and what it draws well differ: Konsole answers kitty's question with OK and then prints
//! placeholder glyphs. yazi keeps such a table too (`yazi-adapter/src/drivers`); the order of protocols follows it.

use super::protocol::Protocol::{self, Iterm, Kitty, Sixel};
use super::replies::Replies;
use crate::output::color::Env;

/// A kind of terminal.
#[derive(Debug, PartialEq, Eq)]
pub struct Brand {
    /// Its name in sentences.
    pub name: &'static str,
    /// How its answer to XTVERSION begins, in lower case.
    version: &'static str,
    /// What works, the best first. Kitty and sixel only if it answers that it has them.
    pub pixels: &'static [Protocol],
    /// Whether it shows 24 bits of colour.
    pub true_color: bool,
    /// The size of a cell in pixels, where the terminal is known to take another than it says.
    pub cell: Option<(u16, u16)>,
}

const fn brand(
    name: &'static str,
    version: &'static str,
    pixels: &'static [Protocol],
    true_color: bool,
) -> Brand {
    Brand {
        name,
        version,
        pixels,
        true_color,
        cell: None,
    }
}

static BRANDS: [Brand; 20] = [
    brand("kitty", "kitty", &[Kitty], true),
    brand("Ghostty", "ghostty", &[Kitty], true),
    brand("Rio", "rio", &[Kitty, Sixel], true),
    brand("iTerm2", "iterm2", &[Iterm, Sixel], true),
    brand("WezTerm", "wezterm", &[Iterm, Sixel], true),
    brand("Konsole", "konsole", &[Iterm, Sixel], true),
    brand("mintty", "mintty", &[Iterm, Sixel], true),
    brand("Bobcat", "bobcat", &[Iterm, Sixel], true),
    brand("foot", "foot", &[Sixel], true),
    brand("Contour", "contour", &[Sixel], true),
    brand("Black Box", "black box", &[Sixel], true),
    brand("mlterm", "mlterm", &[Sixel], false),
    brand("xterm", "xterm(", &[Sixel], false),
    brand("Alacritty", "alacritty", &[], true),
    brand("Tabby", "tabby", &[Iterm, Sixel], true),
    brand("Hyper", "hyper", &[Iterm, Sixel], true),
    brand("Warp", "warp", &[Iterm], true),
    // Its pictures are off unless set, and only sixel is announced when they are on.
    brand("VS Code", "vscode", &[Sixel], true),
    brand("Apple Terminal", "apple", &[], false),
    Brand {
        // Whatever the font, pixels count as if a cell had 10 × 20 (chafa #211).
        cell: Some((10, 20)),
        ..brand("Windows Terminal", "windows terminal", &[Sixel], true)
    },
];

/// The brand by the terminal's own word, else by the environment.
///
/// The environment is believed only for terminals that do not say who they are: the variables of one that does are
/// inherited into multiplexers and carried over mosh, where its pictures do not arrive.
#[must_use]
pub fn of(replies: &Replies, env: Env) -> Option<&'static Brand> {
    if let Some(version) = &replies.version {
        let version = version.to_lowercase();
        return BRANDS.iter().find(|b| version.starts_with(b.version));
    }
    if env("WT_SESSION").is_some() {
        return named("Windows Terminal");
    }
    match env("TERM_PROGRAM")?.as_str() {
        "vscode" => named("VS Code"),
        "Tabby" => named("Tabby"),
        "Hyper" => named("Hyper"),
        "WarpTerminal" => named("Warp"),
        "Apple_Terminal" => named("Apple Terminal"),
        _ => None,
    }
}

fn named(name: &str) -> Option<&'static Brand> {
    BRANDS.iter().find(|brand| brand.name == name)
}
