//! Reads a line that is for the prompt itself.

use std::ops::Range;

use super::table::{Action, Argument, COMMANDS, Spec, named};
use crate::interface::failure::{Diagnosis, Exit, Failure};
use crate::lang::suggest::nearest;

/// A command that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What to do.
    pub action: Action,
    /// What followed; empty for nothing.
    pub argument: String,
}

/// Whether a line is for the prompt itself: `.name`, or `\name` as psql writes it.
#[must_use]
pub fn is_command(line: &str) -> bool {
    line.trim_start().starts_with(['.', '\\'])
}

/// Reads a line for which [`is_command`] holds.
///
/// # Errors
/// An unknown command, with the nearest and `.help`; an argument that can't be, with what can.
pub fn parse(line: &str) -> Result<Command, Failure> {
    let spec = spec_of(line)?;
    let (name, argument) = split(line);
    let given = &line[argument.clone()];
    if let Some(message) = wrong(spec, given) {
        let place = if given.is_empty() { name } else { argument };
        let help = format!(".{} {} {}", spec.name, spec.form, spec.about);
        return Err(failure(line, place, message, help));
    }
    Ok(Command {
        action: spec.action,
        argument: given.to_owned(),
    })
}

/// The command that a line names.
pub(super) fn spec_of(line: &str) -> Result<&'static Spec, Failure> {
    let (name, _) = split(line);
    let word = &line[name.clone()];
    named(word).ok_or_else(|| {
        let near = nearest(word, COMMANDS.iter().map(|spec| spec.name));
        let near = near.map_or(String::new(), |near| format!("did you mean `.{near}`? "));
        let whole = name.start - 1..name.end;
        let message = format!("there is no command `{}`", &line[whole.clone()]);
        let help = format!("{near}`.help` lists the commands");
        failure(line, whole, message, help)
    })
}

/// Where the name and the argument stand in a line.
pub(super) fn split(line: &str) -> (Range<usize>, Range<usize>) {
    let end = line.trim_end().trim_end_matches(';').trim_end().len();
    let start = (line.len() - line.trim_start().len() + 1).min(line.len());
    let end = end.max(start);
    let name_end = line[start..end]
        .find(char::is_whitespace)
        .map_or(end, |at| start + at);
    let rest = &line[name_end..end];
    let argument = end - rest.trim_start().len();
    // A file may stand in quotes, as it does in queries.
    let given = &line[argument..end];
    let quoted = given.len() > 1
        && ['"', '\'']
            .iter()
            .any(|quote| given.starts_with(*quote) && given.ends_with(*quote));
    let argument = if quoted {
        argument + 1..end - 1
    } else {
        argument..end
    };
    (start..name_end, argument)
}

/// What is wrong with an argument.
pub(super) fn wrong(spec: &Spec, given: &str) -> Option<String> {
    let name = spec.name;
    match spec.argument {
        Argument::None if !given.is_empty() => Some(format!("`.{name}` takes nothing after it")),
        Argument::File if given.is_empty() => Some(format!("`.{name}` which file?")),
        Argument::Word(words) if !words().iter().any(|word| word.eq_ignore_ascii_case(given)) => {
            let words = words().join(", ");
            Some(format!("`.{name}` takes one of: {words}"))
        }
        Argument::MaybeNumber if !given.is_empty() && given.parse::<usize>().is_err() => {
            Some(format!("`.{name}` takes a number"))
        }
        _ => None,
    }
}

fn failure(line: &str, place: Range<usize>, message: String, help: String) -> Failure {
    Failure {
        exit: Exit::Usage,
        diagnosis: Box::new(Diagnosis {
            message,
            code: Some("command".to_owned()),
            labels: vec![(place, String::new())],
            help: Some(help),
            source_name: "prompt".to_owned(),
            source_text: line.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_aliases_and_arguments_are_read() {
        let read = |line: &str| parse(line).map(|c| (c.action, c.argument)).unwrap();
        assert_eq!(read(".timer on"), (Action::Timer, "on".into()));
        assert_eq!(read("  \\q ;"), (Action::Quit, String::new()));
        assert_eq!(read(".once \"a b.csv\""), (Action::Once, "a b.csv".into()));
        assert_eq!(read(".output"), (Action::Output, String::new()));
        assert_eq!(
            read(".edit show models"),
            (Action::Edit, "show models".into())
        );
        let mut names: Vec<&str> = Vec::new();
        for spec in &COMMANDS {
            names.push(spec.name);
            names.extend(spec.aliases);
        }
        let many = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), many, "no name means two commands");
    }

    #[test]
    fn what_is_wrong_is_pointed_at_and_the_way_out_is_named() {
        for (line, word, help) in [
            (".tmier on", ".tmier", "did you mean `.timer`?"),
            (".zzz", ".zzz", "`.help` lists"),
            (".timer maybe", "maybe", "on|off"),
            (".timer", "timer", "on|off"),
            (".read", "read", "FILE"),
            (".quit now", "now", ".quit"),
            (".history x", "x", "[N]"),
            (".", ".", "`.help` lists"),
            ("\\", "\\", "`.help` lists"),
        ] {
            let failure = parse(line).unwrap_err();
            let place = failure.diagnosis.labels[0].0.clone();
            assert_eq!(&line[place], word, "{line}");
            let says = failure.diagnosis.help.unwrap_or_default();
            assert!(says.contains(help), "{line}: {says}");
        }
    }
}
