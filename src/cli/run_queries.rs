//! Runs the queries of a command line.

use super::flags::Flags;
use crate::interface::engine::Engine;
use crate::interface::failure::{Exit, Failure};
use crate::interface::source::Source;
use crate::output::console::Console;
use crate::repl::script::Runner;
use crate::work::cancel::Cancel;
use crate::work::interrupt;

/// What Ctrl-C stops from now on.
pub(super) fn cancel_on_interrupt(console: &mut Console) -> Cancel {
    let cancel = Cancel::default();
    if let Err(error) = interrupt::install(cancel.clone()) {
        console.whisper(&format!("Ctrl-C will end the program at once: {error}"));
    }
    cancel
}

impl Flags {
    /// Runs texts one after the other; the first failure decides the exit.
    pub(super) fn run_queries(
        &self,
        engine: &mut dyn Engine,
        console: &mut Console,
        cancel: &Cancel,
        sources: &[Source],
        echo: bool,
    ) -> Exit {
        let mut runner = Runner {
            engine,
            console,
            cancel,
            on_error: self.on_error,
            echo,
            succeeded: Vec::new(),
        };
        let mut exit = Exit::Success;
        for source in sources {
            let outcome = runner.run(source);
            if exit == Exit::Success {
                exit = outcome.exit;
            }
            if !outcome.goes_on {
                break;
            }
        }
        if let Err(error) = runner.console.finish() {
            let failure = Failure::from(error);
            runner.console.failure(&failure);
            return if exit == Exit::Success {
                failure.exit
            } else {
                exit
            };
        }
        exit
    }
}
