//! The manual page: the flags, then the statements of the language and what they share, as `help` has them.

use std::io;

use clap::CommandFactory;
use roff::{Inline, Roff, bold, roman};

use super::flags::Flags;
use crate::lang::help::{SUBJECTS, Topic};
use crate::statements::STATEMENTS;

/// The page, in roff.
pub(super) fn page() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Flags::command()).render(&mut page)?;
    let mut sections = Roff::new();
    section(&mut sections, "STATEMENTS", &STATEMENTS.pages());
    section(
        &mut sections,
        "SUBJECTS",
        &SUBJECTS.iter().collect::<Vec<_>>(),
    );
    sections.to_writer(&mut page)?;
    Ok(page)
}

/// A section with an entry for each topic: its name, what it is for, how it is written.
fn section(roff: &mut Roff, title: &str, topics: &[&Topic]) {
    roff.control("SH", [title]);
    for topic in topics {
        roff.control("TP", []);
        roff.text([bold(topic.name)]);
        roff.text([roman(topic.summary)]);
        for line in topic.form.lines() {
            roff.control("br", []);
            roff.text([Inline::Italic(line.trim().to_owned())]);
        }
    }
}
