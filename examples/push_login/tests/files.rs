//! Files that are there already are used, or left as they are.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::{Options, told};

fn options(db: &Path, device: &Path) -> Options {
    Options { db: Some(db.display().to_string()), device: Some(device.to_owned()), quiet: true, ..Options::default() }
}

/// All files of a folder.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn a_second_run_goes_on_with_the_database_and_replaces_no_device() {
    let folder = tempfile::tempdir().unwrap();
    let (db, state) = (folder.path().join("login.db"), folder.path().join("device.state"));
    told(&options(&db, &state)).1.unwrap();
    let before = content(folder.path());
    assert_eq!(before.len(), 4, "the two, and the keys of each");
    let refused = told(&options(&db, &state)).1.unwrap_err().to_string();
    assert!(refused.contains("device.state exists") && refused.contains("--device"), "{refused}");
    assert!(content(folder.path()) == before);
    // The keys alone are somebody's, too.
    let moved = folder.path().join("moved");
    fs::rename(&state, &moved).unwrap();
    let refused = told(&options(&db, &state)).1.unwrap_err().to_string();
    assert!(refused.contains("device.state.keys exists"), "{refused}");

    let (out, end) = told(&options(&db, &folder.path().join("another.state")));
    end.unwrap();
    assert!(out.contains("user alice2"), "{out}");
    assert_eq!(content(folder.path()).get(&moved), before.get(&state));
}

/// One name for two files.
#[test]
fn server_and_device_do_not_overwrite_each_other() {
    for (db, device) in [("x", "x"), ("x", "x.keys"), ("x", "x-wal"), ("x.keys", "x"), ("x.new", "x")] {
        let folder = tempfile::tempdir().unwrap();
        let (db, device) = (folder.path().join(db), folder.path().join(device));
        let refused = told(&options(&db, &device)).1.unwrap_err().to_string();
        assert!(refused.contains("exists"), "{refused}");
        // The database is one that a run with better names goes on with.
        let (out, end) = told(&options(&db, &folder.path().join("device")));
        end.unwrap();
        assert!(out.contains("user alice2"), "{out}");
    }
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (db, state) = (folder.path().join("letter.txt"), folder.path().join("device.state"));
    fs::write(&db, "Dear Alice, ").unwrap();
    let before = content(folder.path());
    let refused = told(&options(&db, &state)).1.unwrap_err().to_string();
    assert_eq!(refused, "the file is not an SQLite database");
    assert!(content(folder.path()) == before);
}

#[test]
fn a_database_without_its_keys_is_refused_and_an_empty_file_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (db, state) = (folder.path().join("login.db"), folder.path().join("device.state"));
    fs::write(&db, "").unwrap();
    told(&options(&db, &state)).1.unwrap();
    fs::remove_file(folder.path().join("login.db.keys")).unwrap();
    let refused = told(&options(&db, &folder.path().join("another"))).1.unwrap_err().to_string();
    assert!(refused.contains("login.db.keys is missing"), "{refused}");
}

/// The program itself, which is built with the tests.
fn program(arguments: &[&str]) -> Output {
    let test = env::current_exe().unwrap();
    let name = format!("push_login{}", env::consts::EXE_SUFFIX);
    let program = test.ancestors().nth(2).unwrap().join("examples").join(name);
    Command::new(program).args(arguments).stdin(Stdio::null()).output().expect("the example is built: cargo test does")
}

#[test]
fn the_exit_code_says_how_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("missing").join("login.db");
    let nowhere = nowhere.to_str().unwrap();
    for (arguments, code, said) in [
        (&["--quiet"][..], 0, ""),
        (&["--quiet", "--db", nowhere], 1, "because: "),
        (&["--quiet", "--device", nowhere], 1, "No such file"),
        (&["--interactive"], 1, "the input has ended"),
        (&["--interactive", "--quiet"], 2, "usage: "),
        (&["--what"], 2, "usage: "),
    ] {
        let output = program(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said) && stderr.is_empty() == (code == 0), "{arguments:?}: {stderr}");
    }
}
