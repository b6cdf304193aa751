//! Pictures as lines of styled characters: one pure renderer for the prompt, scripts and the TUI.
//!
//! Everything here maps data to [`ratatui::text::Line`]s and touches no terminal; `ansi` turns lines into bytes at a
//! stream's colour depth. How pictures are shown at all is decided in `graphics`, from what `probe` asks the terminal; and
//! `pixels` sends them to a terminal that has some.

pub mod ansi;
pub mod brand;
mod canvas;
pub mod colormap;
pub mod curves;
mod draw;
pub mod fit;
pub mod graphics;
pub mod half_blocks;
pub mod heat;
pub mod histogram;
pub mod image_rows;
pub mod intervals;
pub mod outline;
pub mod pixels;
pub mod png;
pub mod probe;
pub mod protocol;
pub mod replies;
pub mod terminal;
pub mod unit_grid;

pub use self::canvas::Canvas;
pub use self::draw::draw;
