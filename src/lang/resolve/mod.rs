//! From what was written to what is meant: every name looked up in the catalog, every number checked, every default
//! filled in. Each statement takes its own parts through [`Names`]; nothing runs before the whole statement is resolved.

mod concepts;
mod conditions;
mod lookups;
mod names;
mod selections;
mod settings;
mod stages;
mod units;
mod values;

pub use self::conditions::ConditionScope;
pub use self::names::{Names, Resolved};
pub use self::settings::{FORMATS, KEYS, PICTURES, choices};
pub use self::values::{unknown, wrong};
