use std::ffi::OsString;

use pushotp_oath::{Counter, OcraSuite, Period, Step};
use pushotp_types::{Digits, HashAlgorithm, UnixTime};

use crate::{
    arguments::{Argument, split},
    date, duration,
    failure::Failure,
    secret::Text,
};

pub(crate) const USAGE: &str = "usage: otp [totp|hotp|ocra|verify] [OPTION]... KEY [CODE]

One-time codes of RFC 4226 (HOTP), RFC 6238 (TOTP) and RFC 6287 (OCRA). Without CODE it prints a code; with CODE it
prints how far from the first one CODE is found. `verify KEY CODE` prints a verdict instead, as a login server comes to
it: match, replay or mismatch. The exit status is 0 for a code and for a match, else 1.

KEY is hexadecimal. KEY, CODE and PIN may be - for a line of standard input, in this order, or @FILE for the first line
of a file: other users can see a command line.

      --hotp                     count: the default, but for verify without --counter
      --totp[=MODE]              follow the clock: sha1 (the default), sha256, sha512 or steam
  -b, --base32                   KEY is base32; case, spaces and padding do not matter
  -d, --digits=DIGITS            6 to 10; 6, or as many as CODE has (verify: 6)
  -w, --window=WIDTH             that many codes more; 0 (verify: 1)
  -v, --verbose                  say what goes into it; shows KEY
  -h, --help
HOTP, and OCRA with C
  -c, --counter=COUNTER          0
TOTP, and OCRA with T
  -N, --now=TIME                 @1234567890, '2009-02-13 23:31:30 UTC', 2009-02-13T23:31:30Z and the like; without an
                                 offset in UTC
TOTP
  -s, --time-step-size=DURATION  30s; 1m, 1h30m and the like
  -S, --start-time=TIME          1970-01-01
      --last=STEP                verify: the last step that was used
OCRA
      --suite=SUITE              such as OCRA-1:HOTP-SHA1-6:QN08
      --question=QUESTION        the challenge; twice where both sides have one: that of the other side, then one's own
      --pin=PIN                  hashed as the suite says
      --session=HEX              session information
";

const NUMBER: &str = "a number from 0 to 2^64-1, in decimal without leading zeros or in hexadecimal after 0x";
const TIME: &str = "a time from 1970 on such as @1234567890 or 2009-02-13 23:31:30 UTC";

/// What the command line asks for.
pub(crate) enum Request {
    Help,
    Code(Box<Options>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hotp,
    Totp(HashAlgorithm),
    Steam,
    Ocra,
}

/// What the command line says; what it does not say has its default where the default is the same everywhere.
pub(crate) struct Options {
    pub(crate) kind: Kind,
    /// A verdict is wanted.
    pub(crate) verify: bool,
    pub(crate) base32: bool,
    pub(crate) verbose: bool,
    pub(crate) key: Text,
    pub(crate) code: Option<Text>,
    pub(crate) digits: Option<Digits>,
    /// How many codes more than one.
    pub(crate) window: u64,
    pub(crate) counter: Option<Counter>,
    pub(crate) clock: Clock,
    /// The last step that was used.
    pub(crate) last: Option<Step>,
    pub(crate) ocra: Ocra,
}

/// The time, and how it is counted.
pub(crate) struct Clock {
    pub(crate) now: UnixTime,
    /// `now` was given.
    pub(crate) is_set: bool,
    /// T0.
    pub(crate) start: UnixTime,
    pub(crate) period: Period,
}

/// What only OCRA takes.
pub(crate) struct Ocra {
    pub(crate) suite: Option<OcraSuite>,
    pub(crate) questions: Vec<Text>,
    pub(crate) pin: Option<Text>,
    pub(crate) session: Option<Text>,
}

impl Options {
    /// Reads a command line; `now` is what the clock says.
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>, now: UnixTime) -> Result<Request, Failure> {
        let mut given = Given::new(split(arguments)?)?;
        if given.has("--help") {
            return Ok(Request::Help);
        }
        let kind = given.kind()?;
        given.refuse(kind)?;
        let mut operands = std::mem::take(&mut given.operands).into_iter();
        let (key, code) = (operands.next().ok_or(Failure::Missing("KEY"))?, operands.next());
        if operands.next().is_some() {
            return Err(Failure::TooMany);
        }
        let verify = given.word == Some(Word::Verify);
        if verify && code.is_none() {
            return Err(Failure::Missing("CODE"));
        }
        let digits = |text: &str| Digits::new(number(text)?.try_into().ok()?).ok();
        Ok(Request::Code(Box::new(Self {
            kind,
            verify,
            base32: given.has("--base32"),
            verbose: given.has("--verbose"),
            key,
            code,
            digits: given.parsed("--digits", "a number from 6 to 10", digits)?,
            window: given.parsed("--window", NUMBER, number)?.unwrap_or(verify.into()),
            counter: given.parsed("--counter", NUMBER, |text| number(text).map(Counter::new))?,
            clock: given.clock(now)?,
            last: given.parsed("--last", NUMBER, |text| number(text).map(Step::new))?,
            ocra: given.ocra()?,
        })))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Hotp,
    Totp,
    Ocra,
    Verify,
}

/// The command line, not yet understood.
struct Given {
    word: Option<Word>,
    options: Vec<(&'static str, Option<Text>)>,
    operands: Vec<Text>,
}

impl Given {
    /// Sorts it; only a question is given twice.
    fn new(arguments: Vec<Argument>) -> Result<Self, Failure> {
        let mut given = Self { word: None, options: Vec::new(), operands: Vec::new() };
        for (place, argument) in arguments.into_iter().enumerate() {
            match argument {
                Argument::Option(name, _) if name != "--question" && given.has(name) => {
                    return Err(Failure::Repeated(name));
                }
                Argument::Option(name, value) => given.options.push((name, value)),
                Argument::Operand(text) => match (place, text.as_str()) {
                    (0, "hotp") => given.word = Some(Word::Hotp),
                    (0, "totp") => given.word = Some(Word::Totp),
                    (0, "ocra") => given.word = Some(Word::Ocra),
                    (0, "verify") => given.word = Some(Word::Verify),
                    _ => given.operands.push(text),
                },
            }
        }
        Ok(given)
    }

    fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(given, _)| *given == name)
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &Text> {
        self.options.iter().filter(move |(given, _)| *given == name).filter_map(|(_, value)| value.as_ref())
    }

    /// The value of an option, if it is given.
    fn parsed<T>(
        &self,
        name: &'static str,
        what: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        self.values(name).next().map(|text| parse(text).ok_or(Failure::Not(name, what))).transpose()
    }

    fn kind(&self) -> Result<Kind, Failure> {
        let hotp = self.word == Some(Word::Hotp) || self.has("--hotp");
        let totp = self.word == Some(Word::Totp) || self.has("--totp");
        let of_ocra = ["--suite", "--question", "--pin", "--session"];
        let ocra = self.word == Some(Word::Ocra) || of_ocra.iter().any(|name| self.has(name));
        let verify_by_clock = self.word == Some(Word::Verify) && !self.has("--counter");
        match (hotp, totp, ocra) {
            (false, true, false) => Ok(self.parsed("--totp", "sha1, sha256, sha512 or steam", mode)?.unwrap_or(SHA1)),
            (false, false, true) => Ok(Kind::Ocra),
            (false, false, false) if verify_by_clock => Ok(SHA1),
            (_, false, false) => Ok(Kind::Hotp),
            _ => Err(Failure::Kinds),
        }
    }

    /// Refuses what would be left out of account, but for what `oathtool` does not mind.
    fn refuse(&self, kind: Kind) -> Result<(), Failure> {
        let (never, with): (&[_], _) = match kind {
            Kind::Ocra => (&["--digits", "--window", "--time-step-size", "--start-time", "--last"], "ocra"),
            Kind::Steam => (&["--digits", "--time-step-size"], "--totp=steam"),
            Kind::Hotp => (&["--last"], "hotp, which has --counter"),
            Kind::Totp(_) => (&[], ""),
        };
        if let Some(name) = never.iter().find(|name| self.has(name)) {
            return Err(Failure::Never(name, with));
        }
        if self.has("--last") && self.word != Some(Word::Verify) {
            return Err(Failure::Only("--last", "verify"));
        }
        Ok(())
    }

    fn clock(&self, now: UnixTime) -> Result<Clock, Failure> {
        let time = |name| self.parsed(name, TIME, |text| date::parse(text, now));
        let period = |text: &str| Period::from_secs(duration::parse(text)?.try_into().ok()?).ok();
        let period = self.parsed("--time-step-size", "a duration from 1s to 4294967295s", period)?;
        Ok(Clock {
            now: time("--now")?.unwrap_or(now),
            is_set: self.has("--now"),
            start: time("--start-time")?.unwrap_or(UnixTime::from_secs(0)),
            period: period.unwrap_or(Period::THIRTY),
        })
    }

    fn ocra(&self) -> Result<Ocra, Failure> {
        let one = |name| self.values(name).next().cloned();
        Ok(Ocra {
            suite: one("--suite").map(|text| OcraSuite::parse(&text)).transpose()?,
            questions: self.values("--question").cloned().collect(),
            pin: one("--pin"),
            session: one("--session"),
        })
    }
}

const SHA1: Kind = Kind::Totp(HashAlgorithm::Sha1);

fn mode(text: &str) -> Option<Kind> {
    match text.to_ascii_lowercase().as_str() {
        "sha1" => Some(SHA1),
        "sha256" => Some(Kind::Totp(HashAlgorithm::Sha256)),
        "sha512" => Some(Kind::Totp(HashAlgorithm::Sha512)),
        "steam" => Some(Kind::Steam),
        _ => None,
    }
}

/// A leading zero is octal to some programs and nothing to others, so it is refused.
fn number(text: &str) -> Option<u64> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    let plain =
        digits.chars().all(|digit| digit.is_digit(radix)) && (radix == 16 || digits == "0" || !digits.starts_with('0'));
    plain.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
}
