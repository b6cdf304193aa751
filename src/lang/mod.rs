//! The query language, from text to words with every name looked up. Nothing here touches tensors, files or tables, and
//! nothing but the grammar knows a statement by name: what each one is made of is said where it stands, in `statements`.
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
