//! Help while typing a dot command, from the table of commands.

use std::ops::Range;

use super::parse::{split, wrong};
use super::table::{Argument, COMMANDS, named};
use crate::files::paths;
use crate::interface::assist::{Candidate, Role};

/// What may stand at byte `at` of a command line: where the word begins, and the candidates.
#[must_use]
pub fn complete(line: &str, at: usize) -> (usize, Vec<Candidate>) {
    let left = line.get(..at).unwrap_or(line);
    if left.trim_start().is_empty() {
        // Before the dot.
        return (at, Vec::new());
    }
    let start = left.len() - left.trim_start().len() + 1;
    let plain = |text: String| Candidate {
        text,
        about: String::new(),
    };
    let Some(space) = left[start..].find(char::is_whitespace) else {
        let begun = &left[start..];
        let fits = COMMANDS.iter().filter(|spec| spec.name.starts_with(begun));
        let candidates = fits.map(|spec| Candidate {
            text: spec.name.to_owned(),
            about: spec.about.to_owned(),
        });
        return (start, candidates.collect());
    };
    let name = &left[start..start + space];
    let rest = left[start + space..].trim_start();
    let begin = left.len() - rest.len();
    let Some(spec) = named(name) else {
        return (begin, Vec::new());
    };
    let begun = rest.trim_start_matches(['"', '\'']);
    let begin = begin + rest.len() - begun.len();
    let words = match spec.argument {
        Argument::File | Argument::MaybeFile => paths::complete(begun),
        Argument::Word(words) => words().into_iter().map(str::to_owned).collect(),
        Argument::MaybeCommand => COMMANDS.iter().map(|spec| spec.name.to_owned()).collect(),
        _ => Vec::new(),
    };
    let fits = words.into_iter().filter(|word| word.starts_with(begun));
    (begin, fits.map(plain).collect())
}

/// The roles of a command line's words.
#[must_use]
pub fn highlight(line: &str) -> Vec<(Range<usize>, Role)> {
    let (name, argument) = split(line);
    let word = &line[name.clone()];
    let begun = COMMANDS.iter().any(|spec| spec.name.starts_with(word));
    let role = match named(word) {
        Some(_) => Role::Keyword,
        // Still being typed, perhaps.
        None if begun && argument.is_empty() => return Vec::new(),
        None => Role::Wrong,
    };
    let given = &line[argument.clone()];
    let mut roles = vec![(name.start - 1..name.end, role)];
    if let Some(spec) = named(word).filter(|_| !given.is_empty()) {
        let role = match wrong(spec, given) {
            Some(_) => Role::Wrong,
            None => Role::Text,
        };
        roles.push((argument, role));
    }
    roles
}

/// What comes next, for the grey words behind the cursor.
#[must_use]
pub fn hint(line: &str) -> Option<String> {
    let name = line.trim_start().get(1..)?.strip_suffix(' ')?;
    let form = named(name)?.form;
    (!form.is_empty()).then(|| form.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[test]
    fn every_command_and_its_arguments_are_completed() {
        for spec in &COMMANDS {
            let typed = format!(".{}", &spec.name[..2]);
            let (start, candidates) = complete(&typed, typed.len());
            assert_eq!(start, 1);
            assert!(candidates.iter().any(|c| c.text == spec.name));
        }
        let (start, candidates) = complete(".timer o", 8);
        let words: Vec<&str> = candidates.iter().map(|c| c.text.as_str()).collect();
        assert_eq!((start, words), (7, vec!["on", "off"]));
        assert_eq!(hint(".once ").as_deref(), Some("FILE"));
        assert_eq!(hint(".quit "), None);
    }

    #[test]
    fn half_typed_lines_are_coloured_without_harm() {
        for line in [
            ".", "\\", ".é", ". x", ".tim", ".timer x", ".once \"", ".once '", "  .q", ".;", ";",
        ] {
            for (range, _) in highlight(line) {
                assert!(line.get(range).is_some(), "{line}");
            }
            for at in (0..=line.len()).filter(|at| line.is_char_boundary(*at)) {
                let _ = complete(line, at);
            }
            let _ = (hint(line), parse(line));
        }
        assert_eq!(highlight(".timer on")[0].1, Role::Keyword);
        assert_eq!(highlight(".tmier on")[0].1, Role::Wrong);
        assert_eq!(highlight(".timer maybe")[1].1, Role::Wrong);
    }
}
