//! The sink of the command line and the prompt: answers on one stream, narration on the other.

use std::io::{self, Write};

use polars::prelude::{DataFrame, NamedFrom, Series};

use super::answer_file::AnswerFile;
use super::format::{self, Format};
use super::pager;
use super::pick::Pick;
use super::pictures;
use super::report;
use super::settings::Look;
use super::sgr::{Style, paint};
use super::table::{self, Layout};
use super::timing::timing;
use crate::interface::answer::{Answer, Sink, rows_in_words};
use crate::interface::failure::Failure;
use crate::picture::terminal;

/// Writes answers to `out`, notes and errors to `err`.
pub struct Console {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// How answers look.
    pub look: Look,
    /// Which answers of the run are written.
    pub pick: Pick,
    /// Where answers go in place of `out`.
    pub answer_file: Option<AnswerFile>,
    /// The binary format of the table that went to `out`, after which nothing else may.
    binary_table: Option<Format>,
}

impl Console {
    /// Writes to the process's stdout and stderr.
    #[must_use]
    pub fn stdio(look: Look) -> Self {
        Self::new(
            Box::new(io::BufWriter::new(io::stdout())),
            Box::new(io::stderr()),
            look,
        )
    }

    /// Writes to any two streams.
    #[must_use]
    pub fn new(out: Box<dyn Write>, err: Box<dyn Write>, look: Look) -> Self {
        Self {
            out,
            err,
            look,
            pick: Pick::default(),
            answer_file: None,
            binary_table: None,
        }
    }

    /// Bytes for `out` as they are: what other programs read, such as completions for a shell.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// Writes the answer that was held back for being perhaps the last one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        match self.pick.take_last() {
            Some(answer) => self.show(&answer),
            None => Ok(()),
        }
    }

    /// A sentence for the person at the terminal.
    pub fn narrate(&mut self, sentence: &str) {
        // Narration that cannot be written is lost; there is nowhere else to say so.
        let _ = writeln!(self.err, "{sentence}");
    }

    /// A prompt: no line break after it.
    pub fn ask(&mut self, prompt: &str) {
        let _ = write!(self.err, "{prompt}").and_then(|()| self.err.flush());
    }

    /// A sentence that may be skipped.
    pub fn whisper(&mut self, sentence: &str) {
        let depth = self.look.err_depth;
        self.narrate(&paint(sentence, Style::Dim, depth));
    }

    /// A statement that is about to run, after a blank line; the comments before it stand back.
    pub fn echo(&mut self, statement: &str) {
        self.narrate("");
        for line in statement.lines() {
            match line.trim_start().starts_with(['#', '-']) {
                true => self.whisper(line),
                false => self.narrate(&paint(line, Style::Bold, self.look.err_depth)),
            }
        }
    }

    /// What went wrong: drawn for people, JSON for programs that asked for JSON. Nothing for a silent failure.
    pub fn failure(&mut self, failure: &Failure) {
        if failure.is_silent() {
            return;
        }
        let text = match self.look.format {
            Format::Json | Format::Ndjson => report::json_line(failure),
            _ => {
                let columns = self.look.columns();
                report::graphical(failure, self.look.err_depth, self.look.ascii, columns)
            }
        };
        self.narrate(text.trim_end_matches('\n'));
    }

    fn table(&mut self, frame: &DataFrame) -> io::Result<Vec<String>> {
        if frame.width() == 0 {
            return Ok(Vec::new());
        }
        self.one_table_only()?;
        if self.look.format != Format::Table {
            format::write(frame, self.look.format, &mut self.out)?;
            return Ok(Vec::new());
        }
        let layout = Layout {
            width: self.look.columns(),
            rows: self.look.rows,
            ascii: self.look.ascii,
            depth: self.look.out_depth,
        };
        let drawn = table::draw(frame, layout);
        self.lines(&drawn.text)?;
        Ok(drawn.left_out)
    }

    /// A binary file on stdout is one table; anything behind it would make it unreadable.
    fn one_table_only(&mut self) -> io::Result<()> {
        if let Some(format) = self.binary_table {
            return Err(io::Error::other(format!(
                "{} holds one table per file; `--result last` or `--result N` chooses one",
                format.word()
            )));
        }
        self.binary_table = Some(self.look.format).filter(|format| format.is_binary());
        Ok(())
    }

    /// Text for reading: through the pager if it is taller than the screen.
    fn lines(&mut self, text: &str) -> io::Result<()> {
        let rows = terminal::size().map(|(_, rows)| rows);
        let tall = rows.is_some_and(|rows| text.lines().count() >= rows);
        if self.look.pager && self.look.is_terminal && tall {
            self.out.flush()?;
            if pager::show(text)? {
                return Ok(());
            }
        }
        self.out.write_all(text.as_bytes())
    }

    /// One answer, now.
    fn show(&mut self, answer: &Answer) -> io::Result<()> {
        if answer.frame.width() > 0 && self.answer_file.is_some() {
            return self.show_elsewhere(answer);
        }
        if let Some(title) = answer
            .title
            .as_ref()
            .filter(|_| self.look.format.is_for_people())
        {
            let title = paint(title, Style::Bold, self.look.out_depth);
            writeln!(self.out, "{title}")?;
        }
        let left_out = self.table(&answer.frame)?;
        pictures::show(&mut self.out, &answer.pictures, &mut self.look)?;
        self.out.flush()?;
        for sentence in left_out {
            self.whisper(&sentence);
        }
        self.about(answer);
        Ok(())
    }

    /// One answer into the file that was named for it.
    fn show_elsewhere(&mut self, answer: &Answer) -> io::Result<()> {
        let Some(file) = &mut self.answer_file else {
            return Ok(());
        };
        file.write(&answer.frame)?;
        let (path, once) = (file.path().display().to_string(), file.is_once());
        if once {
            self.answer_file = None;
        }
        let rows = rows_in_words(answer.frame.height());
        self.whisper(&format!("wrote {rows} to {path}"));
        self.about(answer);
        Ok(())
    }

    /// What belongs to an answer and is no data: notes, and how long it took.
    fn about(&mut self, answer: &Answer) {
        for note in &answer.notes {
            let word = paint("note:", Style::Yellow, self.look.err_depth);
            self.narrate(&format!("{word} {note}"));
        }
        if self.look.timer {
            self.whisper(&timing(answer));
        }
    }
}

