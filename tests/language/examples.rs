//! Every example of the language parses, prints as text that means the same, and resolves.

use vitscope::lang::script::{parse_script, parse_statement};
use vitscope::statements::STATEMENTS;

use super::{EXAMPLES, catalog, settings};

#[test]
fn every_example_parses_prints_and_resolves() {
    for example in EXAMPLES {
        let parsed = parse_statement(example).unwrap_or_else(|e| panic!("{example}: {e}"));
        let printed = parsed.to_string();
        let again = parse_statement(&printed).unwrap_or_else(|e| panic!("{printed}: {e}"));
        assert_eq!(again, parsed, "{example}\n{printed}");
        assert_eq!(again.to_string(), printed);
        STATEMENTS
            .resolve(&parsed, &catalog(), &settings())
            .unwrap_or_else(|e| panic!("{example}: {e}"));
    }
}

#[test]
fn a_script_is_all_its_statements_with_places_in_the_whole_text() {
    let script = EXAMPLES.join("\n") + "\n\n" + &EXAMPLES.join(" ; # note\n");
    let parsed = parse_script(&script);
    assert_eq!(parsed.len(), 2 * EXAMPLES.len());
    for (statement, written) in parsed.iter().zip(EXAMPLES.iter().cycle()) {
        let statement = statement
            .as_ref()
            .unwrap_or_else(|e| panic!("{written}: {e}"));
        assert_eq!(&script[statement.span.range()], *written);
    }
}
