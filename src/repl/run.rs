//! A run of the prompt, from its banner to its end.

use super::keyboard::Keyboard;
use super::options::Options;
use super::session::Session;
use crate::interface::engine::Engine;
use crate::interface::failure::Exit;
use crate::output::console::Console;
use crate::work::cancel::Cancel;

/// Runs the prompt until Ctrl-D or `quit`.
pub fn run(
    engine: &mut dyn Engine,
    console: &mut Console,
    cancel: &Cancel,
    options: &Options,
) -> Exit {
    banner(engine, console, &options.banner);
    let keyboard = Keyboard::open(engine, console, options);
    Session::new(engine, console, cancel, keyboard, options).run()
}

fn banner(engine: &dyn Engine, console: &mut Console, how: &str) {
    if how == "off" {
        return;
    }
    let version = env!("CARGO_PKG_VERSION");
    console.narrate(&format!("vitscope {version}, store {}", engine.place()));
    if how == "long" {
        console.whisper(
            "Ask with a sentence: rank heads for texture in MODEL. `help` lists more; Ctrl-D quits.",
        );
    }
}
