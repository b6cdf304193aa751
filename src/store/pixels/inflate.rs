//! zlib streams, never to more than is asked for.

use fdeflate::Decompressor;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// As much as was wanted was there.
    Enough,
    /// The stream is whole and its checksum right, but there is less in it.
    Less,
    /// The data end within the stream.
    Cut,
    /// The data are damaged.
    Damaged,
}

/// Fills `output`; tells how much of it was filled, and how the stream ended.
///
/// A stream that holds just as much is read to its checksum, as zlib reads it; one that holds more is left there.
pub(super) fn inflate(mut input: &[u8], output: &mut Vec<u8>, wanted: usize) -> (usize, Ending) {
    // A byte more, for the reader to come by the end of a stream that holds no more.
    output.clear();
    output.resize(wanted + 1, 0);
    let mut reader = Decompressor::new();
    let mut filled = 0;
    let ending = loop {
        match reader.read(input, output, filled, false) {
            Err(_) => break Ending::Damaged,
            Ok((consumed, produced)) => {
                input = &input[consumed..];
                filled += produced;
                if filled > wanted
                    || (filled == wanted && (reader.is_done() || consumed + produced == 0))
                {
                    break Ending::Enough;
                }
                if reader.is_done() {
                    break Ending::Less;
                }
                if consumed + produced == 0 {
                    break Ending::Cut;
                }
            }
        }
    };
    output.truncate(wanted);
    (filled.min(wanted), ending)
}
