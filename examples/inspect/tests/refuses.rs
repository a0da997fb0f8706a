//! One defect, one expected line that names the place, and nothing of what is secret.

use super::{BASE32, inspect};

#[test]
fn what_is_no_command_line() {
    let secret = format!("--{BASE32}");
    let key = format!("--key-hex={BASE32}");
    for (arguments, expect) in [
        (&[][..], "one FILE"),
        (&["-", "-"], "one FILE"),
        (&["--what", "-"], "argument 1: no option"),
        (&["-", &secret], "argument 2: no option"),
        (&["--show-secrets=yes", "-"], "argument 1: no option"),
        (&["-", "--policy"], "--policy: a value is missing"),
        (&["--policy=lenient", "-"], "--policy: not app or server"),
        (&["--policy=app", "--policy", "server", "-"], "--policy: given more than once"),
        (&["--to=xml", "-"], "--to: not a format that can be written"),
        (&[&key, "-"], "--key-hex: not hexadecimal"),
        (&["--password-file=/does/not/exist", "-"], "cannot read the password"),
        (&["--", "--help"], "cannot read the file"),
    ] {
        let ended = inspect(arguments, "");
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        let line = ended.stderr.strip_prefix("inspect: ").unwrap();
        assert!(line.starts_with(expect), "{arguments:?}: {line}");
        assert!(!line.contains(&BASE32[..8]), "{arguments:?}: {line}");
    }
}

#[test]
fn help_lists_every_option() {
    let help = inspect(&["--help"], "");
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    let from_source = include_str!("../options.rs").lines().filter_map(|line| line.trim().strip_prefix("\"--"));
    let options: Vec<_> = from_source.map(|line| format!("--{}", line.split('"').next().unwrap())).collect();
    assert_eq!(options.len(), 7);
    assert!(options.iter().all(|option| help.stdout.contains(option)), "{}", help.stdout);
}

/// What another program must read, what is nothing, what is broken: with a sentence for a help desk.
#[test]
fn what_cannot_be_used_is_explained() {
    for (input, expect) in [
        ("phonefactor://activate_account?code=518227904&url=https%3a%2f%2fexample.com", "different authenticator app"),
        ("good morning!", "none of the formats"),
        ("", "none of the formats"),
        (r#"{"version":1,"header":{"slots":null},"db":{"#, "not well-formed at line 1"),
        (r#"{"encrypted":true,"encKeyValidation_DO_NOT_EDIT":"2.x","items":[]}"#, "Export again"),
        (r#"{"version":1,"header":{"slots":null},"db":{"version":1,"entries":[]}}"#, "there is no entry"),
    ] {
        let ended = inspect(&["-"], input);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{input}");
        assert!(ended.stderr.contains(expect), "{input}: {}", ended.stderr);
    }
}
