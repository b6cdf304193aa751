use super::*;

type Variables<'a> = &'a [(&'a str, &'a str)];

/// The decision on a terminal of 256 colours that answers like this, in this environment; `None` for one that is silent.
fn on(images: Images, variables: Variables, answers: Option<Replies>) -> (Graphics, bool) {
    let env = |name: &str| {
        let found = variables.iter().find(|(key, _)| *key == name);
        let fallback = (name == "TERM").then_some("xterm-256color");
        found
            .map(|(_, value)| *value)
            .or(fallback)
            .map(str::to_owned)
    };
    let circumstances = Circumstances {
        images,
        depth: Depth::Ansi256,
        stdin: true,
        stdout: true,
        env: &env,
    };
    match circumstances.without_asking() {
        Some(graphics) => (graphics, false),
        None => (circumstances.with(&answers.unwrap_or_default()), true),
    }
}

fn says(version: &str, kitty: bool, attributes: &[u16]) -> Option<Replies> {
    Some(Replies {
        kitty: kitty.then_some(true),
        version: (!version.is_empty()).then(|| version.to_owned()),
        attributes: Some(attributes.to_vec()),
        ..Replies::default()
    })
}

#[test]
fn every_terminal_gets_what_works_on_it() {
    use Protocol::{Blocks, Iterm, Kitty, Sixel};
    let table: [(&str, Variables, Option<Replies>, Protocol); 20] = [
        (
            "kitty",
            &[("TERM", "xterm-kitty")],
            says("kitty(0.32.1)", true, &[62]),
            Kitty,
        ),
        (
            "Ghostty",
            &[],
            says("ghostty 1.0.1", true, &[62, 22]),
            Kitty,
        ),
        (
            "kitty without graphics",
            &[],
            says("kitty(0.10)", false, &[62]),
            Blocks,
        ),
        (
            "iTerm2",
            &[],
            says("iTerm2 3.5.4", false, &[1, 2, 4]),
            Iterm,
        ),
        (
            "WezTerm claims kitty",
            &[],
            says("WezTerm 20240203", true, &[65, 4]),
            Iterm,
        ),
        (
            "Konsole claims kitty",
            &[],
            says("Konsole 24.02", true, &[62, 1, 4]),
            Iterm,
        ),
        (
            "foot",
            &[("TERM", "foot")],
            says("foot(1.16.2)", false, &[62, 4, 22]),
            Sixel,
        ),
        ("xterm", &[], says("XTerm(390)", false, &[64, 1]), Blocks),
        (
            "xterm -ti vt340",
            &[],
            says("XTerm(390)", false, &[63, 1, 4]),
            Sixel,
        ),
        (
            "Windows Terminal",
            &[("WT_SESSION", "x")],
            says("", false, &[61, 4, 6]),
            Sixel,
        ),
        (
            "older Windows Terminal",
            &[("WT_SESSION", "x")],
            says("", false, &[61, 6]),
            Blocks,
        ),
        (
            "VS Code",
            &[("TERM_PROGRAM", "vscode")],
            says("", false, &[1, 2]),
            Blocks,
        ),
        (
            "VS Code with images",
            &[("TERM_PROGRAM", "vscode")],
            says("", false, &[62, 4]),
            Sixel,
        ),
        (
            "Apple",
            &[("TERM_PROGRAM", "Apple_Terminal")],
            says("", false, &[1, 2]),
            Blocks,
        ),
        ("unknown with kitty", &[], says("", true, &[62]), Kitty),
        (
            "unknown with sixel",
            &[],
            says("new term 1", false, &[62, 4]),
            Sixel,
        ),
        (
            "mosh under iTerm2",
            &[("LC_TERMINAL", "iTerm2")],
            says("", false, &[1, 2]),
            Blocks,
        ),
        (
            "Zellij with sixel",
            &[("ZELLIJ", "0")],
            says("", true, &[62, 4]),
            Sixel,
        ),
        (
            "Zellij without",
            &[("ZELLIJ", "0")],
            says("", true, &[62]),
            Blocks,
        ),
        (
            "tmux by name",
            &[],
            says("tmux 3.4", false, &[1, 2, 4]),
            Blocks,
        ),
    ];
    for (name, variables, answers, expected) in table {
        let (graphics, asked) = on(Images::Auto, variables, answers);
        assert_eq!(graphics.protocol, expected, "{name}: {}", graphics.reason);
        assert!(asked && !graphics.reason.is_empty(), "{name}");
    }
}

