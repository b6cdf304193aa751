//! How pictures reach this terminal: one decision from the flag, the environment and what the terminal answers, made once
//! and carried as a value.

use super::brand;
use super::protocol::Protocol;
use super::replies::Replies;
use super::terminal::Images;
use crate::output::color::{Depth, Env};

/// Pixels of a cell where nobody says how many.
const CELL: (u16, u16) = (10, 20);

/// The decision, and why, for `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graphics {
    /// How pictures are drawn.
    pub protocol: Protocol,
    /// Colour depth of pictures in characters.
    pub depth: Depth,
    /// Width and height of a cell in pixels.
    pub cell: (u16, u16),
    /// What is behind pictures that leave room.
    pub background: [u8; 3],
    /// Whether every byte goes through SSH.
    pub is_remote: bool,
    /// Why, in a few words.
    pub reason: String,
}

impl Graphics {
    /// Pixels sent per pixel of the screen, across and down: over SSH half as many, where the terminal enlarges by itself.
    #[must_use]
    pub fn density(&self) -> f64 {
        match self.protocol {
            Protocol::Kitty | Protocol::Iterm if self.is_remote => 0.5,
            _ => 1.0,
        }
    }
}

/// What is known without asking the terminal.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// `--images`, `VITSCOPE_IMAGES` or `set images`.
    pub images: Images,
    /// The colour depth of stdout.
    pub depth: Depth,
    /// Whether stdin is a terminal: answers come through it.
    pub stdin: bool,
    /// Whether stdout is one.
    pub stdout: bool,
    /// The environment.
    pub env: Env<'a>,
}

