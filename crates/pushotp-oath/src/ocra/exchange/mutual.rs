use pushotp_types::Code;
use rand_core::CryptoRng;

use super::{Factors, signature};
use crate::{
    Key,
    ocra::{Challenge, ChallengeError, DataInputError, OcraSuite, OcraVerdict},
};

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
/// [`MutualClient`] has an example with both sides.
///
/// ```
/// use pushotp_oath::{Challenge, Factors, Key, MutualServer, MutualSuites, OcraSuite, OcraVerdict};
/// use pushotp_types::{HashAlgorithm, SecretRef};
///
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
/// let suites = MutualSuites { server: suite, client: suite };
/// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
/// let (theirs, own) = (Challenge::parse(&suite, "CLI22220")?, Challenge::parse(&suite, "SRV11110")?);
/// let server = MutualServer::resume(suites, theirs, own);
/// assert_eq!(server.response(&key, Factors::default())?.expose(), "28247970");
/// assert!(matches!(server.finish(&key, "15510767", Factors::default())?, OcraVerdict::Match(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// ```
    /// # use pushotp_oath::{Challenge, MutualServer, MutualSuites, OcraSuite};
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// let suites = MutualSuites { server: suite, client: suite };
    /// let server = MutualServer::start(suites, Challenge::parse(&suite, "CLI22220")?, &mut rng)?;
    /// assert_ne!(server.challenge().as_str(), "CLI22220");
    /// # Ok::<(), pushotp_oath::ChallengeError>(())
    /// ```
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
    /// ```
    /// # use pushotp_oath::{Challenge, MutualServer, MutualSuites, OcraSuite};
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// let suites = MutualSuites { server: suite, client: suite };
    /// let server = MutualServer::start_signature(suites, Challenge::parse(&suite, "CLI22220")?, "SIG10000")?;
    /// assert_eq!(server.challenge().as_str(), "SIG10000");
    /// # Ok::<(), pushotp_oath::ChallengeError>(())
    /// ```
    ///
    /// # Errors
    /// As [`OneWay::start_signature`](super::OneWay::start_signature).
    pub fn start_signature(suites: MutualSuites, client: Challenge, text: &str) -> Result<Self, ChallengeError> {
        signature(&suites.client, text).map(|own| Self { suites, theirs: client, own })
    }

    /// An exchange that another process started: the client's challenge and its own.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, Factors, Key, MutualServer, MutualSuites, OcraSuite, OcraVerdict};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// # let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// # let suites = MutualSuites { server: suite, client: suite };
    /// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
    /// // Taken out of the database: DELETE … RETURNING client, own.
    /// let (client, own) = (Challenge::parse(&suite, "CLI22220")?, Challenge::parse(&suite, "SRV11110")?);
    /// let verdict = MutualServer::resume(suites, client, own).finish(&key, "15510767", Factors::default())?;
    /// assert!(matches!(verdict, OcraVerdict::Match(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn resume(suites: MutualSuites, client: Challenge, own: Challenge) -> Self {
        Self { suites, theirs: client, own }
    }

    /// What the client has to answer, or to sign.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, MutualServer, MutualSuites, OcraSuite};
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// # let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// # let suites = MutualSuites { server: suite, client: suite };
    /// let server = MutualServer::start(suites, Challenge::parse(&suite, "CLI22220")?, &mut rng)?;
    /// assert!(Challenge::parse(&suite, server.challenge().as_str()).is_ok()); // by the client
    /// # Ok::<(), pushotp_oath::ChallengeError>(())
    /// ```
    #[must_use]
    pub const fn challenge(&self) -> &Challenge {
        &self.own
    }

    /// The server's response, which goes to the client with the challenge.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, Factors, Key, MutualServer, MutualSuites, OcraSuite};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// # let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// # let suites = MutualSuites { server: suite, client: suite };
    /// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
    /// let (client, own) = (Challenge::parse(&suite, "CLI22220")?, Challenge::parse(&suite, "SRV11110")?);
    /// let proof = MutualServer::resume(suites, client, own).response(&key, Factors::default())?;
    /// assert_eq!(proof.expose(), "28247970"); // RFC 6287, C.2
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`DataInputError`]
    pub fn response(&self, key: &Key, factors: Factors<'_>) -> Result<Code, DataInputError> {
        self.suites.server.generate(key, &factors.with(self.theirs.question(), Some(self.own.question())))
    }

    /// Whether `typed` is the client's response.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, Factors, Key, MutualServer, MutualSuites, OcraSuite, OcraVerdict};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// # let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// # let suites = MutualSuites { server: suite, client: suite };
    /// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
    /// let server = MutualServer::start_signature(suites, Challenge::parse(&suite, "CLI22220")?, "SRV11110")?;
    /// let proof = server.response(&key, Factors::default())?;
    /// // The server's own response, thrown back at it, is not the client's.
    /// assert_eq!(server.finish(&key, proof.expose(), Factors::default())?, OcraVerdict::Mismatch);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # use pushotp_oath::{MutualClient, MutualSuites, OcraSuite};
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// let suites = MutualSuites { server: suite, client: suite };
    /// let (one, two) = (MutualClient::start(suites, &mut rng)?, MutualClient::start(suites, &mut rng)?);
    /// assert_ne!(one.challenge().as_str(), two.challenge().as_str());
    /// # Ok::<(), pushotp_oath::ChallengeError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Challenge::generate`].
    pub fn start<R: CryptoRng + ?Sized>(suites: MutualSuites, rng: &mut R) -> Result<Self, ChallengeError> {
        Challenge::generate(&suites.server, rng).map(|own| Self { suites, own })
    }

    /// An exchange that another process started.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, Factors, Key, MutualClient, MutualSuites, OcraSuite};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// # let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// # let suites = MutualSuites { server: suite, client: suite };
    /// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
    /// let client = MutualClient::resume(suites, Challenge::parse(&suite, "CLI22220")?); // as it was stored
    /// let server = Challenge::parse(&suite, "SRV11110")?;
    /// assert!(client.verify(&key, server, "28247970", Factors::default())?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn resume(suites: MutualSuites, own: Challenge) -> Self {
        Self { suites, own }
    }

    /// What the server has to answer.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, MutualClient, MutualSuites, OcraSuite};
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// # let mut rng = ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// # let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// # let suites = MutualSuites { server: suite, client: suite };
    /// let client = MutualClient::start(suites, &mut rng)?;
    /// assert!(Challenge::parse(&suite, client.challenge().as_str()).is_ok()); // by the server
    /// # Ok::<(), pushotp_oath::ChallengeError>(())
    /// ```
    #[must_use]
    pub const fn challenge(&self) -> &Challenge {
        &self.own
    }

    /// The server if `typed` is its response, else `None`: then the exchange is over.
    ///
    /// ```
    /// # use pushotp_oath::{Challenge, Factors, Key, MutualClient, MutualSuites, OcraSuite};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// # let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
    /// # let suites = MutualSuites { server: suite, client: suite };
    /// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
    /// let challenge = |text| Challenge::parse(&suite, text).unwrap();
    /// let client = || MutualClient::resume(suites, challenge("CLI22220"));
    /// let verify = |typed| client().verify(&key, challenge("SRV11110"), typed, Factors::default());
    /// assert!(verify("28247970")?.is_some());
    /// assert!(verify("15510767")?.is_none()); // who does not know the secret gets no response
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
/// [`MutualClient`] has an example with both sides.
///
/// ```
/// use pushotp_oath::{Challenge, Factors, Key, MutualClient, MutualSuites, OcraSuite};
/// use pushotp_types::{HashAlgorithm, SecretRef};
///
/// let suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA08").unwrap();
/// let suites = MutualSuites { server: suite, client: suite };
/// let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(b"12345678901234567890123456789012")?);
/// let (own, theirs) = (Challenge::parse(&suite, "CLI22220")?, Challenge::parse(&suite, "SRV11110")?);
/// let genuine = MutualClient::resume(suites, own).verify(&key, theirs, "28247970", Factors::default())?;
/// assert_eq!(genuine.expect("it is the server").respond(&key, Factors::default())?.expose(), "15510767");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// ```
    /// # use pushotp_oath::{Challenge, Factors, Key, MutualClient, MutualSuites, OcraSuite};
    /// # use pushotp_types::{HashAlgorithm, SecretRef};
    /// # let server = OcraSuite::parse("OCRA-1:HOTP-SHA512-8:QA08").unwrap();
    /// let client = OcraSuite::parse("OCRA-1:HOTP-SHA512-8:QA08-PSHA1").unwrap();
    /// # let key = Key::new(
    /// #     HashAlgorithm::Sha512,
    /// #     SecretRef::new(b"1234567890123456789012345678901234567890123456789012345678901234")?,
    /// # );
    /// # let (own, theirs) = (Challenge::parse(&server, "CLI22220")?, Challenge::parse(&client, "SRV11110")?);
    /// # let exchange = MutualClient::resume(MutualSuites { server, client }, own);
    /// let genuine = exchange.verify(&key, theirs, "79496648", Factors::default())?.expect("it is the server");
    /// // SHA-1 of 1234, which the client's suite asks for and the server's does not.
    /// let pin = b"\x71\x10\xed\xa4\xd0\x9e\x06\x2a\xa5\xe4\xa3\x90\xb0\xa5\x72\xac\x0d\x2c\x02\x20";
    /// let response = genuine.respond(&key, Factors { pin_hash: Some(pin), ..Factors::default() })?;
    /// assert_eq!(response.expose(), "18806276");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`DataInputError`]
    pub fn respond(self, key: &Key, factors: Factors<'_>) -> Result<Code, DataInputError> {
        self.suite.generate(key, &factors.with(self.theirs.question(), Some(self.own.question())))
    }
}
