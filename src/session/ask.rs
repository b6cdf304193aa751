//! Statements asked by programs and tests, without a terminal.

use super::last_answer::LastAnswer;
use super::session::Session;
use crate::interface::answer::Answer;
use crate::interface::engine::{Engine, Source};
use crate::interface::failure::Failure;
use crate::work::cancel::Cancel;
use crate::work::progress::Silent;

impl Session {
    /// Runs one statement, without a terminal: for programs and tests.
    ///
    /// # Errors
    /// As [`Engine::execute`].
    pub fn ask(&mut self, statement: &str) -> Result<Answer, Failure> {
        let mut kept = LastAnswer::default();
        let source = Source {
            name: "query".to_owned(),
            text: statement.to_owned(),
        };
        let whole = 0..statement.len();
        self.execute(&source, whole, &mut kept, &Cancel::default(), &Silent)?;
        Ok(kept.into_answer())
    }
}
