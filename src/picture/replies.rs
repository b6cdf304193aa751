//! What a terminal answers to the questions of `probe`, read byte by byte; everything that is no answer is kept as typed.
//!
//! Sequences as in xterm's ctlseqs (<https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>) and kitty's graphics
//! protocol (<https://sw.kovidgoyal.net/kitty/graphics-protocol/#querying-support-and-available-transmission-mediums>).

/// The longest answer that is believed; anything longer is no answer.
const LONGEST: usize = 1024;

/// The answers so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replies {
    /// Whether kitty's graphics are understood; `None` without an answer.
    pub kitty: Option<bool>,
    /// Name and version of the terminal (XTVERSION).
    pub version: Option<String>,
    /// Width and height of a cell in pixels, as the terminal says (`CSI 16 t`) or its window implies.
    pub cell: Option<(u16, u16)>,
    /// The background colour (OSC 11).
    pub background: Option<[u8; 3]>,
    /// Device attributes (DA1): 4 is sixel. The last question, so that nothing is to come after its answer.
    pub attributes: Option<Vec<u16>>,
    /// What was typed meanwhile.
    pub typed: Vec<u8>,
}

impl Replies {
    /// Whether anything was answered at all.
    #[must_use]
    pub fn any(&self) -> bool {
        self.kitty.is_some()
            || self.version.is_some()
            || self.background.is_some()
            || self.attributes.is_some()
    }

    /// Whether the terminal says that it draws sixel.
    #[must_use]
    pub fn sixel(&self) -> bool {
        self.attributes.as_ref().is_some_and(|all| all.contains(&4))
    }
}

/// Where in a sequence the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Text,
    Escape,
    /// `ESC [`, up to a letter.
    Control,
    /// `ESC ]`, `ESC P` or `ESC _`, up to BEL or `ESC \`.
    Words(u8),
    /// An escape inside of those.
    WordsEscape(u8),
}

/// Reads answers from bytes as they come, in pieces of any size.
#[derive(Clone, Debug)]
pub struct Reader {
    state: State,
    /// The sequence being read, from its escape.
    sequence: Vec<u8>,
    replies: Replies,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            state: State::Text,
            sequence: Vec::new(),
            replies: Replies::default(),
        }
    }
}

impl Reader {
    /// Reads on.
    pub fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.take(*byte);
        }
    }

    /// Whether the last question was answered.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.replies.attributes.is_some()
    }

    /// The answers; a sequence without an end counts as typed.
    #[must_use]
    pub fn finish(mut self) -> Replies {
        self.give_up();
        self.replies
    }

    fn take(&mut self, byte: u8) {
        if self.state == State::Text && byte != 0x1b {
            self.replies.typed.push(byte);
            return;
        }
        if self.state == State::Text || self.sequence.len() >= LONGEST {
            return self.begin(byte);
        }
        self.sequence.push(byte);
        match (self.state, byte) {
            (State::Escape, b'[') => self.state = State::Control,
            (State::Escape, b']' | b'P' | b'_') => self.state = State::Words(byte),
            (State::Control, 0x20..=0x3f) => {}
            (State::Control, 0x40..=0x7e) => self.end_control(),
            (State::Words(kind), 0x07) => self.end_words(kind, 1),
            (State::Words(kind), 0x1b) => self.state = State::WordsEscape(kind),
            (State::Words(_), _) => {}
            (State::WordsEscape(kind), b'\\') => self.end_words(kind, 2),
            // No answer after all: a key such as Alt-x, or an answer that was cut off by the next one.
            (State::Escape, byte) if byte != 0x1b => self.give_up(),
            (State::WordsEscape(_), _) => {
                let rest = self.sequence.split_off(self.sequence.len() - 2);
                self.give_up();
                self.feed(&rest);
            }
            _ => {
                self.sequence.pop();
                self.begin(byte);
            }
        }
    }

    /// Begins anew with this byte; what was read so far was typed.
    fn begin(&mut self, byte: u8) {
        self.give_up();
        if byte == 0x1b {
            self.state = State::Escape;
            self.sequence.push(byte);
        } else {
            self.replies.typed.push(byte);
        }
    }

    fn give_up(&mut self) {
        self.replies.typed.append(&mut self.sequence);
        self.state = State::Text;
    }

    fn end_control(&mut self) {
        let text = String::from_utf8_lossy(&self.sequence[2..]).into_owned();
        let numbers = |text: &str| -> Vec<u16> {
            text.split(';')
                .filter_map(|number| number.parse().ok())
                .collect()
        };
        if let Some(attributes) = text.strip_prefix('?').and_then(|t| t.strip_suffix('c')) {
            self.replies.attributes = Some(numbers(attributes));
        } else if let Some(size) = text.strip_prefix("6;").and_then(|t| t.strip_suffix('t')) {
            if let [height, width] = numbers(size)[..] {
                self.replies.cell = Some((width, height));
            }
        } else {
            return self.give_up();
        }
        self.clear();
    }

    /// Ends a control string; its end takes `ending` bytes.
    fn end_words(&mut self, kind: u8, ending: usize) {
        let words = &self.sequence[2..self.sequence.len() - ending];
        let text = String::from_utf8_lossy(words).into_owned();
        match kind {
            b'P' => {
                if let Some(version) = text.strip_prefix(">|") {
                    self.replies.version = Some(version.to_owned());
                }
            }
            b']' => {
                if let Some(color) = text.strip_prefix("11;").and_then(color) {
                    self.replies.background = Some(color);
                }
            }
            _ => {
                if let Some((_, answer)) = text.strip_prefix('G').and_then(|t| t.split_once(';')) {
                    self.replies.kitty = Some(answer == "OK");
                }
            }
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.sequence.clear();
        self.state = State::Text;
    }
}

