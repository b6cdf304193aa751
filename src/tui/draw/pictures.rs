//! The picture that belongs to the selection, as large as its pane allows.

use image::RgbImage;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Text;
use ratatui::widgets::Paragraph;

use super::super::layout::Pane;
use super::super::state::{Layer, State};
use super::pane::{ellipsis, pane, put};
use crate::interface::answer::{Captioned, Picture};
use crate::output::color::Depth;
use crate::output::width::{cut_middle, single_line};
use crate::picture::fit::fit;
use crate::picture::half_blocks::{characters, half_blocks};
use crate::picture::{self, Canvas};

/// The most lines a caption takes.
const CAPTION: usize = 2;

pub(super) fn draw(state: &State, area: Rect, frame: &mut Frame) {
    let pictures = &state.pictures;
    let title = if pictures.all.is_empty() {
        String::new()
    } else {
        format!("{} of {}", pictures.shown + 1, pictures.all.len())
    };
    let inside = pane(state, Pane::Pictures, &title, area, frame);
    let Some(picture) = pictures.all.get(pictures.shown) else {
        put(
            frame,
            inside,
            0,
            0,
            "retrieve 8 images for TEXT in MODEL",
            state.theme.dim(),
        );
        put(frame, inside, 0, 1, "shows them here", state.theme.dim());
        return;
    };
    let colored = state.depth != Depth::Never;
    let Some(image) = single(picture) else {
        let canvas = Canvas {
            columns: inside.width.into(),
            colored,
            ascii: state.ascii,
        };
        frame.render_widget(Paragraph::new(picture::draw(picture, canvas)), inside);
        return;
    };
    let caption = caption(image);
    let place = place(image, inside);
    if place.is_empty() {
        return;
    }
    if in_pixels(state).is_none() {
        let (columns, rows) = (place.width.into(), place.height.into());
        let lines = if colored && !state.ascii {
            half_blocks(&image.image, columns, rows)
        } else {
            characters(&image.image, columns, rows)
        };
        frame.render_widget(Paragraph::new(Text::from(lines)), place);
    }
    for (at, line) in caption.iter().enumerate() {
        let line = cut_middle(&single_line(line), inside.width.into(), ellipsis(state));
        let row = usize::from(place.height) + at;
        put(frame, inside, 0, row, &line, state.theme.dim());
    }
}

/// The image that is to be shown as pixels, and the cells it has; none where something may lie over the panes.
pub(in crate::tui) fn in_pixels(state: &State) -> Option<(Rect, &RgbImage)> {
    let covered =
        state.editor.popup.is_some() || !matches!(state.layer, Layer::Nothing | Layer::Filter);
    if !state.pixels || covered {
        return None;
    }
    let inside = state.places()?.inside(Pane::Pictures);
    let image = single(state.pictures.all.get(state.pictures.shown)?)?;
    let place = place(image, inside);
    (!place.is_empty()).then_some((place, &image.image))
}

/// The cells of an image in the middle of its pane, above its caption.
fn place(image: &Captioned, inside: Rect) -> Rect {
    let rows = usize::from(inside.height).saturating_sub(caption(image).len());
    if rows == 0 || inside.width == 0 {
        return Rect::default();
    }
    let (width, height) = image.image.dimensions();
    let (columns, rows) = fit(width, height, inside.width.into(), rows);
    let left = (usize::from(inside.width) - columns) / 2;
    Rect {
        x: inside.x + left as u16,
        width: columns as u16,
        height: rows as u16,
        ..inside
    }
}

fn caption(image: &Captioned) -> Vec<&str> {
    image.caption.lines().take(CAPTION).collect()
}

/// The image, if it is one; charts draw themselves.
fn single(picture: &Picture) -> Option<&Captioned> {
    match picture {
        Picture::Images(images) => images.first(),
        _ => None,
    }
}
