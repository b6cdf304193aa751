//! Completion: the grammar says what may stand at the cursor, the catalog which names there are. No state machine.

use super::catalog::{Catalog, Settings};
use super::expect::{self, Expected, Role};
use super::lex::{self, Token, TokenKind};
use super::print;
use super::query::{Reducer, Score, UNIT_COLUMNS};
use super::resolve;
use super::script;

/// What may stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// Where the word to be replaced begins; it ends at the cursor.
    pub start: usize,
    /// What can be put there, best first.
    pub candidates: Vec<Candidate>,
    /// What else may come that can't be listed: “a number”, “a quoted text”, ….
    pub hints: Vec<String>,
    /// If the cursor is inside a quoted text: where its contents begin. It may be a file's path.
    pub text_from: Option<usize>,
}

/// Something that can be put at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What to insert.
    pub text: String,
    /// What it is.
    pub kind: CandidateKind,
    /// A few words on it; may be empty.
    pub about: String,
}

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateKind {
    /// A word of the language.
    Keyword,
    /// A punctuation sign.
    Sign,
    /// A name of this sort.
    Name(Role),
}

/// What may stand at byte `cursor` of `text`.
#[must_use]
pub fn complete(text: &str, cursor: usize, catalog: &Catalog, settings: &Settings) -> Completion {
    let mut end = cursor.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let left = &text[..end];
    let tokens = lex::tokens(left);
    let last = tokens.last().copied();
    let word = last.filter(|token| is_word(token, left));
    let start = word.map_or(left.len(), |token| token.span.start);
    let mut completion = Completion {
        start,
        ..Completion::default()
    };
    match last.map(|token| (token.kind, token.span)) {
        Some((TokenKind::Comment, _)) => return completion,
        Some((TokenKind::Text { closed: false }, span)) => {
            completion.text_from = Some(span.start + 1);
            return completion;
        }
        // A word right after a number would be part of it.
        Some((TokenKind::Number, _)) => return completion,
        _ => {}
    }
    let typed = &left[start..];
    let at = Place {
        statement: open_statement(&left[..start]),
        catalog,
        settings,
    };
    let expected = at.expected();
    if let Some(name) = typed.strip_prefix('$') {
        completion.candidates = at.variables(name);
        return completion;
    }
    for wanted in &expected {
        match wanted {
            Expected::Name(role) => completion.candidates.extend(at.names(*role)),
            Expected::Keyword(_) | Expected::Sign(_) | Expected::End => {}
            other => completion.hints.push(other.to_string()),
        }
        if let Expected::Name(Role::NewName | Role::Word) = wanted {
            completion.hints.push(wanted.to_string());
        }
    }
    completion.candidates.extend(at.keywords(&expected));
    completion.candidates.retain(|c| begins(&c.text, typed));
    completion
}

fn is_word(token: &Token, text: &str) -> bool {
    let lone_dollar = &text[token.span.range()] == "$";
    lone_dollar
        || matches!(
            token.kind,
            TokenKind::Word | TokenKind::Variable | TokenKind::QuotedName { closed: false }
        )
}

/// Whether a candidate begins with what was typed, in any letter case and with or without its backtick.
fn begins(candidate: &str, typed: &str) -> bool {
    let bare = |text: &str| text.trim_start_matches('`').to_lowercase();
    bare(candidate).starts_with(&bare(typed))
}

/// The part of the last statement that is already there; empty where a new one begins.
fn open_statement(left: &str) -> &str {
    let Some(last) = script::split(left).pop() else {
        return "";
    };
    let after = &left[last.end..];
    let ended = lex::tokens(after).iter().any(|token| {
        let written = &after[token.span.range()];
        written == ";" || (token.kind == TokenKind::Space && written.matches('\n').count() > 1)
    });
    if ended { "" } else { &left[last.start..] }
}

/// A cursor's place: the statement before it and what can be named.
struct Place<'a> {
    statement: &'a str,
    catalog: &'a Catalog,
    settings: &'a Settings,
}

