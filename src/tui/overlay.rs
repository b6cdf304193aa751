//! A text that lies over the panes: the keys, what was said, a row.

use super::keys::{self, Context};

/// A text over the panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay {
    /// What it is.
    pub title: String,
    /// Its lines: what stands on the left, and what it means.
    pub lines: Vec<(String, String)>,
    /// Lines scrolled away.
    pub scroll: usize,
}

impl Overlay {
    /// The keys, from their table.
    #[must_use]
    pub fn help(context: Context) -> Self {
        use Context as C;
        let mut order = vec![context, C::Everywhere];
        let all = [
            C::Query,
            C::Completions,
            C::Results,
            C::Map,
            C::Pictures,
            C::Catalog,
            C::Filter,
            C::Palette,
            C::Overlay,
        ];
        order.extend(all.into_iter().filter(|other| *other != context));
        let mut lines = Vec::new();
        for (at, context) in order.into_iter().enumerate() {
            if at > 0 {
                lines.push((String::new(), String::new()));
            }
            lines.push((context.title().to_owned(), String::new()));
            for binding in keys::TABLE.iter().filter(|b| b.context == context) {
                let names: Vec<String> = binding.keys.iter().map(|key| keys::name(*key)).collect();
                lines.push((format!("  {}", names.join(" ")), binding.words.to_owned()));
            }
        }
        Self::new("keys", lines)
    }

    /// Lines under a title.
    #[must_use]
    pub fn new(title: impl Into<String>, lines: Vec<(String, String)>) -> Self {
        Self {
            title: title.into(),
            lines,
            scroll: 0,
        }
    }

    /// The text without styles.
    #[must_use]
    pub fn text(&self) -> String {
        let line = |(left, right): &(String, String)| {
            let both = format!("{left}\t{right}");
            both.trim_end().to_owned()
        };
        self.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
