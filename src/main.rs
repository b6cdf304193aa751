//! The `vitscope` command: flags in, exit code out. Everything else is the library.

use std::path::Path;
use std::process::ExitCode;

use vitscope::interface::engine::{Engine, Launch, Source};
use vitscope::interface::failure::Failure;
use vitscope::kernels::device::Choice;
use vitscope::session::{self, Session};
use vitscope::{cli, demo};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Opens sessions.
struct Launcher;

impl Launch for Launcher {
    fn open(
        &mut self,
        store: Option<&Path>,
        device: Choice,
        read_only: bool,
    ) -> Result<Box<dyn Engine>, Failure> {
        let store = session::default_store(store)?;
        let session = if read_only {
            Session::open_read_only(store)?
        } else {
            Session::open(store)?
        };
        Ok(Box::new(session.on(device)))
    }

    fn demo(&mut self, device: Choice) -> Result<(Box<dyn Engine>, Source), Failure> {
        demo::open(&demo::folder()?, device)
    }
}

fn main() -> ExitCode {
    ExitCode::from(cli::run(&mut Launcher).code())
}
