use pushotp_types::{Code, UnixTime};
use rand_core::CryptoRng;

use super::{Challenge, ChallengeError, DataInput, DataInputError, OcraSuite, OcraVerdict, Question, verdict};
use crate::{Counter, Key};

/// What goes into a response besides challenges; which parts, the suite says.
///
/// ```
/// use pushotp_oath::{Counter, Factors};
///
/// let factors = Factors { counter: Some(Counter::new(7)), ..Factors::default() };
/// assert!(factors.pin_hash.is_none());
/// ```
///
/// Source: RFC 6287 §5.1.
#[derive(Clone, Copy, Default)]
pub struct Factors<'a> {
    /// C: both sides count.
    pub counter: Option<Counter>,
    /// P: the hash of the PIN, never the PIN: 20, 32 or 64 bytes.
    pub pin_hash: Option<&'a [u8]>,
    /// S: information about the session, as many bytes as the suite says.
    pub session: Option<&'a [u8]>,
    /// T: the time.
    pub timestamp: Option<UnixTime>,
}

/// The PIN's hash and the session are not the log's.
impl core::fmt::Debug for Factors<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Factors").field("counter", &self.counter).finish_non_exhaustive()
    }
}

impl<'a> Factors<'a> {
    const fn with(self, challenge: Question<'a>, own_challenge: Option<Question<'a>>) -> DataInput<'a> {
        let Self { counter, pin_hash, session, timestamp } = self;
        DataInput { counter, challenge, own_challenge, pin_hash, session, timestamp }
    }
}

/// The server's side of a challenge that the client answers, at random or to sign something.
///
/// Starting makes the challenge, finishing consumes it: rightly or wrongly, it is answered once. A server of several
/// processes stores the challenge's text and takes it out, in one step, to [`resume`](Self::resume).
///
/// ```
/// use pushotp_oath::{Challenge, DataInput, Factors, Key, OcraSuite, OcraVerdict, OneWay};
/// use pushotp_types::{HashAlgorithm, SecretRef};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
///
/// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QN08").unwrap();
/// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
/// let exchange = OneWay::start(suite, &mut rng)?;
///
/// // The client, who sees the challenge:
/// let seen = Challenge::parse(&suite, exchange.challenge().as_str())?;
/// let response = suite.generate(&key, &DataInput::new(seen.question()))?;
///
/// let verdict = exchange.finish(&key, response.expose(), Factors::default())?;
/// assert!(matches!(verdict, OcraVerdict::Match(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A second try does not compile:
/// ```compile_fail
/// # use pushotp_oath::{Factors, Key, OneWay};
/// fn twice(exchange: OneWay, key: &Key) {
///     let _ = exchange.finish(key, "00000000", Factors::default());
///     let _ = exchange.finish(key, "00000001", Factors::default());
/// }
/// ```
///
/// Source: RFC 6287 §7.1, §7.3.1.
#[derive(Debug)]
#[must_use]
pub struct OneWay {
    suite: OcraSuite,
    challenge: Challenge,
}

impl OneWay {
    /// One-way challenge-response, with a random challenge.
    ///
    /// # Errors
    /// As [`Challenge::generate`].
    pub fn start<R: CryptoRng + ?Sized>(suite: OcraSuite, rng: &mut R) -> Result<Self, ChallengeError> {
        Challenge::generate(&suite, rng).map(|challenge| Self { suite, challenge })
    }

    /// Plain signature: the response is over what is to be signed, or its hash.
    ///
    /// # Errors
    /// [`ChallengeError::Format`], and [`ChallengeError::Session`] for a suite with session information.
    pub fn start_signature(suite: OcraSuite, text: &str) -> Result<Self, ChallengeError> {
        signature(&suite, text).map(|challenge| Self { suite, challenge })
    }

    /// An exchange that another process started.
    pub const fn resume(suite: OcraSuite, challenge: Challenge) -> Self {
        Self { suite, challenge }
    }

    /// What the client has to answer.
    #[must_use]
    pub const fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// Whether `typed` is the response.
    ///
    /// # Errors
    /// [`DataInputError`]: what the server itself put in is wrong, not what was typed.
    pub fn finish(
        self,
        key: &Key,
        typed: impl AsRef<[u8]>,
        factors: Factors<'_>,
    ) -> Result<OcraVerdict, DataInputError> {
        self.suite.verify(key, typed, &factors.with(self.challenge.question(), None))
    }

    /// The same for a suite with `t = 0`, whose response is a whole MAC.
    ///
    /// # Errors
    /// The same.
    pub fn finish_mac(self, key: &Key, received: &[u8], factors: Factors<'_>) -> Result<OcraVerdict, DataInputError> {
        let mac = self.suite.generate_mac(key, &factors.with(self.challenge.question(), None))?;
        Ok(verdict(mac.matches(received), factors.counter))
    }
}

/// The two suites of an exchange in which both sides answer: that of the server's response, and that of the client's.
///
/// ```
/// use pushotp_oath::{MutualSuites, OcraSuite};
///
/// let server = OcraSuite::parse("OCRA-1:HOTP-SHA512-8:QA08").unwrap();
/// let client = OcraSuite::parse("OCRA-1:HOTP-SHA512-8:QA08-PSHA1").unwrap();
/// let suites = MutualSuites { server, client };
/// assert_ne!(suites.server, suites.client);
/// ```
///
/// Source: RFC 6287 §7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MutualSuites {
    /// Of the server's response; without P.
    pub server: OcraSuite,
    /// Of the client's response.
    pub client: OcraSuite,
}

