//! Image sets on the disk: `sets/<set>/`, a table with one row per image and what is known without reading it.

mod add;
mod columns;
mod entries;
mod from_folder;
mod from_table;
mod image_set;
mod info;
mod loose_image;
mod report;
mod set_writer;
mod summary;
mod table_file;

pub use image_set::ImageSet;
pub use info::SetInfo;
pub use loose_image::read_image;
pub use report::{AddReport, Unreadable};
pub use summary::{Holds, Summary, of as summaries};
