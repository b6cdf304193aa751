//! Reading queries without an editor: one line after the other, from a terminal that cannot move its cursor.

use std::io::{self, BufRead};

use super::commands::is_command;
use super::typed::Typed;
use crate::interface::assist::Assist;
use crate::output::console::Console;

/// Lines from stdin, joined until they are a whole query.
#[derive(Debug, Default)]
pub(super) struct Plain {
    ended: bool,
}

impl Plain {
    pub(super) fn read(
        &mut self,
        prompt: &str,
        assist: &dyn Assist,
        console: &mut Console,
    ) -> Typed {
        self.read_from(&mut io::stdin().lock(), prompt, assist, console)
    }

    fn read_from(
        &mut self,
        input: &mut dyn BufRead,
        prompt: &str,
        assist: &dyn Assist,
        console: &mut Console,
    ) -> Typed {
        let mut text = String::new();
        while !self.ended {
            console.ask(if text.is_empty() { prompt } else { "... " });
            let mut line = String::new();
            match input.read_line(&mut line) {
                Ok(0) => self.ended = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    return Typed::Interrupted;
                }
                Err(error) => {
                    console.narrate(&format!("stdin cannot be read: {error}"));
                    self.ended = true;
                }
                Ok(_) => {
                    let blank = line.trim().is_empty();
                    text.push_str(&line);
                    // The end of this line is no empty line yet.
                    let is_complete = is_command(&text)
                        || assist.is_complete(text.trim_end_matches(['\r', '\n']));
                    if blank || is_complete {
                        return Typed::Text(text);
                    }
                }
            }
        }
        // An unfinished last query is still a query: running it shows what is missing.
        if text.trim().is_empty() {
            Typed::End
        } else {
            Typed::Text(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::fake_engine::FakeAssist;
    use crate::output::settings::Look;
    use crate::output::test_streams::console;

    #[test]
    fn lines_are_joined_until_complete_and_nothing_is_lost_at_the_end() {
        let mut input = io::Cursor::new("say \"one\ntwo\"\nsay \"three\n\nsay \"four");
        let (mut console, _, err) = console(Look::plain());
        let mut plain = Plain::default();
        let mut next = || plain.read_from(&mut input, "> ", &FakeAssist, &mut console);
        let text = |text: &str| Typed::Text(text.into());
        assert_eq!(next(), text("say \"one\ntwo\"\n"));
        assert_eq!(next(), text("say \"three\n\n"), "a blank line submits");
        assert_eq!(next(), text("say \"four"));
        assert_eq!(next(), Typed::End);
        assert!(err.text().starts_with("> ... > ... "));
    }
}
