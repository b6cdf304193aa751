//! Where a binding of keys holds.

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Everywhere; plain characters only outside of text fields.
    Everywhere,
    /// The query editor.
    Query,
    /// The editor's list of completions.
    Completions,
    /// The results table.
    Results,
    /// The unit map.
    Map,
    /// The pictures.
    Pictures,
    /// The catalog.
    Catalog,
    /// A text laid over the panes: help, messages, one row.
    Overlay,
    /// The line of the filter.
    Filter,
    /// The command palette.
    Palette,
}

impl Context {
    /// Its heading in the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Query => "Query",
            Self::Completions => "Completions",
            Self::Results => "Results",
            Self::Map => "Unit map",
            Self::Pictures => "Pictures",
            Self::Catalog => "Catalog",
            Self::Overlay => "Help and details",
            Self::Filter => "Filter",
            Self::Palette => "Command palette",
        }
    }

    /// Whether characters are typed into a text here.
    #[must_use]
    pub fn takes_text(self) -> bool {
        matches!(
            self,
            Self::Query | Self::Completions | Self::Filter | Self::Palette
        )
    }
}
