//! The terminal and the loop: takes events in, carries effects out, and leaves the terminal as it was found, however the
//! program ends.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Stdout, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    SetTitle, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use super::draw::draw;
use super::event::{Effect, Event, Msg};
use super::history::History;
use super::pixels::{Change, Pixels};
use super::state::State;
use super::theme::Theme;
use super::update::update;
use super::{table, worker};
use crate::interface::engine::Engine;
use crate::interface::failure::{Exit, Failure, in_words};
use crate::output::settings::Look;
use crate::picture::graphics::Graphics;
use crate::picture::pixels::can_place;
use crate::work::cancel::Cancel;

/// How long the loop waits for a key while something runs, and while nothing does.
const BUSY: Duration = Duration::from_millis(30);
const IDLE: Duration = Duration::from_millis(200);

/// What is chosen on the command line.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Colours.
    pub theme: Theme,
    /// Whether clicks and the wheel come here rather than to the terminal.
    pub mouse: bool,
    /// How images reach the terminal, where that was found out.
    pub graphics: Option<Graphics>,
    /// The history's file, where it is not the usual one; `off` for none.
    pub history: Option<String>,
}

/// Runs the interface until it is quit.
///
/// # Errors
/// [`Exit::Usage`] where stdin or stdout is no terminal that can move its cursor; any failure of the terminal.
pub fn run(
    engine: Box<dyn Engine>,
    look: &Look,
    options: Options,
    cancel: Cancel,
) -> Result<Exit, Failure> {
    // A fault must not write over the screen; it is told in a sentence once the terminal is restored.
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let ran = catch_unwind(AssertUnwindSafe(|| interact(engine, look, options, cancel)));
    set_hook(hook);
    match ran {
        Ok(Ok(())) => Ok(Exit::Success),
        Ok(Err(error)) => Err(Failure::new(
            Exit::Query,
            format!("the terminal went away: {}", in_words(&error)),
        )),
        Err(fault) => Err(worker::fault_in_words(fault.as_ref())),
    }
}

/// Whether the interface can run here.
///
/// # Errors
/// [`Exit::Usage`] with what to do instead.
pub fn check() -> Result<(), Failure> {
    let dumb = matches!(std::env::var("TERM").as_deref(), Err(_) | Ok("" | "dumb"));
    if dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let failure = Failure::new(
            Exit::Usage,
            "`vitscope tui` needs a terminal that can move its cursor, on stdin and stdout",
        );
        return Err(
            failure.with_help("for scripts and pipes there are `-c QUERY` and script files")
        );
    }
    Ok(())
}

/// The terminal in the state the interface needs; dropping it restores what was there before.
struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
    pixels: Option<Pixels>,
}

impl Screen {
    fn enter(mouse: bool, pixels: Option<Pixels>) -> io::Result<Self> {
        enable_raw_mode()?;
        // From here on everything is undone by `drop`, also what the next lines did not get to.
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()));
        let terminal = terminal.inspect_err(|_| {
            let _ = disable_raw_mode();
        })?;
        let screen = Self {
            terminal,
            mouse,
            pixels,
        };
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            SetTitle("vitscope")
        )?;
        if mouse {
            execute!(io::stdout(), EnableMouseCapture)?;
        }
        Ok(screen)
    }

    /// Forgets what the terminal shows. Unlike `Terminal::clear` this asks the terminal nothing: not every one answers.
    fn clear(&mut self, (columns, rows): (u16, u16)) -> io::Result<()> {
        if let Some(pixels) = &mut self.pixels {
            pixels.forget();
            io::stdout().write_all(pixels.away().as_bytes())?;
        }
        self.terminal.resize(Rect::new(0, 0, columns, rows))
    }

    fn draw(&mut self, state: &State) -> io::Result<()> {
        execute!(io::stdout(), BeginSynchronizedUpdate)?;
        let pixels = self.pixels.as_mut();
        let change = pixels.map_or_else(Change::default, |pixels| pixels.next(state));
        if let Some(away) = change.away {
            io::stdout().write_all(away.as_bytes())?;
            self.terminal
                .resize(Rect::new(0, 0, state.size.0, state.size.1))?;
        }
        self.terminal.draw(|frame| draw(state, frame))?;
        if let Some((place, bytes)) = change.image {
            execute!(
                io::stdout(),
                cursor::SavePosition,
                cursor::MoveTo(place.x, place.y)
            )?;
            io::stdout().write_all(&bytes)?;
            execute!(io::stdout(), cursor::RestorePosition)?;
        }
        execute!(io::stdout(), EndSynchronizedUpdate)
    }

    /// Whether something will soon be there to draw.
    fn waits(&self) -> bool {
        self.pixels.as_ref().is_some_and(Pixels::waits)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The terminal may be gone, and then there is nothing to restore.
        if let Some(pixels) = &self.pixels {
            let _ = io::stdout().write_all(pixels.away().as_bytes());
        }
        if self.mouse {
            let _ = execute!(io::stdout(), DisableMouseCapture);
        }
        let _ = execute!(
            io::stdout(),
            DisableBracketedPaste,
            EndSynchronizedUpdate,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = disable_raw_mode();
    }
}

