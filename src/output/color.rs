//! Colour: one decision per stream, made once, told to everything that draws.
//!
//! The order is flag, `NO_COLOR` (<https://no-color.org>, set and not empty), `CLICOLOR_FORCE`, terminal or not, then
//! what `COLORTERM` and `TERM` say about depth. Libraries below us read these variables each in its own way, so none of
//! them is asked: they are told.

/// How many colours a stream takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// No escape sequences at all.
    Never,
    /// The sixteen named colours.
    Ansi16,
    /// The 6×6×6 cube and the grey ramp.
    Ansi256,
    /// 24 bits.
    True,
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// On a terminal, unless the environment says no.
    #[default]
    Auto,
    /// Even into a pipe.
    Always,
    /// Not at all.
    Never,
}

impl When {
    /// Every choice with the word for it.
    pub const ALL: [(&'static str, Self); 3] = [
        ("auto", Self::Auto),
        ("always", Self::Always),
        ("never", Self::Never),
    ];
}

/// Looks a variable up: the process environment, or a table in tests.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process environment, as [`Env`].
#[must_use]
pub fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether a variable is set and says something.
fn says(env: Env, name: &str) -> bool {
    env(name).is_some_and(|value| !value.is_empty())
}

/// The colour depth of one stream, and why, in a few words for `doctor`.
#[must_use]
pub fn decide(when: When, is_terminal: bool, env: Env) -> (Depth, String) {
    match when {
        When::Never => return (Depth::Never, "--color never".into()),
        When::Always => return depth_of(env, "--color always"),
        When::Auto => {}
    }
    if says(env, "NO_COLOR") {
        return (Depth::Never, "NO_COLOR is set".into());
    }
    if env("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") {
        return depth_of(env, "CLICOLOR_FORCE is set");
    }
    if !is_terminal {
        return (Depth::Never, "not a terminal".into());
    }
    match env("TERM").as_deref() {
        None | Some("" | "dumb") => (Depth::Never, "TERM names no colour terminal".into()),
        Some(_) => depth_of(env, "a terminal"),
    }
}

/// Terminals that show 24 bits even where `COLORTERM` was lost on the way (it does not cross SSH).
const TRUE_COLOUR_TERMS: [&str; 6] = [
    "xterm-kitty",
    "xterm-ghostty",
    "foot",
    "alacritty",
    "wezterm",
    "iterm2",
];

fn depth_of(env: Env, because: &str) -> (Depth, String) {
    let term = env("TERM").unwrap_or_default();
    let colour_term = env("COLORTERM").unwrap_or_default();
    if matches!(colour_term.as_str(), "truecolor" | "24bit") {
        return (
            Depth::True,
            format!("{because}, COLORTERM is {colour_term}"),
        );
    }
    let depth = if term.ends_with("-direct")
        || TRUE_COLOUR_TERMS.iter().any(|name| term.starts_with(name))
    {
        Depth::True
    } else if term.contains("256") {
        Depth::Ansi256
    } else {
        Depth::Ansi16
    };
    (depth, format!("{because}, TERM is {term}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            let found = pairs.iter().find(|(key, _)| *key == name)?;
            Some(found.1.to_owned())
        }
    }

    fn depth(when: When, is_terminal: bool, pairs: &[(&str, &str)]) -> Depth {
        decide(when, is_terminal, &with(pairs)).0
    }

    #[test]
    fn the_flag_beats_the_environment_and_the_environment_beats_the_terminal() {
        let xterm = ("TERM", "xterm-256color");
        assert_eq!(depth(When::Auto, true, &[xterm]), Depth::Ansi256);
        assert_eq!(depth(When::Auto, false, &[xterm]), Depth::Never);
        assert_eq!(depth(When::Always, false, &[xterm]), Depth::Ansi256);
        let no = ("NO_COLOR", "1");
        let force = ("CLICOLOR_FORCE", "1");
        assert_eq!(depth(When::Auto, true, &[xterm, no]), Depth::Never);
        assert_eq!(depth(When::Always, true, &[xterm, no]), Depth::Ansi256);
        assert_eq!(depth(When::Auto, false, &[xterm, force]), Depth::Ansi256);
        assert_eq!(depth(When::Auto, false, &[xterm, no, force]), Depth::Never);
        assert_eq!(depth(When::Never, true, &[xterm, force]), Depth::Never);
        assert_eq!(
            depth(When::Auto, true, &[xterm, ("NO_COLOR", "")]),
            Depth::Ansi256
        );
    }

    #[test]
    fn depth_comes_from_colorterm_then_term() {
        let of = |pairs: &[(&str, &str)]| depth(When::Auto, true, pairs);
        assert_eq!(of(&[("TERM", "dumb")]), Depth::Never);
        assert_eq!(of(&[]), Depth::Never);
        assert_eq!(of(&[("TERM", "linux")]), Depth::Ansi16);
        assert_eq!(of(&[("TERM", "xterm-kitty")]), Depth::True);
        assert_eq!(of(&[("TERM", "tmux-direct")]), Depth::True);
        assert_eq!(
            of(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]),
            Depth::True
        );
    }
}
