//! What the targets share with the property tests.

#[path = "../../language/names.rs"]
mod names;
#[path = "../../language/survive.rs"]
pub mod survive;
