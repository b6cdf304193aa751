//! Decompositions on the disk: `decompositions/<model>@<set>/`.

mod decomposition;
mod entries;
mod header;
mod manifest;
mod part;
mod writer;

pub use decomposition::Decomposition;
pub(crate) use decomposition::array_column;
pub use entries::Entry;
pub use header::{Header, PART_ROWS};
pub use manifest::{Manifest, Part, Skipped};
pub use part::{MappedPart, Precision};
pub use writer::{Begun, Writer};
