//! The query language, from text to a question with every name looked up. Nothing here touches tensors, files or tables.
//!
//! ```text
//! text ─ script::split ─► statements ─ parse ─► ast::Statement ─ resolve (Catalog, Settings) ─► query::Query
//!   │                                   │                           │
//!   ├ lex ─► highlight, is_complete     └ SyntaxError ─┐            └ ResolveError ─┐
//!   └ expect (what may come next) ─► complete          └───────► Failure ◄─────────┘
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
