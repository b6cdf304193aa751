//! `contributions of` and `representation of`: the vectors themselves, one row per image.

mod answer;
mod asked;
mod contributions;
mod parquet;
mod reading;
mod representation;

pub use self::asked::VectorsAsked;
pub use self::contributions::Contributions;
pub use self::representation::Representation;
