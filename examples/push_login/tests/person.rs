//! A person at the terminal, who answers what is asked, well or badly.

use std::{
    cell::RefCell,
    io::{self, BufRead, Read, Write},
    rc::Rc,
};

use super::{Failure, Options, Screen, story};

/// What is printed, for who reads it while it grows.
#[derive(Clone, Default)]
struct Paper(Rc<RefCell<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads the paper and follows a script: each question, and the answer. `NUMBER` stands for what the page
/// shows, `Bank` and `Mail` for their places in the list.
struct Person<'a> {
    paper: Paper,
    script: std::slice::Iter<'a, (&'a str, &'a [u8])>,
    answer: Vec<u8>,
}

impl Person<'_> {
    fn think(&mut self) {
        let text = self.paper.text();
        let Some((question, answer)) = self.script.next() else { return };
        assert!(text.ends_with(&format!("  {question} ")), "{question:?} was expected\n{text}");
        self.answer = match *answer {
            b"NUMBER" => text.rsplit_once("  type ").unwrap().1.bytes().take(6).collect(),
            b"Bank" | b"Mail" => {
                let name = format!(": {}\n", String::from_utf8_lossy(answer));
                let before = text.rsplit_once(&name).unwrap().0;
                before.bytes().last().into_iter().collect()
            }
            other => other.to_vec(),
        };
        self.answer.push(b'\n');
    }
}

impl Read for Person<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Person<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.answer.is_empty() {
            self.think();
        }
        Ok(&self.answer)
    }

    fn consume(&mut self, amount: usize) {
        self.answer.drain(..amount);
    }
}

fn play(script: &[(&str, &[u8])]) -> (String, Result<(), Failure>) {
    let paper = Paper::default();
    let mut person = Person { paper: paper.clone(), script: script.iter(), answer: Vec::new() };
    let mut screen = Screen { out: &mut paper.clone(), input: &mut person, quiet: false, colours: false };
    let end = story::tell(&Options { interactive: true, ..Options::default() }, &mut screen);
    assert_eq!(person.script.len(), 0, "not everything was asked\n{}", paper.text());
    (paper.text(), end)
}

const CHOOSE: &str = "choose a PIN for the token Bank (6 to 16 digits):";
const DECIDE: &str = "[a]pprove, [d]eny?";
const TOKEN: &str = "which token?";
const NUMBER: &str = "the number on the login page:";
const PIN: &str = "PIN:";
const REPORT: &str = "report: was this not you? [y/n]";
const AGAIN: &str = "another login? [y/n]";

#[test]
fn a_person_approves_errs_denies_and_reports() {
    let (out, end) = play(&[
        (CHOOSE, b"271846"),
        (DECIDE, b"a"),
        (TOKEN, b"Bank"),
        (NUMBER, b"NUMBER"),
        (PIN, b"271847"),
        (DECIDE, b"a"),
        (TOKEN, b"Bank"),
        (NUMBER, b"NUMBER"),
        (PIN, b"271846"),
        (AGAIN, b"y"),
        (DECIDE, b"a"),
        (TOKEN, b"Mail"),
        (NUMBER, b"NUMBER"),
        (AGAIN, b"y"),
        (DECIDE, b"d"),
        (REPORT, b"n"),
        (AGAIN, b"y"),
        (DECIDE, b"d"),
        (REPORT, b"y"),
        (AGAIN, b"y"),
    ]);
    end.unwrap();
    let mut rest = out.as_str();
    for expected in [
        "the server refused the passcode, 2 tries left",
        "audit log: passcode refused: wrong PIN, most likely; counted",
        "you are logged in; failed before: 1",
        "logged in as alice",
        "the server confirms: you are logged in\n",
        "logged in as alice",
        "device  denied\n",
        "denied on the device",
        "reported: push is off",
        "denied and reported on the device",
        "no token has push on",
    ] {
        rest = rest.split_once(expected).unwrap_or_else(|| panic!("{expected}\n{out}")).1;
    }
}

#[test]
fn whatever_is_typed_is_asked_again() {
    let long = [b'9'; 5000];
    let (out, end) = play(&[
        (CHOOSE, b""),
        (CHOOSE, b"123456"),
        (CHOOSE, b"abcdef"),
        (CHOOSE, b"\xff\xfe\0"),
        (CHOOSE, b"271846"),
        (DECIDE, b""),
        (DECIDE, b"\xc3\x28"),
        (DECIDE, b"approve, please"),
        (DECIDE, b"a"),
        (TOKEN, b"0"),
        (DECIDE, b"a"),
        (TOKEN, b"3"),
        (DECIDE, b"a"),
        (TOKEN, b"-1"),
        (DECIDE, b"a"),
        (TOKEN, b"Bank"),
        (NUMBER, b"12345x"),
        (PIN, b"271846"),
        (DECIDE, b"a"),
        (TOKEN, b"Bank"),
        (NUMBER, b"NUMBER"),
        (PIN, b"\xff"),
        (DECIDE, b"a"),
        (TOKEN, b"Bank"),
        (NUMBER, b"NUMBER"),
        (PIN, b"271846"),
        (AGAIN, b"n"),
    ]);
    end.unwrap();
    // None of it cost a try.
    assert!(out.contains("the server confirms: you are logged in\n"), "{out}");
    // An answer without an end is cut; the rest of it answers what is asked next.
    let (_, end) = play(&[(CHOOSE, &long)]);
    assert!(end.is_err());
}

/// The wrong number ends the login at once.
#[test]
fn a_wrong_number_is_refused() {
    let (out, end) = play(&[
        (CHOOSE, b"271846"),
        (DECIDE, b"a"),
        (TOKEN, b"Mail"),
        // One in a million: the story's number, and then this test says so.
        (NUMBER, b"000000"),
        (AGAIN, b"n"),
    ]);
    end.unwrap();
    assert!(out.contains("refused, start again at the login page"), "{out}");
    assert!(out.contains("audit log: login refused: the number was not the one on the page"), "{out}");
}

#[test]
fn an_input_that_ends_is_an_error_wherever_it_ends() {
    let script: [(&str, &[u8]); 5] =
        [(CHOOSE, b"271846"), (DECIDE, b"a"), (TOKEN, b"Bank"), (NUMBER, b"NUMBER"), (PIN, b"271846")];
    for len in 0..=script.len() {
        let (_, end) = play(&script[..len]);
        assert_eq!(end.unwrap_err().to_string(), "the input has ended", "after {len} answers");
    }
}