#[test]
fn where_pixels_cannot_arrive_nobody_is_asked() {
    let table: [(&str, Variables); 7] = [
        ("tmux", &[("TMUX", "/tmp/tmux-0/default,1,0")]),
        ("tmux", &[("TERM", "tmux-256color")]),
        ("screen", &[("TERM", "screen-256color")]),
        ("screen", &[("STY", "1.pts")]),
        ("console", &[("TERM", "linux")]),
        ("CI", &[("CI", "true")]),
        ("TERM", &[("TERM", "dumb")]),
    ];
    for (word, variables) in table {
        let (graphics, asked) = on(Images::Auto, variables, says("kitty(1)", true, &[4]));
        assert!(!asked && !graphics.protocol.has_pixels(), "{variables:?}");
        assert!(graphics.reason.contains(word), "{}", graphics.reason);
    }
    let (silent, asked) = on(Images::Auto, &[], None);
    assert!(asked && silent.protocol == Protocol::Blocks);
    assert!(silent.reason.contains("in time"));
}

#[test]
fn a_flag_decides_alone_except_for_sixel_that_nobody_answers() {
    let forced = |images, answers| on(images, &[("TMUX", "x")], answers).0.protocol;
    assert_eq!(forced(Images::Kitty, None), Protocol::Kitty);
    assert_eq!(forced(Images::Iterm, None), Protocol::Iterm);
    assert_eq!(forced(Images::Sixel, None), Protocol::Blocks);
    assert_eq!(
        forced(Images::Sixel, says("", false, &[4])),
        Protocol::Sixel
    );
    assert_eq!(
        forced(Images::Blocks, says("kitty(1)", true, &[])),
        Protocol::Blocks
    );
    assert_eq!(
        forced(Images::None, says("kitty(1)", true, &[])),
        Protocol::None
    );
}

#[test]
fn without_colour_or_terminal_pictures_fall_back() {
    let decide = |images, depth, stdout| {
        let env = |name: &str| (name == "TERM").then(|| "xterm".to_owned());
        let circumstances = Circumstances {
            images,
            depth,
            stdin: false,
            stdout,
            env: &env,
        };
        circumstances
            .without_asking()
            .map(|graphics| graphics.protocol)
    };
    assert_eq!(
        decide(Images::Auto, Depth::True, true),
        Some(Protocol::Blocks)
    );
    assert_eq!(
        decide(Images::Auto, Depth::Never, true),
        Some(Protocol::Characters)
    );
    assert_eq!(
        decide(Images::Auto, Depth::True, false),
        Some(Protocol::None)
    );
    assert_eq!(
        decide(Images::Blocks, Depth::Never, false),
        Some(Protocol::Characters)
    );
    assert_eq!(
        decide(Images::Kitty, Depth::Never, false),
        Some(Protocol::Kitty)
    );
    assert_eq!(
        decide(Images::Ascii, Depth::True, false),
        Some(Protocol::Characters)
    );
}

#[test]
fn sizes_are_believed_if_sane_and_names_tell_the_depth() {
    let mut answers = says("ghostty 1.0", true, &[62]).unwrap();
    answers.cell = Some((9, 21));
    answers.background = Some([1, 2, 3]);
    let (graphics, _) = on(Images::Auto, &[], Some(answers.clone()));
    assert_eq!((graphics.cell, graphics.background), ((9, 21), [1, 2, 3]));
    assert_eq!(graphics.depth, Depth::True);
    answers.cell = Some((1, 7));
    assert_eq!(on(Images::Auto, &[], Some(answers)).0.cell, CELL);
    let mut windows = says("", false, &[4]).unwrap();
    windows.cell = Some((8, 16));
    let (graphics, _) = on(
        Images::Auto,
        &[("WT_SESSION", "x"), ("SSH_TTY", "y")],
        Some(windows),
    );
    assert_eq!((graphics.cell, graphics.is_remote), ((10, 20), true));
}