/// `rgb:RRRR/GGGG/BBBB`, with one to four hexadecimal digits each (XParseColor).
fn color(text: &str) -> Option<[u8; 3]> {
    let mut channels = text.strip_prefix("rgb:")?.split('/').map(|channel| {
        let digits = channel.len();
        if !(1..=4).contains(&digits) {
            return None;
        }
        let value = u32::from_str_radix(channel, 16).ok()?;
        u8::try_from(value * 255 / ((1 << (4 * digits)) - 1)).ok()
    });
    let color = [channels.next()??, channels.next()??, channels.next()??];
    channels.next().is_none().then_some(color)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KITTY: &[u8] = b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.32.1)\x1b\\\x1b[6;20;9t\
        \x1b]11;rgb:1e1e/2020/ffff\x1b\\\x1b[?62;c";

    fn read(bytes: &[u8]) -> Replies {
        let mut reader = Reader::default();
        reader.feed(bytes);
        reader.finish()
    }

    #[test]
    fn every_answer_is_understood() {
        let expected = Replies {
            kitty: Some(true),
            version: Some("kitty(0.32.1)".into()),
            cell: Some((9, 20)),
            background: Some([0x1e, 0x20, 0xff]),
            attributes: Some(vec![62]),
            typed: Vec::new(),
        };
        assert_eq!(read(KITTY), expected);
        assert!(read(b"\x1b[?62;4;22c").sixel() && !read(b"\x1b[?64;14c").sixel());
        assert_eq!(read(b"\x1b_Gi=31;ENOTSUPPORTED:x\x1b\\").kitty, Some(false));
        assert_eq!(
            read(b"\x1b]11;rgb:f/0/8\x07").background,
            Some([255, 0, 136])
        );
        assert_eq!(read(b"\x1b]11;rgb:f/0\x07").background, None);
    }

    #[test]
    fn keys_between_answers_are_kept_in_order() {
        let replies = read(b"sh\x1b[Aow\x1b[?62c\x1bxm\x1b");
        assert_eq!(replies.typed, b"sh\x1b[Aow\x1bxm\x1b");
        assert_eq!(replies.attributes, Some(vec![62]));
        let cut = read(b"\x1b_Gi=31\x1b[?1;2c");
        assert_eq!((cut.kitty, cut.attributes), (None, Some(vec![1, 2])));
        let endless = [b"\x1bP>|".to_vec(), vec![b'x'; 5000], b"\x1b[?6c".to_vec()].concat();
        let endless = read(&endless);
        assert_eq!((endless.version, endless.attributes), (None, Some(vec![6])));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_alike_in_any_pieces(
            bytes in proptest::collection::vec(
                prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b'\\'), Just(b'_'), Just(b'P'), Just(b';')],
                0..300,
            ),
            pieces in 1usize..20,
        ) {
            let whole = read(&bytes);
            let mut reader = Reader::default();
            bytes.chunks(pieces).for_each(|piece| reader.feed(piece));
            prop_assert_eq!(reader.finish(), whole);
        }

        #[test]
        fn answers_are_found_among_typed_letters(before in "[a-z ]{0,40}", after in "[a-z ]{0,40}") {
            let all = [before.as_bytes(), KITTY, after.as_bytes()].concat();
            let replies = read(&all);
            prop_assert_eq!(replies.kitty, Some(true));
            prop_assert_eq!(replies.typed, format!("{before}{after}").into_bytes());
        }
    }
}
