//! What is asked for and what the terminal is: `--images`, its size, its characters.

use std::io::{self, IsTerminal};

use crate::output::color::Env;

/// `--images`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Images {
    /// What the terminal can do.
    #[default]
    Auto,
    /// Pixels by the kitty graphics protocol.
    Kitty,
    /// Pixels by iTerm2's inline images.
    Iterm,
    /// Pixels by sixel, where the terminal answers that it has it.
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
