//! Streams that tests can read back.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::console::Console;
use super::settings::Look;

/// A buffer that is written and read through the same handle.
#[derive(Clone, Default)]
pub(crate) struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A console, and what it writes to stdout and stderr.
pub(crate) fn console(look: Look) -> (Console, Page, Page) {
    let (out, err) = (Page::default(), Page::default());
    let console = Console::new(Box::new(out.clone()), Box::new(err.clone()), look);
    (console, out, err)
}
