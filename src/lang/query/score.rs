//! How units are scored for a concept.

/// How well a component goes with a concept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Score {
    /// Pearson correlation with the total, averaged over the axes of the concept (the paper's).
    #[default]
    Correlation,
    /// Share of the component's variance that lies in the concept's subspace.
    Variance,
    /// Share of the total's variance along the concept; all components' shares sum to 1.
    Covariance,
    /// Rank correlation with the total.
    Spearman,
    /// Correlation in a basis that doesn't depend on the order of the instantiations.
    OrderFree,
}

impl Score {
    /// Every score and its keyword.
    pub const ALL: [(&'static str, Self); 5] = [
        ("correlation", Self::Correlation),
        ("variance", Self::Variance),
        ("covariance", Self::Covariance),
        ("spearman", Self::Spearman),
        ("order-free", Self::OrderFree),
    ];

    /// Its keyword.
    #[must_use]
    pub fn word(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, score)| *score == self);
        named.map_or("", |(word, _)| word)
    }
}
