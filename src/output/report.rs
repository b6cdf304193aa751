//! Drawing a failure: the line with a caret under the place, or one JSON object for programs.

use std::fmt;
use std::iter;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};
use serde_json::json;

use super::color::Depth;
use crate::interface::failure::{Diagnosis, Failure};

/// The failure for a person: sentence, place, help. Ends in a line break.
#[must_use]
pub fn graphical(failure: &Failure, depth: Depth, ascii: bool, columns: Option<usize>) -> String {
    let theme = GraphicalTheme {
        characters: if ascii {
            ThemeCharacters::ascii()
        } else {
            ThemeCharacters::unicode()
        },
        styles: if depth == Depth::Never {
            ThemeStyles::none()
        } else {
            ThemeStyles::ansi()
        },
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(columns.unwrap_or(100).clamp(20, 120))
        .with_links(false);
    let mut out = String::new();
    let drawing = Drawing(drawable(&failure.diagnosis));
    if handler.render_report(&mut out, &drawing).is_err() {
        out = format!("error: {}\n", drawing.0.message);
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// The failure for a program: one JSON object on one line. The place is that of the first label, lines and columns from
/// 1, `start` and `end` in bytes; without a place all of it is null.
#[must_use]
pub fn json_line(failure: &Failure) -> String {
    let diagnosis = &failure.diagnosis;
    let label = diagnosis.labels.first();
    let place = |at: usize| diagnosis.line_and_column(at);
    let (start, end) = (label.map(|l| l.0.start), label.map(|l| l.0.end));
    let error = json!({
        "severity": "error",
        "code": diagnosis.code,
        "message": diagnosis.message,
        "file": (!diagnosis.source_name.is_empty()).then_some(&diagnosis.source_name),
        "line": start.map(|at| place(at).0),
        "column": start.map(|at| place(at).1),
        "end_line": end.map(|at| place(at).0),
        "end_column": end.map(|at| place(at).1),
        "start": start,
        "end": end,
        "label": label.map(|l| &l.1).filter(|text| !text.is_empty()),
        "help": diagnosis.help,
        "exit": failure.exit.code(),
    });
    format!("{}\n", json!({ "error": error }))
}

/// The same diagnosis with nothing in it that could steer the terminal, and a blank to point at behind the text where
/// what is missing at the end has no width.
fn drawable(diagnosis: &Diagnosis) -> Diagnosis {
    let mut source_text = without_controls(&diagnosis.source_text);
    let length = source_text.len();
    let mut labels = diagnosis.labels.clone();
    for (range, text) in &mut labels {
        *text = without_controls(text);
        range.start = range.start.min(length);
        range.end = range.end.clamp(range.start, length);
        if range.start == length && length > 0 {
            range.end = length + 1;
        }
    }
    if labels.iter().any(|(range, _)| range.end > length) {
        source_text.push(' ');
    }
    Diagnosis {
        message: without_controls(&diagnosis.message),
        code: diagnosis.code.clone(),
        labels,
        help: diagnosis.help.as_deref().map(without_controls),
        source_name: without_controls(&diagnosis.source_name),
        source_text,
    }
}

/// The text with each control character replaced by a sign of the same length in bytes, so that places stay.
fn without_controls(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() && c.len_utf8() == 1 => '?',
        c if c.is_control() => '¿',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// A [`Diagnosis`] in the form the drawing library asks for.
#[derive(Debug)]
struct Drawing(Diagnosis);

impl Drawing {
    fn has_place(&self) -> bool {
        !self.0.labels.is_empty() && !self.0.source_text.is_empty()
    }
}

impl SourceCode for Drawing {
    /// As the library reads any text, but with the column in characters: it counts bytes.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text: &str = &self.0.source_text;
        let contents = text.read_span(span, lines_before, lines_after)?;
        let column = match contents.column() {
            0 => 0,
            _ => self.0.line_and_column(span.offset()).1 - 1,
        };
        let bytes = *contents.span();
        Ok(Box::new(MietteSpanContents::new_named(
            self.0.source_name.clone(),
            &text.as_bytes()[bytes.offset()..bytes.offset() + bytes.len()],
            bytes,
            contents.line(),
            column,
            contents.line_count(),
        )))
    }
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Drawing {}

impl Diagnostic for Drawing {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.0.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.has_place().then_some(self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if !self.has_place() {
            return Some(Box::new(iter::empty()));
        }
        let labels = self.0.labels.iter().map(|(range, text)| {
            let text = (!text.is_empty()).then(|| text.clone());
            LabeledSpan::new_with_span(text, SourceSpan::from(range.clone()))
        });
        Some(Box::new(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::failure::Exit;
    use crate::lang::error::Problem;
    use crate::lang::script::parse_script;

    fn failure() -> Failure {
        let mut failure = Failure::new(Exit::Query, "there is no model called “dino2”")
            .with_help("did you mean `dinov2`?");
        failure.diagnosis.code = Some("unknown_model".into());
        failure.diagnosis.source_name = "tour.vq".into();
        failure.diagnosis.source_text = "show models\nrank heads for \"é\" in dino2".into();
        let at = failure.diagnosis.source_text.find("dino2").unwrap();
        failure.diagnosis.labels = vec![(at..at + 5, "not a model".into())];
        failure
    }

    #[test]
    fn the_drawing_names_file_line_and_column_and_points_at_the_word() {
        let drawn = graphical(&failure(), Depth::Never, true, Some(80));
        assert!(drawn.contains("tour.vq:2:23"), "{drawn}");
        let lines: Vec<&str> = drawn.lines().collect();
        let at = lines
            .iter()
            .position(|line| line.contains("rank heads"))
            .unwrap();
        let column = |line: &str, what: &str| line[..line.find(what).unwrap()].chars().count();
        assert_eq!(column(lines[at], "dino2"), column(lines[at + 1], "^"));
        assert!(drawn.contains("did you mean `dinov2`?"));
        assert!(!drawn.contains('\x1b'));
        assert!(graphical(&failure(), Depth::Ansi16, false, None).contains("\x1b["));
    }

    #[test]
    fn json_carries_the_same_facts_on_one_line() {
        let line = json_line(&failure());
        assert_eq!(line.matches('\n').count(), 1);
        let parsed: serde_json::Value = serde_json::from_str(&line).unwrap();
        let error = &parsed["error"];
        assert_eq!(error["code"], "unknown_model");
        assert_eq!(error["file"], "tour.vq");
        assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(23)));
        assert_eq!(
            (&error["end_line"], &error["end_column"]),
            (&json!(2), &json!(28))
        );
        let text = &failure().diagnosis.source_text;
        let bytes = |key: &str| usize::try_from(error[key].as_u64().unwrap()).unwrap();
        assert_eq!(&text[bytes("start")..bytes("end")], "dino2");
        assert_eq!(error["label"], "not a model");
        assert_eq!(error["help"], "did you mean `dinov2`?");
        assert_eq!(error["exit"], 1);
        let bare = json_line(&Failure::new(Exit::Missing, "no store"));
        let parsed: serde_json::Value = serde_json::from_str(&bare).unwrap();
        assert!(parsed["error"]["file"].is_null() && parsed["error"]["line"].is_null());
    }

    /// What the language finds wrong with the `nth` statement of a text.
    fn wrong(text: &str, nth: usize) -> Failure {
        let error = parse_script(text).remove(nth).unwrap_err();
        error.failure("s.vq", text)
    }

    #[test]
    fn a_misspelt_keyword_has_the_caret_under_it_and_the_right_one_below() {
        let drawn = graphical(
            &wrong("rank heads fr texture in m", 0),
            Depth::Never,
            true,
            None,
        );
        let lines: Vec<&str> = drawn.lines().collect();
        let line = lines.iter().position(|l| l.contains("rank heads")).unwrap();
        let word = lines[line].find("fr ").unwrap();
        let caret = lines[line + 1].find(['^', '|']).unwrap();
        assert!((word..word + 2).contains(&caret), "{drawn}");
        assert!(drawn.contains("found `fr`"), "{drawn}");
        assert!(drawn.contains("did you mean `for`?"), "{drawn}");
        assert!(drawn.is_ascii(), "{drawn}");
    }

    #[test]
    fn what_is_missing_is_missed_where_it_should_be() {
        for text in [
            "rank heads for",
            "rank heads for\n",
            "rank heads for # what?\n\nshow models",
        ] {
            let drawn = graphical(&wrong(text, 0), Depth::Never, true, None);
            assert!(drawn.contains("isn't finished: expected"), "{drawn}");
            assert!(drawn.contains("more must follow"), "{drawn}");
        }
    }

    #[test]
    fn ends_and_control_characters_are_drawn_safely() {
        for text in [
            "rank heads for",
            "rank \u{1b}[2J heads",
            "rank heads for \"é\u{85}",
            "\u{0}",
        ] {
            let failure = wrong(text, 0);
            for (depth, ascii) in [
                (Depth::True, false),
                (Depth::Ansi16, true),
                (Depth::Never, false),
                (Depth::Never, true),
            ] {
                let drawn = graphical(&failure, depth, ascii, Some(10));
                assert!(
                    !drawn.contains("\u{1b}[2J") && !drawn.contains('\u{85}'),
                    "{drawn:?}"
                );
                assert_eq!(drawn.contains('\u{1b}'), depth != Depth::Never, "{drawn:?}");
            }
        }
    }

    #[test]
    fn a_failure_without_a_place_or_with_a_wrong_one_is_still_drawn() {
        let bare = Failure::new(Exit::Missing, "the store “x” does not exist");
        assert!(graphical(&bare, Depth::Never, false, Some(5)).contains("does not exist"));
        let mut wrong = failure();
        wrong.diagnosis.labels[0].0 = 900..901;
        assert!(graphical(&wrong, Depth::Never, false, None).contains("dino2"));
    }
}
