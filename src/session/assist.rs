//! Help while typing, from the grammar and a snapshot of the names.

use std::ops::Range;

use crate::front::{Assist, Candidate, Role};
use crate::lang::catalog::{Catalog, Settings};
use crate::lang::complete::{CandidateKind, complete};
use crate::lang::highlight::{Paint, highlight};
use crate::lang::script::{Completeness, is_complete};

/// The language's helpers over one snapshot.
pub(super) struct Helper {
    catalog: Catalog,
    settings: Settings,
}

impl Helper {
    pub(super) fn new(catalog: Catalog, settings: Settings) -> Self {
        Self { catalog, settings }
    }
}

impl Assist for Helper {
    fn is_complete(&self, text: &str) -> bool {
        is_complete(text) == Completeness::Complete
    }

    fn highlight(&self, text: &str) -> Vec<(Range<usize>, Role)> {
        let role = |paint| match paint {
            Paint::Keyword => Some(Role::Keyword),
            Paint::Name | Paint::Variable => Some(Role::Name),
            Paint::Text => Some(Role::Text),
            Paint::Number => Some(Role::Number),
            Paint::Comment => Some(Role::Comment),
            Paint::Unknown | Paint::Error => Some(Role::Wrong),
            Paint::Blank | Paint::Partial | Paint::Sign => None,
        };
        let pieces = highlight(text, &self.catalog).into_iter();
        pieces
            .filter_map(|(span, paint)| Some((span.range(), role(paint)?)))
            .collect()
    }

    fn complete(&self, text: &str, at: usize) -> (usize, Vec<Candidate>) {
        let found = complete(text, at, &self.catalog, &self.settings);
        let candidates = found.candidates.into_iter().map(|candidate| Candidate {
            text: candidate.text,
            about: candidate.about,
        });
        (found.start, candidates.collect())
    }

    fn hint(&self, text: &str) -> Option<String> {
        if !text.ends_with(' ') {
            return None;
        }
        let found = complete(text, text.len(), &self.catalog, &self.settings);
        let keywords = found
            .candidates
            .iter()
            .filter(|c| c.kind == CandidateKind::Keyword);
        let words: Vec<&str> = keywords.take(4).map(|c| c.text.as_str()).collect();
        let hints = found.hints.iter().map(String::as_str);
        let all: Vec<&str> = hints.chain(words).collect();
        (!all.is_empty()).then(|| all.join(" · "))
    }
}
