//! Units of a model: as groups of components, scored, chosen, drawn at random.

pub mod groups;
pub mod random_components;
pub mod resampling;
pub mod scores;
pub mod selection;
pub mod unit_table;
