//! The shown image as pixels, over the cells that its pane leaves blank, where the terminal has them.
//!
//! Images are encoded on a thread of their own: the one before stays until the next is ready.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use image::RgbImage;
use ratatui::layout::Rect;

use super::draw::pictures::in_pixels;
use super::state::State;
use crate::picture::graphics::Graphics;
use crate::picture::pixels::{placed, taken_away};

/// An image at a place, as far as it matters whether it is still the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    place: Rect,
    image: u64,
}

/// An image ready to be written.
struct Encoded {
    key: Key,
    bytes: Vec<u8>,
}

/// What is on the screen and what is on the way.
pub struct Pixels {
    graphics: Graphics,
    shown: Option<Key>,
    asked: Option<Key>,
    ready: Option<Encoded>,
    out: Sender<Encoded>,
    encoded: Receiver<Encoded>,
}

/// What the next drawing has to do about it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Everything is to be drawn anew, so that nothing of the image before stays; this is written first.
    pub away: Option<String>,
    /// Written with the cursor at the place, after everything else.
    pub image: Option<(Rect, Vec<u8>)>,
}

impl Pixels {
    /// Nothing shown yet.
    #[must_use]
    pub fn new(graphics: Graphics) -> Self {
        let (out, encoded) = channel();
        Self {
            graphics,
            shown: None,
            asked: None,
            ready: None,
            out,
            encoded,
        }
    }

    /// Whether an image is on its way.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.asked.is_some()
    }

    /// The screen was cleared, and the image with it.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// What takes the image away, whatever is shown.
    #[must_use]
    pub fn away(&self) -> String {
        taken_away(self.graphics.protocol)
    }

    /// What has to change for the screen to show `state`.
    pub fn next(&mut self, state: &State) -> Change {
        for encoded in self.encoded.try_iter() {
            self.asked = self.asked.filter(|asked| *asked != encoded.key);
            self.ready = Some(encoded);
        }
        let wanted = in_pixels(state).map(|(place, image)| (key(place, image), image));
        let Some((key, image)) = wanted else {
            return self.change(None);
        };
        if self.shown == Some(key) {
            return Change::default();
        }
        if let Some(encoded) = self.ready.take_if(|encoded| encoded.key == key) {
            return self.change(Some(encoded));
        }
        if self.asked != Some(key) {
            self.asked = Some(key);
            self.encode(key, image.clone());
        }
        match self.shown {
            Some(shown) if shown.place != key.place => self.change(None),
            _ => Change::default(),
        }
    }

    fn change(&mut self, to: Option<Encoded>) -> Change {
        let before = std::mem::replace(&mut self.shown, to.as_ref().map(|encoded| encoded.key));
        Change {
            away: before.map(|_| self.away()),
            image: to.map(|encoded| (encoded.key.place, encoded.bytes)),
        }
    }

    fn encode(&self, key: Key, image: RgbImage) {
        let (out, graphics) = (self.out.clone(), self.graphics.clone());
        thread::spawn(move || {
            let cells = (key.place.width.into(), key.place.height.into());
            // An image that can't be encoded leaves its place blank; the caption still says what it is.
            let bytes = placed(&image, cells, &graphics).unwrap_or_default();
            // The interface may have ended meanwhile.
            let _ = out.send(Encoded { key, bytes });
        });
    }
}

fn key(place: Rect, image: &RgbImage) -> Key {
    let mut hasher = DefaultHasher::new();
    (image.dimensions(), image.as_raw()).hash(&mut hasher);
    Key {
        place,
        image: hasher.finish(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::output::color::Depth;
    use crate::picture::protocol::Protocol;
    use crate::tui::draw::sample_state;
    use crate::tui::overlay::Overlay;
    use crate::tui::state::Layer;

    fn kitty() -> Pixels {
        Pixels::new(Graphics {
            protocol: Protocol::Kitty,
            depth: Depth::True,
            cell: (10, 20),
            background: [0; 3],
            is_remote: false,
            reason: String::new(),
        })
    }

    /// Until what was sent to be encoded is there.
    fn encoded(pixels: &mut Pixels, state: &State) -> Change {
        loop {
            let change = pixels.next(state);
            if change != Change::default() {
                return change;
            }
            assert!(pixels.waits(), "nothing is on its way");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn an_image_is_sent_once_and_away_when_something_covers_it() {
        let mut state = sample_state((120, 40));
        let mut pixels = kitty();
        assert_eq!(pixels.next(&state), Change::default(), "half blocks");
        state.pixels = true;
        let change = encoded(&mut pixels, &state);
        let (place, bytes) = change.image.unwrap();
        assert!(change.away.is_none() && !place.is_empty());
        assert!(bytes.starts_with(b"\x1b_Gf=100,a=T,"));
        assert_eq!(
            pixels.next(&state),
            Change::default(),
            "it is there already"
        );
        state.layer = Layer::Overlay(Overlay {
            title: "keys".to_owned(),
            lines: Vec::new(),
            scroll: 0,
        });
        let change = pixels.next(&state);
        assert!(change.away.is_some() && change.image.is_none());
        state.layer = Layer::Nothing;
        assert!(encoded(&mut pixels, &state).image.is_some());
    }

    #[test]
    fn in_another_window_the_old_place_is_cleared_before_the_new_image_comes() {
        let mut state = sample_state((120, 40));
        state.pixels = true;
        let mut pixels = kitty();
        let before = encoded(&mut pixels, &state).image.unwrap().0;
        state.size = (200, 60);
        let change = pixels.next(&state);
        assert!(change.away.is_some() && change.image.is_none());
        assert_ne!(encoded(&mut pixels, &state).image.unwrap().0, before);
        pixels.forget();
        assert!(encoded(&mut pixels, &state).away.is_none());
    }
}
