//! How answers, narration and errors look. stdout is data, stderr is narration.

pub mod answer_file;
pub mod cell;
pub mod color;
pub mod console;
pub mod format;
pub mod pager;
pub mod pick;
mod pictures;
pub mod progress;
pub mod report;
pub mod settings;
pub mod sgr;
pub mod table;
#[cfg(test)]
pub(crate) mod test_streams;
pub mod timing;
pub mod width;
