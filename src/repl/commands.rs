//! Dot commands: what the prompt does itself, beside the query language. One table of them parses, helps, completes,
//! highlights and finds the nearest name.

mod assist;

use std::ops::Range;

pub use self::assist::{complete, highlight, hint};
use crate::interface::failure::{Diagnosis, Exit, Failure};
use crate::lang::suggest::nearest;
use crate::output::format::Format;

/// A dot command.
#[derive(Debug)]
pub struct Spec {
    /// What it does.
    pub action: Action,
    /// Its name, without the dot.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What may follow it.
    pub argument: Argument,
    /// How it is written, after its name.
    pub form: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Lists the commands, or explains one.
    Help,
    /// Ends the session.
    Quit,
    /// `set timer`.
    Timer,
    /// `set format`.
    Format,
    /// `set pager`.
    Pager,
    /// The next answer goes to a file.
    Once,
    /// Answers go to a file from now on; without one, back to the terminal.
    Output,
    /// Runs a script.
    Read,
    /// Writes the statements that went well to a script.
    Save,
    /// Edits a query in an editor of its own.
    Edit,
    /// Lists what was typed.
    History,
    /// Says what this installation and terminal are.
    Doctor,
}

/// What may follow a command.
#[derive(Clone, Copy, Debug)]
pub enum Argument {
    /// Nothing.
    None,
    /// A file that must be named.
    File,
    /// A file, or nothing.
    MaybeFile,
    /// One of a few words.
    Word(fn() -> Vec<&'static str>),
    /// The name of a command, or nothing.
    MaybeCommand,
    /// A number, or nothing.
    MaybeNumber,
    /// Any text, or nothing.
    MaybeText,
}

fn switch() -> Vec<&'static str> {
    vec!["on", "off"]
}

fn formats() -> Vec<&'static str> {
    let formats = Format::ALL.into_iter().filter(|format| !format.is_binary());
    formats.map(Format::word).collect()
}

macro_rules! spec {
    ($action:ident, $name:literal, [$($alias:literal),*], $argument:expr, $form:literal, $about:literal) => {
        Spec {
            action: Action::$action,
            name: $name,
            aliases: &[$($alias),*],
            argument: $argument,
            form: $form,
            about: $about,
        }
    };
}

/// Every command, in the order of `.help`.
pub static COMMANDS: [Spec; 12] = [
    spec!(
        Help,
        "help",
        ["h", "?"],
        Argument::MaybeCommand,
        "[COMMAND]",
        "lists these, or explains one; `help` is about queries"
    ),
    spec!(
        Quit,
        "quit",
        ["exit", "q"],
        Argument::None,
        "",
        "ends the session, as Ctrl-D does"
    ),
    spec!(
        Edit,
        "edit",
        ["e"],
        Argument::MaybeText,
        "[QUERY]",
        "edits the query, or the last one, in $VISUAL or $EDITOR and runs it (also Ctrl-X Ctrl-E)"
    ),
    spec!(Read, "read", ["r"], Argument::File, "FILE", "runs a script"),
    spec!(
        Save,
        "save",
        [],
        Argument::File,
        "FILE",
        "writes the statements of this session that went well to a script"
    ),
    spec!(
        Once,
        "once",
        [],
        Argument::File,
        "FILE",
        "writes the next answer to a file, in the format of its extension"
    ),
    spec!(
        Output,
        "output",
        ["out", "o"],
        Argument::MaybeFile,
        "[FILE]",
        "writes all answers from now on to a file; without one, shows them here again"
    ),
    spec!(
        Format,
        "format",
        ["mode"],
        Argument::Word(formats),
        "FORMAT",
        "how answers are written, as `set format`"
    ),
    spec!(
        Timer,
        "timer",
        ["timing"],
        Argument::Word(switch),
        "on|off",
        "whether rows, time and origin follow every answer"
    ),
    spec!(
        Pager,
        "pager",
        [],
        Argument::Word(switch),
        "on|off",
        "whether answers taller than the screen go through $PAGER"
    ),
    spec!(
        History,
        "history",
        [],
        Argument::MaybeNumber,
        "[N]",
        "lists the last N (20) entries of the history"
    ),
    spec!(
        Doctor,
        "doctor",
        [],
        Argument::None,
        "",
        "says what this installation and terminal are, and why"
    ),
];

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

/// The command of a name or an alias.
#[must_use]
pub fn named(name: &str) -> Option<&'static Spec> {
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    COMMANDS
        .iter()
        .find(|spec| is(spec.name) || spec.aliases.iter().any(|alias| is(alias)))
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
fn spec_of(line: &str) -> Result<&'static Spec, Failure> {
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
fn split(line: &str) -> (Range<usize>, Range<usize>) {
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
fn wrong(spec: &Spec, given: &str) -> Option<String> {
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

/// What `.help` says: all commands, or one.
///
/// # Errors
/// When there is no command of that name.
pub fn help(about: &str) -> Result<String, Failure> {
    if !about.is_empty() {
        let spec = spec_of(&format!(".{}", about.trim_start_matches(['.', '\\'])))?;
        let aliases: Vec<String> = spec
            .aliases
            .iter()
            .map(|alias| format!(".{alias}"))
            .collect();
        let aliases = if aliases.is_empty() {
            String::new()
        } else {
            format!("\n\nalso: {}", aliases.join(", "))
        };
        return Ok(format!(
            ".{} {}\n\n{}{aliases}",
            spec.name, spec.form, spec.about
        ));
    }
    let line = |spec: &Spec| {
        let form = format!(".{} {}", spec.name, spec.form);
        format!("  {form:<20}{}", spec.about)
    };
    let lines: Vec<String> = COMMANDS.iter().map(line).collect();
    Ok(format!(
        "commands of the prompt; `help` lists what can be asked\n{}",
        lines.join("\n")
    ))
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

    #[test]
    fn every_command_is_helped() {
        let all = help("").unwrap();
        for spec in &COMMANDS {
            assert!(all.contains(&format!(".{}", spec.name)), "{}", spec.name);
            assert!(help(spec.name).unwrap().contains(spec.about));
        }
        assert!(help("timer on").unwrap().contains("on|off"));
        assert!(help("tmier").unwrap_err().to_string().contains(".tmier"));
    }
}
