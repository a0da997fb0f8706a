use std::io::Write;

use data_encoding::HEXLOWER;
use pushotp_oath::{Challenge, Counter, DataInput, Key, OcraSuite, OcraVerdict};
use pushotp_types::{HashAlgorithm, Secret, UnixTime};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::{failure::Failure, options::Options, secret};

/// A suite, and all that goes into its response besides the key.
pub(crate) struct Asked {
    pub(crate) suite: OcraSuite,
    /// That of the other party, and one's own.
    pub(crate) questions: Vec<Challenge>,
    pub(crate) counter: Option<Counter>,
    pub(crate) time: Option<UnixTime>,
    pin_hash: Option<Zeroizing<Vec<u8>>>,
    session: Option<Zeroizing<Vec<u8>>>,
}

impl Asked {
    /// Puts together what the suite asks for; what was given and has no place in it is left in, so that it is refused.
    pub(crate) fn new(options: &Options) -> Result<Self, Failure> {
        let suite = options.ocra.suite.ok_or(Failure::Missing("--suite"))?;
        let questions = options.ocra.questions.iter().flat_map(|text| split(&suite, text));
        let questions = questions.map(|text| Challenge::parse(&suite, text)).collect::<Result<Vec<_>, _>>()?;
        if !(1..=2).contains(&questions.len()) {
            return Err(Failure::Missing("--question, once or twice"));
        }
        let (pin, session) = (options.ocra.pin.as_ref(), options.ocra.session.as_ref());
        if pin.is_some_and(|pin| pin.is_empty()) {
            return Err(Failure::NoValue("--pin"));
        }
        Ok(Self {
            suite,
            questions,
            counter: options.counter.or_else(|| suite.counter().then_some(Counter::new(0))),
            time: (suite.time_step().is_some() || options.clock.is_set).then_some(options.clock.now),
            pin_hash: pin.map(|pin| hash(suite.pin_hash(), pin)),
            session: session.map(|session| secret::from_hex("--session", session)).transpose()?,
        })
    }

    fn input(&self) -> Result<DataInput<'_>, Failure> {
        let mut questions = self.questions.iter().map(Challenge::question);
        let challenge = questions.next().ok_or(Failure::Missing("--question"))?;
        Ok(DataInput {
            counter: self.counter,
            challenge,
            own_challenge: questions.next(),
            pin_hash: self.pin_hash.as_ref().map(|hash| hash.as_slice()),
            session: self.session.as_ref().map(|session| session.as_slice()),
            timestamp: self.time,
        })
    }

    /// The response: a code, or for a suite that does not truncate the whole MAC in hexadecimal.
    pub(crate) fn generate(&self, secret: &Secret, out: &mut dyn Write) -> Result<(), Failure> {
        let (key, input) = (Key::new(self.suite.algorithm(), secret), self.input()?);
        match self.suite.digits() {
            Some(_) => writeln!(out, "{}", self.suite.generate(&key, &input)?.expose())?,
            None => writeln!(out, "{}", HEXLOWER.encode(self.suite.generate_mac(&key, &input)?.expose()))?,
        }
        Ok(())
    }

    /// Whether it is the response.
    pub(crate) fn is_answered_by(&self, secret: &Secret, typed: &str) -> Result<bool, Failure> {
        let (key, input) = (Key::new(self.suite.algorithm(), secret), self.input()?);
        if self.suite.digits().is_some() {
            return Ok(matches!(self.suite.verify(&key, typed, &input)?, OcraVerdict::Match(_)));
        }
        let mac = self.suite.generate_mac(&key, &input)?;
        Ok(secret::from_hex("code", typed).is_ok_and(|typed| mac.matches(&typed)))
    }

    /// Says what a login server makes of a response.
    pub(crate) fn verify(&self, secret: &Secret, typed: &str, out: &mut dyn Write) -> Result<bool, Failure> {
        let right = self.is_answered_by(secret, typed)?;
        match (right, self.counter) {
            (true, Some(counter)) => writeln!(out, "match: counter {}", counter.get())?,
            (true, None) => writeln!(out, "match")?,
            (false, _) => writeln!(out, "mismatch")?,
        }
        Ok(right)
    }
}

/// Two questions that were joined already, as RFC 6287 prints them, are taken apart: only together they count.
fn split<'a>(suite: &OcraSuite, text: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
    let (_, longest) = suite.question();
    let (first, second) = text.split_at_checked(longest.into()).unwrap_or((text, ""));
    std::iter::once(first).chain((!second.is_empty()).then_some(second))
}

/// The hash of a PIN; of none, which is refused, where the suite has none.
fn hash(algorithm: Option<HashAlgorithm>, pin: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(match algorithm {
        None => Vec::new(),
        Some(HashAlgorithm::Sha1) => Sha1::digest(pin).to_vec(),
        Some(HashAlgorithm::Sha256) => Sha256::digest(pin).to_vec(),
        Some(HashAlgorithm::Sha512) => Sha512::digest(pin).to_vec(),
    })
}
