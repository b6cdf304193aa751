//! The README says what the program does.

use vitscope::statements::STATEMENTS;

/// The README's table of statements, from the list that they are registered in.
fn statements() -> String {
    let row = |name: &str, summary: &str| format!("| `{name}` | {summary} |\n");
    let pages = STATEMENTS.pages().into_iter();
    pages.map(|page| row(page.name, page.summary)).collect()
}

#[test]
fn its_table_of_statements_is_the_list_of_statements() {
    let readme = include_str!("../README.md");
    let table = statements();
    assert!(
        readme.contains(&format!("| statement | |\n|---|---|\n{table}")),
        "README.md should have this table:\n\n| statement | |\n|---|---|\n{table}"
    );
}
