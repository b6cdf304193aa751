//! The thread that owns the engine: takes texts of statements, sends back what comes of them.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use image::imageops;

use super::event::{Knowledge, Msg};
use crate::interface::answer::{Answer, Captioned, Picture, Sink};
use crate::interface::engine::Engine;
use crate::interface::failure::{Exit, Failure};
use crate::interface::source::Source;
use crate::output::settings::Look;
use crate::repl::script::is_farewell;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// How often a stage says how far it is: more than the eye sees is waste.
const OFTEN: Duration = Duration::from_millis(50);

/// The longest side of a picture in pixels: no window has more half blocks.
const LARGEST: u32 = 400;

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

/// Makes an image as small as a large window of half blocks shows it, here and not where keys are waited for.
fn shrink(picture: &mut Captioned) {
    let (width, height) = picture.image.dimensions();
    if width.max(height) > LARGEST {
        let scale = f64::from(LARGEST) / f64::from(width.max(height));
        let scaled = |side: u32| ((f64::from(side) * scale) as u32).max(1);
        picture.image = imageops::thumbnail(&picture.image, scaled(width), scaled(height));
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
        let mut answer = answer.clone();
        for picture in &mut answer.pictures {
            if let Picture::Images(images) = picture {
                images.iter_mut().for_each(shrink);
            }
        }
        self.send(Msg::Answer(Arc::new(answer)));
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
    use crate::interface::fake_engine::FakeEngine;

    fn run_all(text: &str) -> Vec<Msg> {
        let (out, msgs) = channel();
        let texts = start(Box::<FakeEngine>::default(), Cancel::default(), out);
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

    /// Answers one statement, and is broken in every other.
    struct Broken(FakeEngine);

    impl Engine for Broken {
        fn statements(&self, text: &str) -> Vec<std::ops::Range<usize>> {
            self.0.statements(text)
        }

        fn execute(
            &mut self,
            source: &Source,
            range: std::ops::Range<usize>,
            sink: &mut dyn Sink,
            cancel: &Cancel,
            progress: &dyn Progress,
        ) -> Result<(), Failure> {
            assert_ne!(&source.text[range.clone()], "say 0", "a slip");
            self.0.execute(source, range, sink, cancel, progress)
        }

        fn assist(&self) -> Arc<dyn crate::interface::assist::Assist> {
            self.0.assist()
        }

        fn names(&self) -> Vec<crate::interface::name::Name> {
            self.0.names()
        }

        fn place(&self) -> String {
            self.0.place()
        }

        fn facts(&self) -> Vec<[String; 3]> {
            self.0.facts()
        }
    }

    #[test]
    fn a_fault_of_the_engine_is_a_sentence_and_the_next_statement_is_answered() {
        let (out, msgs) = channel();
        let texts = start(
            Box::new(Broken(FakeEngine::default())),
            Cancel::default(),
            out,
        );
        texts.send("say 0".into()).unwrap();
        texts.send("say 1".into()).unwrap();
        drop(texts);
        let msgs: Vec<Msg> = msgs.into_iter().collect();
        let failed = msgs.iter().find_map(|msg| match msg {
            Msg::Failed(failure) => Some(failure.to_string()),
            _ => None,
        });
        assert!(failed.unwrap().contains("a slip"));
        assert!(
            msgs.iter()
                .any(|msg| matches!(msg, Msg::Text(text) if text == "1"))
        );
    }
}
