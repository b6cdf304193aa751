//! Decompositions on the disk: `decompositions/<model>@<set>/`.

mod decomposition;
mod header;
mod manifest;
mod part;
mod stored;
mod writer;

pub use decomposition::Decomposition;
pub(crate) use decomposition::array_column;
pub use header::{Header, PART_ROWS};
pub use manifest::{Manifest, Part, Skipped};
pub use part::{MappedPart, Precision};
pub use stored::Entry;
pub use writer::{Begun, Writer};
