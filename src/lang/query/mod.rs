//! What the parts of statements mean once every name is looked up, every number in range and every default filled in.
//! Each statement's own type (in `statements`) is made of these.

mod concept;
mod mapping;
mod score;
mod selection;
mod setting;
mod stage;
mod target;
mod unit;

pub use self::concept::{Concept, Prompt, Template};
pub use self::mapping::Mapping;
pub use self::score::Score;
pub use self::selection::{Extreme, Selection, Term};
pub use self::setting::Setting;
pub use self::stage::{Aggregate, Reducer, Stage};
pub use self::target::{Conditions, Image, Target, UnitsAsked};
pub use self::unit::{UNIT_COLUMNS, Unit, unit_columns};