impl Sink for Console {
    fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        if answer.frame.width() > 0 && !self.pick.lets_through(answer) {
            return Ok(());
        }
        self.show(answer)
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.one_table_only()?;
        match self.look.format {
            Format::Table | Format::Line | Format::Markdown => {
                self.lines(&format!("{}\n", text.trim_end_matches('\n')))?;
            }
            machine => {
                let lines: Vec<&str> = text.lines().collect();
                let column = Series::new("text".into(), lines);
                let frame = DataFrame::new_infer_height(vec![column.into()])
                    .map_err(|error| io::Error::other(error.to_string()))?;
                format::write(&frame, machine, &mut self.out)?;
            }
        }
        self.out.flush()
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.look.set(name, value)
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        self.look.list().into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::test_streams::console;
    use super::*;
    use crate::interface::answer::{Captioned, Picture, UnitGrid};
    use crate::output::color::Depth;
    use crate::picture::terminal::Images;
    use image::RgbImage;

    fn answer() -> Answer {
        let scores = Series::new("score".into(), [0.5f32, 0.25]);
        Answer {
            title: Some("Heads by score".into()),
            frame: DataFrame::new_infer_height(vec![scores.into()]).unwrap(),
            pictures: vec![
                Picture::Images(vec![Captioned {
                    image: RgbImage::new(4, 4),
                    caption: "a caption".into(),
                }]),
                Picture::UnitGrid(UnitGrid {
                    model: "deit".into(),
                    rows: 1,
                    cols: 1,
                    values: vec![Some(0.5)],
                    low: 0.0,
                    high: 1.0,
                    row_labels: vec!["0".into()],
                    col_labels: vec!["0".into()],
                }),
            ],
            notes: vec!["the held-out cosine is poor".into()],
            cached: true,
            elapsed: Duration::from_millis(34),
        }
    }

    #[test]
    fn data_goes_to_one_stream_and_narration_to_the_other() {
        let mut look = Look::plain();
        look.timer = true;
        look.rows = Some(1);
        let (mut console, out, err) = console(look);
        console.answer(&answer()).unwrap();
        assert!(out.text().starts_with("Heads by score\n┌"));
        assert_eq!(
            err.text(),
            "1 of 2 rows; `set rows all` shows the rest\nnote: the held-out cosine is poor\n\
             (2 rows, 34 ms, from cache)\n"
        );
    }

    #[test]
    fn machine_formats_have_no_title_no_pictures_and_the_same_bytes_on_any_terminal() {
        let bytes = |format, width, depth| {
            let mut look = Look::plain();
            look.is_terminal = width != 200;
            look.format = format;
            look.width = Some(width);
            look.rows = Some(1);
            look.out_depth = depth;
            look.set_images(Images::Blocks);
            let (mut console, out, _) = console(look);
            console.answer(&answer()).unwrap();
            out.text()
        };
        let text = |format: &Format| !format.is_for_people() && !format.is_binary();
        for format in Format::ALL.into_iter().filter(text) {
            let wide = bytes(format, 200, Depth::Never);
            assert_eq!(wide, bytes(format, 5, Depth::True), "{format:?}");
            assert!(!wide.contains("Heads") && !wide.contains("caption"));
        }
    }

    #[test]
    fn pictures_follow_the_table_where_they_can_be_drawn() {
        let shown = |images, depth| {
            let mut look = Look::plain();
            look.out_depth = depth;
            look.set_images(images);
            let (mut console, out, _) = console(look);
            console.answer(&answer()).unwrap();
            out.text()
        };
        assert!(shown(Images::Blocks, Depth::True).contains("48;2;"));
        assert!(shown(Images::Blocks, Depth::Ansi256).contains("48;5;"));
        let plain = shown(Images::Blocks, Depth::Never);
        assert!(plain.contains("deit") && plain.contains("a caption") && !plain.contains('\x1b'));
        assert!(
            !shown(Images::Auto, Depth::Never).contains("deit"),
            "a pipe"
        );
    }

    #[test]
    fn help_is_text_for_people_and_rows_for_programs() {
        let mut look = Look::plain();
        look.format = Format::Json;
        let (mut console, out, _) = console(look);
        console.text("rank UNITS\nfor CONCEPT\n").unwrap();
        let parsed: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
        assert_eq!(parsed[1]["text"], "for CONCEPT");
    }
}
