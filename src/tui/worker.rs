//! The thread that owns the engine: takes texts of statements, sends back what comes of them.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::event::{Knowledge, Msg};
use crate::answer::{Answer, Sink};
use crate::cancel::Cancel;
use crate::failure::{Exit, Failure};
use crate::front::{Engine, Source};
use crate::output::settings::Look;
use crate::progress::Progress;
use crate::script::is_farewell;

/// How often a stage says how far it is: more than the eye sees is waste.
const OFTEN: Duration = Duration::from_millis(50);

/// What is known of an engine now.
#[must_use]
pub fn knowledge(engine: &dyn Engine) -> Knowledge {
    Knowledge {
        assist: engine.assist(),
        names: engine.names(),
        place: engine.place(),
    }
}

/// Starts the thread. Texts sent to it are run one after the other; the thread ends when the sender is dropped.
#[must_use]
pub fn start(engine: Box<dyn Engine>, cancel: Cancel, out: Sender<Msg>) -> Sender<String> {
    let (send, texts) = channel();
    thread::spawn(move || work(engine, &texts, &cancel, &out));
    send
}

fn work(mut engine: Box<dyn Engine>, texts: &Receiver<String>, cancel: &Cancel, out: &Sender<Msg>) {
    let mut feed = Feed {
        out: out.clone(),
        look: Look::plain(),
    };
    while let Ok(text) = texts.recv() {
        let source = Source {
            name: "query".into(),
            text,
        };
        let ran = catch_unwind(AssertUnwindSafe(|| {
            run(engine.as_mut(), &source, &mut feed, cancel);
        }));
        if let Err(fault) = ran {
            feed.send(Msg::Failed(fault_in_words(fault.as_ref())));
        }
        feed.send(Msg::Idle(knowledge(engine.as_ref())));
    }
}

/// A panic as a failure: what it says, without where.
#[must_use]
pub fn fault_in_words(fault: &(dyn Any + Send)) -> Failure {
    let text = fault.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| fault.downcast_ref::<String>().cloned());
    let why = text.unwrap_or_else(|| "no reason given".into());
    Failure::new(
        Exit::Query,
        format!("vitscope made a mistake of its own: {why}"),
    )
    .with_help("please report it with the statement; other statements may well work")
}

fn run(engine: &mut dyn Engine, source: &Source, feed: &mut Feed, cancel: &Cancel) {
    let statements = engine.statements(&source.text);
    for range in statements {
        let statement = source.text[range.clone()].to_owned();
        if is_farewell(&statement) {
            feed.send(Msg::Farewell);
            return;
        }
        feed.send(Msg::Started(statement.clone()));
        let teller = Teller::new(feed.out.clone());
        let done = cancel
            .check()
            .map_err(Failure::from)
            .and_then(|()| engine.execute(source, range, feed, cancel, &teller));
        match done {
            Ok(()) => feed.send(Msg::Done(statement)),
            Err(failure) => {
                feed.send(Msg::Failed(failure));
                return;
            }
        }
    }
}

/// Sends answers on.
struct Feed {
    out: Sender<Msg>,
    /// Settings of answers: kept so that statements about them work, though panes decide for themselves.
    look: Look,
}

impl Feed {
    fn send(&self, msg: Msg) {
        // The interface has ended: nobody is left to tell.
        let _ = self.out.send(msg);
    }
}

impl Sink for Feed {
    fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        self.send(Msg::Answer(Arc::new(answer.clone())));
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.send(Msg::Text(text.to_owned()));
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.look.set(name, value)
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        self.look.list().into_iter().collect()
    }
}

/// Sends progress on, not more often than it can be seen.
struct Teller {
    stage: Mutex<Stage>,
}

struct Stage {
    out: Sender<Msg>,
    what: String,
    total: u64,
    told: Option<Instant>,
}

impl Teller {
    fn new(out: Sender<Msg>) -> Self {
        let stage = Stage {
            out,
            what: String::new(),
            total: 0,
            told: None,
        };
        Self {
            stage: Mutex::new(stage),
        }
    }

    fn with(&self, tell: impl FnOnce(&mut Stage)) {
        tell(&mut self.stage.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Stage {
    fn send(&self, msg: Msg) {
        let _ = self.out.send(msg);
    }
}

impl Progress for Teller {
    fn start(&self, what: &str, total: u64) {
        self.with(|stage| {
            what.clone_into(&mut stage.what);
            stage.total = total;
            stage.told = Some(Instant::now());
            stage.send(Msg::Progress(stage.what.clone(), 0, total));
        });
    }

    fn advance(&self, done: u64) {
        self.with(|stage| {
            if stage.told.is_none_or(|told| told.elapsed() >= OFTEN) {
                stage.told = Some(Instant::now());
                stage.send(Msg::Progress(stage.what.clone(), done, stage.total));
            }
        });
    }

    fn finish(&self) {
        self.with(|stage| stage.send(Msg::StageOver));
    }

    fn note(&self, sentence: &str) {
        self.with(|stage| stage.send(Msg::Note(sentence.to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::fake::Fake;

    fn run_all(text: &str) -> Vec<Msg> {
        let (out, msgs) = channel();
        let texts = start(Box::<Fake>::default(), Cancel::default(), out);
        texts.send(text.to_owned()).unwrap();
        drop(texts);
        msgs.into_iter().collect()
    }

    #[test]
    fn statements_run_until_one_fails_and_the_names_come_last() {
        let names: Vec<String> = run_all("say a; wrong; say b")
            .iter()
            .map(|msg| format!("{msg:?}"))
            .collect();
        assert_eq!(
            names,
            ["Started", "Text", "Done", "Started", "Failed", "Idle"]
        );
        let msgs = run_all("quit; say a");
        assert!(matches!(msgs.first(), Some(Msg::Farewell)));
    }
}
