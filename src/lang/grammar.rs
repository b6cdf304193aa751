//! The grammar of grammar/query.pest as pest compiles it: the parser and one [`Rule`] per rule.
#![allow(missing_docs)] // the rules are documented where they are written

use std::collections::HashMap;
use std::sync::OnceLock;

/// The parser.
#[derive(pest_derive::Parser)]
#[grammar = "grammar/query.pest"]
pub(super) struct Grammar;

/// The name that a rule has in the grammar's file.
pub(super) fn name(rule: Rule) -> &'static str {
    static NAMES: OnceLock<HashMap<Rule, String>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let rules = Rule::all_rules().iter();
        rules.map(|&rule| (rule, format!("{rule:?}"))).collect()
    });
    names.get(&rule).map_or("", String::as_str)
}

/// The keyword that a rule is, in lower case.
pub(super) fn keyword(rule: Rule) -> Option<&'static str> {
    name(rule).strip_prefix("kw_")
}
