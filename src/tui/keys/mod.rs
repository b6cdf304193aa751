//! The one table of keys: what the status line hints at, what the help shows, what the palette offers and what a press
//! does are all read from it.

mod action;
mod binding;
mod context;
mod lookup;
mod table;

pub use self::action::Action;
pub use self::binding::{Binding, Key, name};
pub use self::context::Context;
pub use self::lookup::{action, hints};
pub use self::table::TABLE;
