//! How many columns a text takes on a terminal, and cutting it to fit.

use ratatui::text::Span;

/// The number of terminal columns of `text` (wide characters take two, combining marks none).
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        Span::raw(text).width()
    }
}

/// `text` with everything that could move the cursor or change the terminal made visible: line breaks and tabs become
/// spaces, other control characters `·`. File names and metadata come from anywhere.
#[must_use]
pub fn single_line(text: &str) -> String {
    let visible = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() => '·',
        c => c,
    };
    text.chars().map(visible).collect()
}

/// Cuts the middle out of `text` until it takes at most `columns`, keeping both ends: the ends of paths, ids and
/// captions tell them apart.
#[must_use]
pub fn cut_middle(text: &str, columns: usize, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(ellipsis));
    if room == 0 {
        return take_columns(text.chars(), columns).collect();
    }
    let head: String = take_columns(text.chars(), room.div_ceil(2)).collect();
    let tail: Vec<char> = take_columns(text.chars().rev(), room / 2).collect();
    let tail: String = tail.into_iter().rev().collect();
    format!("{head}{ellipsis}{tail}")
}

/// As many characters as fit into `columns`.
fn take_columns(
    characters: impl Iterator<Item = char>,
    columns: usize,
) -> impl Iterator<Item = char> {
    let mut used = 0;
    characters.take_while(move |c| {
        used += width(c.encode_utf8(&mut [0; 4]));
        used <= columns
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_stay_and_the_result_fits() {
        assert_eq!(cut_middle("photos/birds/0017.jpg", 11, "…"), "photo…7.jpg");
        assert_eq!(cut_middle("short", 5, "…"), "short");
        assert_eq!(cut_middle("longer", 1, "…"), "l");
        assert_eq!(cut_middle("longer", 5, "..."), "l...r");
        assert_eq!(cut_middle("鳥の写真です", 6, "…"), "鳥…す");
    }

    #[test]
    fn nothing_from_a_file_reaches_the_terminal_as_a_command() {
        assert_eq!(single_line("a\x1b[2Jb\nc\u{9b}d"), "a·[2Jb c·d");
    }
}
