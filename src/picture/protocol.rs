//! The ways of showing pictures on a terminal.

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

impl Protocol {
    /// Whether pixels are sent.
    #[must_use]
    pub fn has_pixels(self) -> bool {
        matches!(self, Self::Kitty | Self::Iterm | Self::Sixel)
    }

    /// In words, for `doctor`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Kitty => "pixels (kitty)",
            Self::Iterm => "pixels (iterm)",
            Self::Sixel => "pixels (sixel)",
            Self::Blocks => "half blocks",
            Self::Characters => "characters",
            Self::None => "none",
        }
    }
}
