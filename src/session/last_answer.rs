//! A sink for programs and tests, which want the answer itself.

use std::io;

use crate::interface::answer::{Answer, Sink};

/// Keeps what was answered last.
#[derive(Default)]
pub(super) struct LastAnswer(Answer);

impl LastAnswer {
    /// What was kept.
    pub(super) fn into_answer(self) -> Answer {
        self.0
    }
}

impl Sink for LastAnswer {
    fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        self.0 = answer.clone();
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.0 = Answer {
            notes: vec![text.to_owned()],
            ..Answer::default()
        };
        Ok(())
    }

    fn set(&mut self, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
