//! Tables, what is done to them, and the sentences that go with them.

pub mod columns;
pub mod conditions;
pub mod image_columns;
pub mod notes;
pub mod stages;
pub mod wording;