impl Place<'_> {
    /// What the grammar allows here; at the start of a line, a new statement too.
    fn expected(&self) -> Vec<Expected> {
        let mut expected = expect::after(self.statement);
        let new_line = self.statement.trim_end_matches([' ', '\t']).ends_with('\n');
        if new_line && expected.contains(&Expected::End) {
            let words = expect::statement_keywords().iter();
            expected.extend(words.cloned().map(Expected::Keyword));
        }
        expected
    }

    fn keywords(&self, expected: &[Expected]) -> Vec<Candidate> {
        let candidate = |wanted: &Expected| match wanted {
            Expected::Keyword(word) => Some(Candidate {
                about: match self.catalog.topic(word) {
                    Some(topic) if self.statement.is_empty() => topic.summary.to_owned(),
                    _ => String::new(),
                },
                text: word.clone(),
                kind: CandidateKind::Keyword,
            }),
            Expected::Sign(sign) => Some(Candidate {
                text: (*sign).to_owned(),
                kind: CandidateKind::Sign,
                about: String::new(),
            }),
            _ => None,
        };
        expected.iter().filter_map(candidate).collect()
    }

    fn variables(&self, typed: &str) -> Vec<Candidate> {
        let variables = self.settings.variables.iter();
        variables
            .filter(|(name, _)| begins(name, typed))
            .map(|(name, value)| Candidate {
                text: format!("${name}"),
                kind: CandidateKind::Name(Role::Variable),
                about: value.to_string(),
            })
            .collect()
    }

    /// The names that can stand in a role.
    fn names(&self, role: Role) -> Vec<Candidate> {
        let named = |name: &str, about: String| Candidate {
            text: print::name(name),
            kind: CandidateKind::Name(role),
            about,
        };
        let plain = |words: &[&str]| -> Vec<_> {
            words
                .iter()
                .map(|w| Candidate {
                    text: (*w).to_owned(),
                    ..named(w, String::new())
                })
                .collect()
        };
        let catalog = self.catalog;
        match role {
            Role::Model | Role::Clip => {
                let models = catalog.models.iter();
                let fit = models.filter(|model| role == Role::Model || model.is_clip);
                fit.map(|m| named(&m.name, format!("{}, {} layers", m.family, m.layers())))
                    .collect()
            }
            Role::Set => {
                let sets = catalog.sets.iter();
                sets.map(|s| named(&s.name, format!("{} images", s.rows)))
                    .collect()
            }
            Role::Feature => {
                let features = catalog.features.iter();
                features
                    .map(|f| named(&f.name, format!("{} texts", f.texts.len())))
                    .collect()
            }
            Role::Result => {
                let results = catalog.results.iter();
                results
                    .map(|r| named(&r.name, format!("{} columns", r.columns.len())))
                    .collect()
            }
            Role::Thing => [Role::Model, Role::Set, Role::Feature, Role::Result]
                .into_iter()
                .flat_map(|role| self.names(role))
                .collect(),
            Role::Column => {
                let columns = self.columns();
                columns.iter().map(|c| named(c, String::new())).collect()
            }
            Role::Score => plain(&Score::ALL.map(|(word, _)| word)),
            Role::Reducer => plain(&Reducer::ALL.map(|(word, _)| word)),
            Role::Setting => plain(&resolve::KEYS),
            Role::Topic => {
                let topics = self.catalog.topics.iter();
                topics
                    .map(|t| Candidate {
                        text: t.name.to_owned(),
                        ..named(t.name, t.summary.to_owned())
                    })
                    .collect()
            }
            Role::Word => self.values(),
            Role::NewName | Role::Variable => Vec::new(),
        }
    }

    /// What a setting may be, after `set KEY`; nothing elsewhere.
    fn values(&self) -> Vec<Candidate> {
        let words = self.words();
        let [set, key] = words.as_slice() else {
            return Vec::new();
        };
        if !set.eq_ignore_ascii_case("set") {
            return Vec::new();
        }
        let mut values = match key.to_lowercase().as_str() {
            "images" => self.names(Role::Set),
            "clip" => self.names(Role::Clip),
            "score" => self.names(Role::Score),
            _ => Vec::new(),
        };
        let choices = resolve::choices(key).iter().map(|word| Candidate {
            text: (*word).to_owned(),
            kind: CandidateKind::Name(Role::Word),
            about: String::new(),
        });
        values.extend(choices);
        values
    }

    /// The words of the statement so far.
    fn words(&self) -> Vec<&str> {
        lex::tokens(self.statement)
            .into_iter()
            .filter(|token| token.kind == TokenKind::Word)
            .map(|token| &self.statement[token.span.range()])
            .collect()
    }

    /// Whether the conditions of the statement speak of images alone.
    fn asks_about_images(&self) -> bool {
        let first = self.words().first().copied();
        let topic = first.and_then(|word| self.catalog.topic(word));
        topic.is_some_and(|topic| topic.about_images)
    }

    /// The columns that could be meant: of the results the statement names, else of units and of the sets it names, or
    /// of all sets if it names none.
    fn columns(&self) -> Vec<String> {
        let words = self.words();
        let named = |name: &String| words.contains(&name.as_str());
        let results = self.catalog.results.iter().filter(|r| named(&r.name));
        let of_results: Vec<_> = results.flat_map(|r| &r.columns).collect();
        let mut found: Vec<String> = Vec::new();
        if of_results.is_empty() {
            if !self.asks_about_images() {
                found.extend(UNIT_COLUMNS.iter().map(|(name, _)| (*name).to_owned()));
            }
            let meant = |name: &String| named(name) || self.settings.set.as_ref() == Some(name);
            let any = self.catalog.sets.iter().any(|set| meant(&set.name));
            let sets = self.catalog.sets.iter();
            let sets = sets.filter(|set| !any || meant(&set.name));
            found.extend(sets.flat_map(|set| &set.columns).map(|c| c.name.clone()));
        } else {
            found.extend(of_results.iter().map(|column| column.name.clone()));
        }
        let mut once = Vec::new();
        for name in found {
            if !once.contains(&name) {
                once.push(name);
            }
        }
        once
    }
}
