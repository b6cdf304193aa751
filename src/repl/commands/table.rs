//! Every dot command, in one table.

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

/// The command of a name or an alias.
#[must_use]
pub fn named(name: &str) -> Option<&'static Spec> {
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    COMMANDS
        .iter()
        .find(|spec| is(spec.name) || spec.aliases.iter().any(|alias| is(alias)))
}
