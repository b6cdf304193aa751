//! How pictures reach this terminal: one decision from flags and environment, carried as a value.

use std::io::{self, IsTerminal};

use crate::output::color::{Depth, Env};

/// `--images`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Images {
    /// What the terminal can do.
    #[default]
    Auto,
    /// For kitty's pixels; this version draws half blocks in their place.
    Kitty,
    /// For iTerm2's inline images; this version draws half blocks in their place.
    Iterm,
    /// For sixel; this version draws half blocks in its place.
    Sixel,
    /// Half blocks in colour.
    Blocks,
    /// Brightness as characters, without colour.
    Ascii,
    /// No pictures.
    None,
}

impl Images {
    /// Every choice with the word for it.
    pub const ALL: [(&'static str, Self); 7] = [
        ("auto", Self::Auto),
        ("kitty", Self::Kitty),
        ("iterm", Self::Iterm),
        ("sixel", Self::Sixel),
        ("blocks", Self::Blocks),
        ("ascii", Self::Ascii),
        ("none", Self::None),
    ];
}

/// How pictures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Pixels by the kitty graphics protocol.
    Kitty,
    /// Pixels by iTerm2's inline images.
    Iterm,
    /// Pixels by sixel.
    Sixel,
    /// Half blocks in colour.
    Blocks,
    /// Brightness as characters: a terminal without colour.
    Characters,
    /// Not at all.
    None,
}

/// The decision, and why, for `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graphics {
    /// How pictures are drawn.
    pub protocol: Protocol,
    /// Colour depth of character pictures.
    pub depth: Depth,
    /// Why, in a few words.
    pub reason: String,
}

/// Decides from the flag (or `VITSCOPE_IMAGES`), the stream's colour depth and whether it is a terminal.
#[must_use]
pub fn decide(images: Images, depth: Depth, is_terminal: bool, env: Env) -> Graphics {
    let cells = if depth == Depth::Never {
        Protocol::Characters
    } else {
        Protocol::Blocks
    };
    let dumb = matches!(env("TERM").as_deref(), None | Some("" | "dumb"));
    let (protocol, reason) = match images {
        Images::None => (Protocol::None, "images are set to none".to_owned()),
        Images::Kitty => (Protocol::Kitty, in_place_of("kitty")),
        Images::Iterm => (Protocol::Iterm, in_place_of("iterm")),
        Images::Sixel => (Protocol::Sixel, in_place_of("sixel")),
        Images::Ascii => (Protocol::Characters, "images are set to ascii".to_owned()),
        Images::Blocks if depth == Depth::Never => (
            cells,
            "images are set to blocks, but there is no colour".to_owned(),
        ),
        Images::Blocks => (cells, "images are set to blocks".to_owned()),
        Images::Auto if !is_terminal => (Protocol::None, "not a terminal".to_owned()),
        Images::Auto if dumb => (
            Protocol::None,
            "TERM names no terminal that can place characters".to_owned(),
        ),
        Images::Auto if depth == Depth::Never => (cells, "a terminal without colour".to_owned()),
        Images::Auto => (cells, "a colour terminal".to_owned()),
    };
    Graphics {
        protocol,
        depth,
        reason,
    }
}

fn in_place_of(protocol: &str) -> String {
    format!("images are set to {protocol}, and this version draws half blocks in place of pixels")
}

/// Columns and rows of the terminal that stdout is; `None` when it is not one.
#[must_use]
pub fn size() -> Option<(usize, usize)> {
    if !io::stdout().is_terminal() {
        return None;
    }
    match crossterm::terminal::size() {
        Ok((columns, rows)) if columns > 0 && rows > 0 => {
            Some((usize::from(columns), usize::from(rows)))
        }
        // A terminal that does not know its size (a serial line, some test harnesses) reports zeros.
        _ => Some((80, 24)),
    }
}

/// Whether the locale can write more than ASCII: the first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set decides, and one
/// of the three has to name UTF-8. With none set it is taken to be able, as in bare containers.
#[must_use]
pub fn unicode_locale(env: Env) -> bool {
    let decisive = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(env)
        .find(|value| !value.is_empty());
    decisive.is_none_or(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protocol(images: Images, depth: Depth, is_terminal: bool, term: &str) -> Protocol {
        let env = |name: &str| (name == "TERM").then(|| term.to_owned());
        decide(images, depth, is_terminal, &env).protocol
    }

    #[test]
    fn auto_draws_only_where_it_can_be_seen_and_a_flag_decides_alone() {
        let auto = |depth, tty, term| protocol(Images::Auto, depth, tty, term);
        assert_eq!(auto(Depth::True, true, "xterm"), Protocol::Blocks);
        assert_eq!(auto(Depth::Never, true, "xterm"), Protocol::Characters);
        assert_eq!(auto(Depth::Never, true, "dumb"), Protocol::None);
        assert_eq!(auto(Depth::True, false, "xterm"), Protocol::None);
        let set = |images, depth| protocol(images, depth, false, "dumb");
        assert_eq!(set(Images::Blocks, Depth::Ansi256), Protocol::Blocks);
        assert_eq!(set(Images::Blocks, Depth::Never), Protocol::Characters);
        assert_eq!(set(Images::Kitty, Depth::Never), Protocol::Kitty);
        assert_eq!(set(Images::Ascii, Depth::True), Protocol::Characters);
        assert_eq!(set(Images::None, Depth::True), Protocol::None);
    }

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        let unicode = |pairs: &[(&str, &str)]| {
            let env = |name: &str| {
                let found = pairs.iter().find(|(key, _)| *key == name)?;
                Some(found.1.to_owned())
            };
            unicode_locale(&env)
        };
        assert!(unicode(&[]));
        assert!(unicode(&[("LANG", "en_GB.UTF-8")]));
        assert!(unicode(&[("LANG", "C"), ("LC_ALL", "C.utf8")]));
        assert!(!unicode(&[("LANG", "en_GB.UTF-8"), ("LC_ALL", "C")]));
        assert!(!unicode(&[("LC_ALL", ""), ("LANG", "POSIX")]));
    }
}
