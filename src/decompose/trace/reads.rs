//! Which tokens a recording is about, and what it keeps of them.

/// Which tokens the representation is read from. Rows of other tokens are never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// The first `n` tokens: 1 for a class token, 2 for a distilled DeiT.
    First(usize),
    /// All tokens, as under average pooling.
    All,
}

impl Reads {
    /// How many of `tokens` are read.
    pub(super) fn of(self, tokens: usize) -> usize {
        match self {
            Self::First(n) => n.min(tokens),
            Self::All => tokens,
        }
    }
}

/// What a recording keeps beyond the pooled rows of components.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Attention and values per source token, for token maps.
    pub tokens: bool,
    /// Hidden activations of MLPs, for neurons.
    pub neurons: bool,
    /// Rows of all tokens, not only of those read: what reaches the representation through a head comes from all.
    pub all_tokens: bool,
}