fn interact(
    engine: Box<dyn Engine>,
    look: &Look,
    options: Options,
    cancel: Cancel,
) -> io::Result<()> {
    let (book, warning) = History::open(options.history.as_deref());
    let knowledge = worker::knowledge(engine.as_ref());
    let (out, msgs) = channel();
    let texts = worker::start(engine, cancel.clone(), out.clone());
    let graphics = options
        .graphics
        .filter(|graphics| can_place(graphics.protocol));
    let mut screen = Screen::enter(options.mouse, graphics.map(Pixels::new))?;
    let size = crossterm::terminal::size()?;
    let mut state = State::new(knowledge, book.queries(), size);
    state.theme = options.theme;
    state.depth = look.out_depth;
    state.ascii = look.ascii;
    state.pixels = screen.pixels.is_some();
    if let Some(warning) = warning {
        state.complain(warning);
    }
    let mut hands = Hands {
        texts,
        cancel,
        out,
        book,
    };
    turn(&mut state, &mut screen, &msgs, &mut hands)
}

/// The loop: everything that has happened, then one drawing.
fn turn(
    state: &mut State,
    screen: &mut Screen,
    msgs: &Receiver<Msg>,
    hands: &mut Hands,
) -> io::Result<()> {
    let start = Instant::now();
    let mut drawn = false;
    loop {
        if !drawn {
            screen.draw(state)?;
        }
        let mut events = vec![Event::Tick(start.elapsed())];
        let busy = state.job.is_some() || screen.waits();
        let mut wait = if busy { BUSY } else { IDLE };
        // Slow lines deliver keys in heaps: all of them are taken in before the next drawing.
        while event::poll(wait)? {
            wait = Duration::ZERO;
            events.extend(translated(event::read()?));
        }
        let size = crossterm::terminal::size()?;
        if size != state.size {
            // Told by nobody when the window changed before anyone listened.
            events.push(Event::Resize(size.0, size.1));
        }
        events.extend(msgs.try_iter().map(Event::Worker));
        // A tick alone changes nothing but the time of what runs.
        drawn = events.len() == 1 && !busy;
        for event in events {
            for effect in update(state, event) {
                drawn = false;
                match effect {
                    Effect::Quit => return Ok(()),
                    Effect::Redraw => screen.clear(state.size)?,
                    other => hands.carry_out(other),
                }
            }
        }
    }
}

fn translated(event: event::Event) -> Option<Event> {
    match event {
        // Some terminals also report releases.
        event::Event::Key(key) if !key.is_release() => Some(Event::Key(key)),
        event::Event::Mouse(mouse) => Some(Event::Mouse(mouse)),
        event::Event::Paste(text) => Some(Event::Paste(text)),
        event::Event::Resize(columns, rows) => Some(Event::Resize(columns, rows)),
        _ => None,
    }
}

/// What carries effects out.
struct Hands {
    texts: Sender<String>,
    cancel: Cancel,
    out: Sender<Msg>,
    book: History,
}

impl Hands {
    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Run(text) => {
                self.cancel.reset();
                if self.texts.send(text).is_err() {
                    self.say(Err("the engine has ended; quit and start again".into()));
                }
            }
            Effect::Cancel => self.cancel.request(),
            Effect::Arrange(generation, frame, arrangement) => {
                let out = self.out.clone();
                thread::spawn(move || {
                    let order = table::arrange(&frame, &arrangement);
                    let _ = out.send(Msg::Arranged(generation, order));
                });
            }
            Effect::Copy(text) => {
                let copy = CopyToClipboard::to_clipboard_from(text);
                if let Err(error) = execute!(io::stdout(), copy) {
                    self.say(Err(format!("nothing was copied: {}", in_words(&error))));
                }
            }
            Effect::Remember(query) => {
                if let Err(why) = self.book.add(&query) {
                    self.say(Err(why));
                }
            }
            Effect::Save(path, script) => self.say(save(&path, &script)),
            Effect::Redraw | Effect::Quit => {}
        }
    }

    fn say(&self, said: Result<String, String>) {
        // The receiver lives as long as the loop that calls this.
        let _ = self.out.send(Msg::Said(said));
    }
}

/// Writes a new file; one that is there already is left alone.
fn save(path: &Path, script: &str) -> Result<String, String> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(script.as_bytes()));
    match written {
        Ok(()) => Ok(format!("saved {}", path.display())),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(format!(
            "{} is there already; save under another name",
            path.display()
        )),
        Err(error) => Err(format!("{}: {}", path.display(), in_words(&error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_never_written_over_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.vq");
        assert!(save(&path, "show models;\n").is_ok());
        assert!(save(&path, "other").unwrap_err().contains("another name"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "show models;\n");
    }
}
