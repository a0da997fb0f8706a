use std::{
    error::Error,
    fmt::Display,
    io::{self, BufRead, Read, Write},
};

use qrcode::{QrCode, render::unicode::Dense1x2};

/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 1024;

/// The terminal of the story, and the person at it.
pub(crate) struct Screen<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) input: &'a mut dyn BufRead,
    /// One line per step.
    pub(crate) quiet: bool,
    /// It is a terminal, which takes colours.
    pub(crate) colours: bool,
}

impl Screen<'_> {
    /// A chapter begins.
    pub(crate) fn title(&mut self, text: &str) -> io::Result<()> {
        if self.quiet { Ok(()) } else { writeln!(self.out, "\n== {text}") }
    }

    /// Somebody says something.
    pub(crate) fn say(&mut self, who: &str, what: impl Display) -> io::Result<()> {
        if self.quiet { Ok(()) } else { writeln!(self.out, "  {who:<7} {what}") }
    }

    /// A step held; printed in any case.
    pub(crate) fn held(&mut self, step: &str, what: impl Display) -> io::Result<()> {
        writeln!(self.out, "  ok      {step}: {what}")
    }

    /// A QR code, two rows of modules in a line of text; the light ones are drawn, as for a dark terminal.
    pub(crate) fn qr(&mut self, text: &str) -> Result<(), Box<dyn Error>> {
        if self.quiet {
            return Ok(());
        }
        let code = QrCode::new(text)?;
        let code = code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
        let (white_on_black, as_before) = if self.colours { ("\x1b[97;40m", "\x1b[0m") } else { ("", "") };
        for line in code.lines() {
            writeln!(self.out, "{white_on_black}{line}{as_before}")?;
        }
        Ok(())
    }

    /// A question to the person. What is no text is a wrong answer like any other.
    pub(crate) fn ask(&mut self, question: &str) -> io::Result<String> {
        write!(self.out, "  {question} ")?;
        self.out.flush()?;
        let mut line = Vec::new();
        if (&mut *self.input).take(MAX_ANSWER).read_until(b'\n', &mut line)? == 0 {
            writeln!(self.out)?;
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the input has ended"));
        }
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }
}
