//! The query language, from text to what is meant, with every name looked up in a [`catalog`]. Nothing here touches tensors,
//! files or tables.
//!
//! What a statement is made of is said where it stands, in `statements`: besides the grammar, [`parse`] alone knows some by
//! their rules (`explain`, which holds another statement, and `quit`, which is a word), and errors name those that help.
//!
//! ```text
//! text ─ script::split ─► texts of statements ─ parse ─► ast::Statement ─ resolve::Names (Catalog, Settings) ─► parts of query
//!   │                                            │                          │
//!   ├ lex ─► highlight, is_complete              └ SyntaxError ─┐           └ ResolveError ─┐
//!   └ expect (what may come next) ─► complete                   └──────► Failure ◄──────────┘
//! ```

pub mod ast;
pub mod catalog;
pub mod complete;
pub mod error;
pub mod expect;
pub mod filter;
mod grammar;
pub mod help;
pub mod highlight;
pub mod lex;
pub mod parse;
mod print;
pub mod query;
pub mod resolve;
pub mod script;
pub mod span;
pub mod suggest;
