use crate::{
    options::Options,
    text::{ago, bar, grouped, safe, width, wrap},
};

#[test]
fn names_are_made_harmless() {
    for (given, shown) in [
        ("Intranet", "Intranet"),
        ("Zürich, 東京, שלום, e\u{301}", "Zürich, 東京, שלום, e\u{301}"),
        ("a\u{202e}b", "a\u{fffd}b"),
        ("a\u{2066}b\u{2069}", "a\u{fffd}b\u{fffd}"),
        ("\u{1b}[2J", "\u{fffd}[2J"),
        ("a\nb\r\tc\0", "a\u{fffd}b\u{fffd}\u{fffd}c\u{fffd}"),
        ("a\u{2028}b\u{2029}c\u{200b}d\u{feff}", "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}"),
        ("\u{e000}\u{9b}", "\u{fffd}\u{fffd}"),
    ] {
        assert_eq!(safe(given), shown);
    }
    assert_eq!(safe(&format!("a{}b", "\u{301}".repeat(9))), format!("a{}b", "\u{301}".repeat(3)));
}

/// Whatever the text, no line is wider than the terminal, and no letter is lost.
#[test]
fn wrapped_text_fits_and_is_whole() {
    let texts = [
        "",
        "word",
        "two words",
        "W W W W",
        "aWWWWWWWWWWWWWWWWWWb",
        "label        value that goes on",
        "東京東京東京 東京",
        "  indented",
    ];
    for text in texts {
        for columns in 2..30 {
            for indent in [0, 2, 13] {
                let lines = wrap(text, columns, indent);
                assert!(lines.iter().all(|line| width(line) <= columns), "{text:?} in {columns}: {lines:?}");
                let letters = |text: &str| text.chars().filter(|char| *char != ' ').collect::<String>();
                assert_eq!(letters(&lines.concat()), letters(text));
            }
        }
    }
    assert_eq!(wrap("label  a value", 10, 7), ["label  a", "    value"]);
}

#[test]
fn bars_codes_and_ages() {
    assert_eq!(
        (bar(30, 30, 4), bar(0, 30, 4), bar(1, 30, 4), bar(99, 30, 4)),
        ("████".into(), "░░░░".into(), "█░░░".into(), "████".into())
    );
    assert_eq!(bar(1, 0, 2), "░░");
    assert_eq!(
        (grouped("123456"), grouped("12345678"), grouped("")),
        ("123 456".into(), "1234 5678".into(), String::new())
    );
    assert_eq!(
        (ago(0), ago(119), ago(120), ago(7200), ago(172_800)),
        (
            "just now".into(),
            "119 seconds ago".into(),
            "2 minutes ago".into(),
            "2 hours ago".into(),
            "2 days ago".into()
        )
    );
}

#[test]
fn what_makes_no_sense_is_explained() {
    for arguments in [&["--what"][..], &["--state"], &["--key", "finger"], &["--key"], &[""]] {
        let usage = Options::parse(arguments.iter().map(ToString::to_string)).unwrap_err();
        assert!(usage.contains("--enrol"), "{arguments:?}");
    }
    let arguments = ["--state", "a", "--server", "http://127.0.0.1:1/", "--name", "n", "--key", "file", "--enrol", "u"];
    let options = Options::parse(arguments.into_iter().map(String::from)).unwrap();
    assert!(options.key_in_file && options.enrol.is_some() && options.state.ends_with("a"));
}
