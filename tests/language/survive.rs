//! What has to hold for any text at all: nothing panics, nothing hangs, every place is inside the text. Property tests
//! (`random_text`) and fuzz targets (`tests/fuzz`) give it texts.

use vitscope::lang::complete::complete;
use vitscope::lang::error::Problem;
use vitscope::lang::highlight::highlight;
use vitscope::lang::script::{is_complete, parse_script, parse_statement};
use vitscope::output::color::Depth;
use vitscope::output::report::{graphical, json_line};
use vitscope::statements::STATEMENTS;

use super::names::{catalog, settings};

/// Parsing, printing, resolving, and drawing what is wrong.
pub fn statements(text: &str) {
    let (catalog, settings) = (catalog(), settings());
    let drawn = |error: &dyn Problem| {
        let failure = error.failure("s.vq", text);
        assert!(!graphical(&failure, Depth::Ansi16, false, Some(60)).is_empty());
        let json: serde_json::Value = serde_json::from_str(&json_line(&failure)).expect("JSON");
        assert!(json["error"]["line"].as_u64().is_some_and(|line| line > 0));
    };
    for statement in parse_script(text) {
        match statement {
            Ok(statement) => {
                let printed = statement.to_string();
                assert_eq!(
                    parse_statement(&printed).as_ref(),
                    Ok(&statement),
                    "{printed}"
                );
                if let Err(error) = STATEMENTS.resolve(&statement, &catalog, &settings) {
                    drawn(&error);
                }
            }
            Err(error) => drawn(&error),
        }
    }
    let _either = is_complete(text);
}

/// Completion at a few places, also outside the text.
pub fn completion(text: &str) {
    let (catalog, settings) = (catalog(), settings());
    for cursor in [0, text.len() / 2, text.len(), text.len() + 9] {
        assert!(complete(text, cursor, &catalog, &settings).start <= text.len());
    }
}

/// Highlighting: every byte once, in order.
pub fn highlighting(text: &str) {
    let pieces = highlight(text, &catalog());
    let mut end = 0;
    for (span, _) in pieces {
        assert_eq!(span.start, end);
        end = span.end;
    }
    assert_eq!(end, text.len());
}