/// The server's side of an exchange in which it answers first.
///
/// [`MutualClient`] has an example.
///
/// Source: RFC 6287 §7.2, §7.3.2.
#[derive(Debug)]
#[must_use]
pub struct MutualServer {
    suites: MutualSuites,
    theirs: Challenge,
    own: Challenge,
}

impl MutualServer {
    /// Mutual challenge-response: the client's challenge has come, a random one goes back.
    ///
    /// # Errors
    /// As [`Challenge::generate`].
    pub fn start<R: CryptoRng + ?Sized>(
        suites: MutualSuites,
        client: Challenge,
        rng: &mut R,
    ) -> Result<Self, ChallengeError> {
        Challenge::generate(&suites.client, rng).map(|own| Self { suites, theirs: client, own })
    }

    /// Signature with server authentication: what is to be signed is the server's challenge.
    ///
    /// # Errors
    /// As [`OneWay::start_signature`].
    pub fn start_signature(suites: MutualSuites, client: Challenge, text: &str) -> Result<Self, ChallengeError> {
        signature(&suites.client, text).map(|own| Self { suites, theirs: client, own })
    }

    /// An exchange that another process started: the client's challenge and its own.
    pub const fn resume(suites: MutualSuites, client: Challenge, own: Challenge) -> Self {
        Self { suites, theirs: client, own }
    }

    /// What the client has to answer, or to sign.
    #[must_use]
    pub const fn challenge(&self) -> &Challenge {
        &self.own
    }

    /// The server's response, which goes to the client with the challenge.
    ///
    /// # Errors
    /// [`DataInputError`]
    pub fn response(&self, key: &Key, factors: Factors<'_>) -> Result<Code, DataInputError> {
        self.suites.server.generate(key, &factors.with(self.theirs.question(), Some(self.own.question())))
    }

    /// Whether `typed` is the client's response.
    ///
    /// # Errors
    /// [`DataInputError`]: what the server itself put in is wrong, not what was typed.
    pub fn finish(
        self,
        key: &Key,
        typed: impl AsRef<[u8]>,
        factors: Factors<'_>,
    ) -> Result<OcraVerdict, DataInputError> {
        self.suites.client.verify(key, typed, &factors.with(self.own.question(), Some(self.theirs.question())))
    }
}

/// The client's side of an exchange in which the server answers first: no response is made for a server that did not.
///
/// ```
/// use pushotp_oath::{Challenge, Factors, Key, MutualClient, MutualServer, MutualSuites, OcraSuite, OcraVerdict};
/// use pushotp_types::{HashAlgorithm, SecretRef};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
///
/// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
/// let suites = MutualSuites { server: suite, client: suite };
/// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
/// let none = Factors::default();
///
/// let client = MutualClient::start(suites, &mut rng)?;
/// let server = MutualServer::start(suites, Challenge::parse(&suite, client.challenge().as_str())?, &mut rng)?;
/// let proof = server.response(&key, none)?;
///
/// let challenge = Challenge::parse(&suite, server.challenge().as_str())?;
/// let genuine = client.verify(&key, challenge, proof.expose(), none)?.expect("it is the server");
/// let response = genuine.respond(&key, none)?;
/// assert!(matches!(server.finish(&key, response.expose(), none)?, OcraVerdict::Match(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Source: RFC 6287 §7.2, §7.3.2.
#[derive(Debug)]
#[must_use]
pub struct MutualClient {
    suites: MutualSuites,
    own: Challenge,
}

impl MutualClient {
    /// A random challenge for the server.
    ///
    /// # Errors
    /// As [`Challenge::generate`].
    pub fn start<R: CryptoRng + ?Sized>(suites: MutualSuites, rng: &mut R) -> Result<Self, ChallengeError> {
        Challenge::generate(&suites.server, rng).map(|own| Self { suites, own })
    }

    /// An exchange that another process started.
    pub const fn resume(suites: MutualSuites, own: Challenge) -> Self {
        Self { suites, own }
    }

    /// What the server has to answer.
    #[must_use]
    pub const fn challenge(&self) -> &Challenge {
        &self.own
    }

    /// The server if `typed` is its response, else `None`: then the exchange is over.
    ///
    /// # Errors
    /// [`DataInputError`]: what the client itself put in is wrong.
    pub fn verify(
        self,
        key: &Key,
        server: Challenge,
        typed: impl AsRef<[u8]>,
        factors: Factors<'_>,
    ) -> Result<Option<GenuineServer>, DataInputError> {
        let input = factors.with(self.own.question(), Some(server.question()));
        let verdict = self.suites.server.verify(key, typed, &input)?;
        let genuine = GenuineServer { suite: self.suites.client, theirs: server, own: self.own };
        Ok(matches!(verdict, OcraVerdict::Match(_)).then_some(genuine))
    }
}

/// A server that has answered rightly, and may have an answer itself.
///
/// [`MutualClient`] has an example.
#[derive(Debug)]
#[must_use]
pub struct GenuineServer {
    suite: OcraSuite,
    theirs: Challenge,
    own: Challenge,
}

impl GenuineServer {
    /// The client's response, or its signature.
    ///
    /// # Errors
    /// [`DataInputError`]
    pub fn respond(self, key: &Key, factors: Factors<'_>) -> Result<Code, DataInputError> {
        self.suite.generate(key, &factors.with(self.theirs.question(), Some(self.own.question())))
    }
}

/// What is to be signed.
fn signature(suite: &OcraSuite, text: &str) -> Result<Challenge, ChallengeError> {
    if suite.session_len().is_some() { Err(ChallengeError::Session) } else { Challenge::parse(suite, text) }
}
