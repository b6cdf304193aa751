//! The grammar of grammar/query.pest as pest compiles it: the parser and one [`Rule`] per rule.
#![allow(missing_docs)] // the rules are documented where they are written

/// The parser.
#[derive(pest_derive::Parser)]
#[grammar = "grammar/query.pest"]
pub(super) struct Grammar;
