//! Help while typing, from the grammar and a snapshot of the names.

use std::ops::Range;

use crate::files::paths;
use crate::interface::engine::{Assist, Candidate, Name, NameKind, Role};
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

/// Words after which a quoted text is a file's name.
const BEFORE_FILES: [&str; 6] = ["from", "with", "run", "save", "like", "of"];

/// The words that SQL is mostly made of.
const SQL: [&str; 14] = [
    "select", "from", "where", "group by", "order by", "having", "join", "on", "as", "count(*)",
    "avg(", "max(", "min(", "limit",
];

impl Helper {
    /// What may stand at the end of a quoted text that begins at `from`: a file, or a word of SQL.
    fn inside_text(&self, text: &str, from: usize, at: usize) -> (usize, Vec<Candidate>) {
        let before = text[..from - 1].trim_end();
        let last = before.rsplit(|c: char| !c.is_alphabetic()).next();
        let last = last.unwrap_or_default().to_lowercase();
        if last == "sql" {
            let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
            let begun = text[from..at].trim_end_matches(part_of_word).len() + from;
            return (begun, self.sql(&text[begun..at].to_lowercase()));
        }
        if !BEFORE_FILES.contains(&last.as_str()) {
            return (at, Vec::new());
        }
        let files = paths::complete(&text[from..at]);
        let candidate = |text| Candidate {
            text,
            about: String::new(),
        };
        (from, files.into_iter().map(candidate).collect())
    }

    /// Tables, their columns and words of SQL that begin so.
    fn sql(&self, begun: &str) -> Vec<Candidate> {
        let catalog = &self.catalog;
        let results = catalog.results.iter().map(|r| (&r.name, "answer"));
        let sets = catalog.sets.iter().map(|s| (&s.name, "images"));
        let models = catalog.models.iter().map(|m| (&m.name, "units"));
        let columns_of_results = catalog.results.iter().flat_map(|r| &r.columns);
        let columns_of_sets = catalog.sets.iter().flat_map(|s| &s.columns);
        let columns = columns_of_results.chain(columns_of_sets);
        let names = results.chain(sets).chain(models);
        let names = names.chain(columns.map(|column| (&column.name, "column")));
        let words = SQL.iter().map(|word| ((*word).to_owned(), ""));
        let mut found: Vec<Candidate> = Vec::new();
        for (text, about) in names
            .map(|(name, about)| (name.clone(), about))
            .chain(words)
        {
            let fits = text.to_lowercase().starts_with(begun);
            if fits && !found.iter().any(|known| known.text == text) {
                let about = about.to_owned();
                found.push(Candidate { text, about });
            }
        }
        found
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
        if let Some(from) = found.text_from {
            return self.inside_text(text, from, at);
        }
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

/// Everything in the catalog, kind by kind, each with a few words.
pub(super) fn names(catalog: &Catalog) -> Vec<Name> {
    let named = |kind, name: &str, about: String| Name {
        kind,
        name: name.to_owned(),
        about,
    };
    let models = catalog.models.iter().map(|model| {
        let layers = format!("{}, {} layers", model.family, model.layers());
        let on = model.decomposed_on.join(", ");
        let about = if on.is_empty() {
            layers
        } else {
            format!("{layers}, decomposed on {on}")
        };
        named(NameKind::Model, &model.name, about)
    });
    let sets = catalog.sets.iter().map(|set| {
        let about = format!("{} images", set.rows);
        named(NameKind::Images, &set.name, about)
    });
    let features = catalog.features.iter().map(|feature| {
        let about = feature.texts.join("; ");
        named(NameKind::Feature, &feature.name, about)
    });
    let results = catalog.results.iter().map(|result| {
        let columns: Vec<&str> = result.columns.iter().map(|c| c.name.as_str()).collect();
        named(NameKind::Result, &result.name, columns.join(", "))
    });
    models.chain(sets).chain(features).chain(results).collect()
}