impl Circumstances<'_> {
    /// The decision where the terminal need not be asked; `None` where only its answers can tell.
    #[must_use]
    pub fn without_asking(&self) -> Option<Graphics> {
        let settled = |protocol, reason: &str| Some(self.graphics(protocol, reason.to_owned()));
        let dumb = matches!(self.var("TERM").as_str(), "" | "dumb");
        match self.images {
            Images::None => settled(Protocol::None, "images are set to none"),
            Images::Ascii => settled(Protocol::Characters, "images are set to ascii"),
            Images::Blocks if self.depth == Depth::Never => {
                let reason = "images are set to blocks, but there is no colour";
                settled(Protocol::Characters, reason)
            }
            Images::Blocks => settled(Protocol::Blocks, "images are set to blocks"),
            Images::Kitty | Images::Iterm | Images::Sixel => {
                let can_ask = self.stdin && self.stdout && !dumb;
                (!can_ask).then(|| self.forced(&Replies::default()))
            }
            Images::Auto if !self.stdout => settled(Protocol::None, "not a terminal"),
            Images::Auto if dumb => {
                let reason = "TERM names no terminal that can place characters";
                settled(Protocol::None, reason)
            }
            Images::Auto if self.depth == Depth::Never => {
                settled(Protocol::Characters, "a terminal without colour")
            }
            Images::Auto => Some(self.graphics(Protocol::Blocks, self.why_not_ask()?)),
        }
    }

    /// Why a terminal with colours is not asked for pixels.
    fn why_not_ask(&self) -> Option<String> {
        let term = self.var("TERM");
        let reason = if !self.var("TMUX").is_empty() || term.starts_with("tmux") {
            "inside tmux, whose passthrough is not used; `--images kitty` or sixel tries pixels"
        } else if !self.var("STY").is_empty() || term.starts_with("screen") {
            "inside screen or a terminal multiplexer, which keep pixels from the terminal"
        } else if term == "linux" {
            "the Linux console has no pixels for programs"
        } else if !self.var("CI").is_empty() {
            "CI is set, so the terminal is not asked for pixels"
        } else if !self.stdin {
            "stdin is no terminal, so the terminal cannot be asked for pixels"
        } else {
            return None;
        };
        Some(reason.to_owned())
    }

    /// The decision from what the terminal answered.
    #[must_use]
    pub fn with(&self, replies: &Replies) -> Graphics {
        let mut graphics = match self.images {
            Images::Kitty | Images::Iterm | Images::Sixel => self.forced(replies),
            _ => self.chosen(replies),
        };
        let brand = brand::of(replies, self.env);
        let sane =
            |(width, height): &(u16, u16)| (3..=100).contains(width) && (3..=100).contains(height);
        let said = replies.cell.filter(sane);
        graphics.cell = brand.and_then(|b| b.cell).or(said).unwrap_or(CELL);
        graphics.background = replies.background.unwrap_or_default();
        // COLORTERM does not cross SSH; the terminal's name does.
        if brand.is_some_and(|b| b.true_color) && self.depth > Depth::Never {
            graphics.depth = Depth::True;
        }
        graphics
    }

    /// The protocol that was asked for. Sixel only where the terminal answers that it has it, since the library that
    /// draws it asks again and would wait for ever.
    fn forced(&self, replies: &Replies) -> Graphics {
        let (protocol, word) = match self.images {
            Images::Kitty => (Protocol::Kitty, "kitty"),
            Images::Iterm => (Protocol::Iterm, "iterm"),
            _ => (Protocol::Sixel, "sixel"),
        };
        if protocol == Protocol::Sixel && !replies.sixel() {
            let reason = "images are set to sixel, but the terminal does not answer that it has it";
            return self.graphics(self.cells(), reason.to_owned());
        }
        self.graphics(protocol, format!("images are set to {word}"))
    }

    fn chosen(&self, replies: &Replies) -> Graphics {
        if !replies.any() {
            let reason = "the terminal answered no question in time";
            return self.graphics(self.cells(), reason.to_owned());
        }
        let version = replies.version.clone().unwrap_or_default();
        let lower = version.to_lowercase();
        if lower.starts_with("tmux") || lower.starts_with("screen") {
            let reason = format!("inside {version}, whose passthrough is not used");
            return self.graphics(self.cells(), reason);
        }
        if lower.starts_with("zellij") || !self.var("ZELLIJ").is_empty() {
            let sixel = replies.sixel();
            let protocol = if sixel { Protocol::Sixel } else { self.cells() };
            return self.graphics(
                protocol,
                "inside Zellij, which passes sixel alone".to_owned(),
            );
        }
        let brand = brand::of(replies, self.env);
        let usual = [Protocol::Kitty, Protocol::Sixel];
        let order = brand.map_or(usual.as_slice(), |brand| brand.pixels);
        let works = |protocol: &&Protocol| match protocol {
            Protocol::Kitty => replies.kitty == Some(true),
            Protocol::Sixel => replies.sixel(),
            _ => true,
        };
        let found = order.iter().find(works).copied();
        let who = match (brand, version.as_str()) {
            (Some(brand), _) => brand.name.to_owned(),
            (None, "") => "the terminal".to_owned(),
            (None, version) => crate::output::width::single_line(version),
        };
        match found {
            Some(protocol) => self.graphics(protocol, format!("{who} has them")),
            None => self.graphics(self.cells(), format!("{who} answers without pixels")),
        }
    }

    /// Pictures in characters.
    fn cells(&self) -> Protocol {
        if self.depth == Depth::Never {
            Protocol::Characters
        } else {
            Protocol::Blocks
        }
    }

    fn graphics(&self, protocol: Protocol, reason: String) -> Graphics {
        Graphics {
            protocol,
            depth: self.depth,
            cell: CELL,
            background: [0; 3],
            is_remote: is_remote(self.env),
            reason,
        }
    }

    fn var(&self, name: &str) -> String {
        (self.env)(name).unwrap_or_default()
    }
}

/// Whether this process runs at the far end of an SSH connection.
#[must_use]
pub fn is_remote(env: Env) -> bool {
    ["SSH_CONNECTION", "SSH_TTY"]
        .iter()
        .any(|name| env(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests;
