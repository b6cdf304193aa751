//! Statements whose work is stopped.

use vitscope::interface::answer::{Answer, Sink};
use vitscope::interface::engine::{Engine, Source};
use vitscope::interface::failure::Failure;
use vitscope::session::Session;
use vitscope::work::cancel::Cancel;
use vitscope::work::progress::Silent;

/// How a statement ends whose work is stopped before it begins.
pub fn stopped(session: &mut Session, text: &str) -> Failure {
    let source = Source {
        name: "test".to_owned(),
        text: text.to_owned(),
    };
    let cancel = Cancel::default();
    cancel.request();
    let ended = session.execute(&source, 0..text.len(), &mut Nowhere, &cancel, &Silent);
    ended.expect_err("stopped")
}

/// A sink that forgets.
struct Nowhere;

impl Sink for Nowhere {
    fn answer(&mut self, _: &Answer) -> std::io::Result<()> {
        Ok(())
    }

    fn text(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn set(&mut self, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
