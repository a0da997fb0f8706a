use alloc::{collections::BTreeMap, vec::Vec};

use pushotp_cbor::ByteBuf;
use pushotp_types::{TokenId, UnixTime};

use super::{Context, Hash, Id, Payload, context::Value, read, secs, tokens, version, write};
use crate::{
    Error,
    padding::Frame,
    terms::{ChallengeId, ChallengePolicy, NumberMode, OtpSpec, Typ},
};

/// The longest life of a challenge, in seconds.
const MAX_LIFE: u64 = 600;

type Fields = (u8, Id, Vec<Id>, u64, u64, Hash, u8, (u8, u8, ByteBuf), (u8, u8), BTreeMap<u8, Value>, ByteBuf);

/// The fields of a [`Challenge`], to make one of.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{Error, message::{Challenge, ChallengeParts}};
///
/// let life = |seconds| Challenge::new(ChallengeParts { expires: at(NOW + seconds), ..parts() }); // a typical one
/// assert!(life(600).is_ok());
/// assert_eq!(life(601).unwrap_err(), Error::Field("exp"));
/// # let _ = World::new();
/// ```
#[derive(Clone, Debug)]
pub struct ChallengeParts {
    /// A fresh id.
    pub id: ChallengeId,
    /// The user's eligible tokens, 1 to 8; their order does not matter.
    pub tokens: Vec<TokenId>,
    /// When it is issued.
    pub issued: UnixTime,
    /// The last second at which an answer counts, at most 600 s after `issued`.
    pub expires: UnixTime,
    /// 32 fresh random bytes.
    pub nonce: [u8; 32],
    /// What it asks for.
    pub policy: ChallengePolicy,
    /// How the number is matched.
    pub number: NumberMode,
    /// Which passcode an approval carries.
    pub otp: OtpSpec,
    /// What is displayed.
    pub context: Context,
}

/// A login request: what the user is shown, and what an answer is about.
///
/// ```
/// use pushotp_types::{TokenId, UnixTime};
/// use pushotp_wire::message::{Challenge, ChallengeParts, Context};
/// use pushotp_wire::terms::{ChallengeId, ChallengePolicy, NumberMode, OtpSpec};
///
/// let challenge = Challenge::new(ChallengeParts {
///     id: ChallengeId::from_bytes([1; 16]),
///     tokens: vec![TokenId::from_bytes([2; 16])],
///     issued: UnixTime::from_secs(1_800_000_000),
///     expires: UnixTime::from_secs(1_800_000_120),
///     nonce: [3; 32],
///     policy: ChallengePolicy::VERIFY_USER | ChallengePolicy::TYPE_NUMBER,
///     number: NumberMode::TypeIn { digits: 6 },
///     otp: OtpSpec::BOUND,
///     context: Context::new("Intranet", "alice")?,
/// })?;
/// assert_eq!(challenge.context().application(), "Intranet");
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    id: ChallengeId,
    tokens: Vec<TokenId>,
    issued: UnixTime,
    expires: UnixTime,
    nonce: [u8; 32],
    policy: ChallengePolicy,
    number: NumberMode,
    otp: OtpSpec,
    context: Context,
}

impl Challenge {
    /// A challenge of its parts.
    ///
    /// # Errors
    /// [`Error::Field`] for a field out of its range, or a number mode that does not fit the policy.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{Error, message::{Challenge, ChallengeParts}};
    ///
    /// assert!(Challenge::new(parts()).is_ok()); // a typical one
    /// let none = ChallengeParts { tokens: vec![], ..parts() };
    /// assert_eq!(Challenge::new(none).unwrap_err(), Error::Field("tids"));
    /// ```
    pub fn new(parts: ChallengeParts) -> Result<Self, Error> {
        let ChallengeParts { id, tokens: mut ids, issued, expires, nonce, policy, number, otp, context } = parts;
        ids.sort_unstable();
        let ids: Vec<Id> = ids.iter().map(|id| Id::new(*id.as_bytes())).collect();
        let challenge = Self { id, tokens: tokens(&ids)?, issued, expires, nonce, policy, number, otp, context };
        challenge.check()?;
        Ok(challenge)
    }

    /// The rules that join two fields, and the ranges that a type does not show.
    fn check(&self) -> Result<(), Error> {
        secs(self.issued.as_secs(), "iat")?;
        secs(self.expires.as_secs(), "exp")?;
        if self.expires <= self.issued || self.expires.since(self.issued).as_secs() > MAX_LIFE {
            return Err(Error::Field("exp"));
        }
        let (mode, digits, choices) = self.number.parts();
        NumberMode::from_parts(mode, digits, choices)?;
        if self.policy.contains(ChallengePolicy::TYPE_NUMBER) && mode != 1 {
            return Err(Error::Field("pol"));
        }
        Ok(())
    }

    /// The padded payload: the same for every device of the user.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if the context makes it longer than an envelope can be.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::{Challenge, FromServer};
    ///
    /// let challenge = Challenge::new(parts())?; // a typical one
    /// assert_eq!(challenge.encode()?.decode()?, FromServer::Challenge(challenge));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn encode(&self) -> Result<Payload, Error> {
        let (mode, digits, choices) = self.number.parts();
        let fields: Fields = (
            1,
            Id::new(*self.id.as_bytes()),
            self.tokens.iter().map(|id| Id::new(*id.as_bytes())).collect(),
            self.issued.as_secs(),
            self.expires.as_secs(),
            Hash::new(self.nonce),
            self.policy.bits(),
            (mode, digits, ByteBuf::from(choices)),
            self.otp.parts(),
            self.context.to_map(),
            ByteBuf::new(),
        );
        Ok(Payload::new(Typ::Challenge, write(&fields, Frame::Bare)?))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let fields = read::<Fields>(bytes, Frame::Bare, |fields| &fields.10)?;
        let (v, id, ids, issued, expires, nonce, policy, (mode, digits, choices), otp, context, _) = fields;
        version(v)?;
        let challenge = Self {
            id: ChallengeId::from_bytes(*id),
            tokens: tokens(&ids)?,
            issued: UnixTime::from_secs(issued),
            expires: UnixTime::from_secs(expires),
            nonce: *nonce,
            policy: ChallengePolicy::from_bits(policy)?,
            number: NumberMode::from_parts(mode, digits, &choices)?,
            otp: OtpSpec::from_parts(otp)?,
            context: Context::from_map(context)?,
        };
        challenge.check()?;
        Ok(challenge)
    }

    /// The id.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::Challenge;
    ///
    /// let challenge = Challenge::new(parts())?; // a typical one
    /// assert_eq!(challenge.id(), parts().id);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn id(&self) -> ChallengeId {
        self.id
    }

    /// The eligible tokens, ascending.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::Challenge;
    ///
    /// let challenge = Challenge::new(parts())?; // a typical one
    /// assert_eq!(challenge.tokens(), [TOKEN, OTHER_TOKEN]);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn tokens(&self) -> &[TokenId] {
        &self.tokens
    }

    /// When it was issued, by the server's clock.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::Challenge;
    ///
    /// let challenge = Challenge::new(parts())?; // a typical one
    /// assert_eq!(challenge.issued(), at(NOW));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn issued(&self) -> UnixTime {
        self.issued
    }

    /// The last second at which an answer counts, by the server's clock.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::Challenge;
    ///
    /// let challenge = Challenge::new(parts())?; // a typical one
    /// assert_eq!(challenge.expires().since(challenge.issued()).as_secs(), 120);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.expires
    }

    /// What it asks for.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::Challenge;
    /// use pushotp_wire::terms::ChallengePolicy;
    ///
    /// let challenge = Challenge::new(parts())?; // a typical one
    /// assert!(challenge.policy().contains(ChallengePolicy::VERIFY_USER));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn policy(&self) -> ChallengePolicy {
        self.policy
    }

    /// How the number is matched.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::Challenge;
    /// use pushotp_wire::terms::NumberMode;
    ///
    /// let challenge = Challenge::new(parts())?; // a typical one
    /// assert_eq!(challenge.number(), NumberMode::TypeIn { digits: 6 }); // which number, it does not say
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn number(&self) -> NumberMode {
        self.number
    }

    /// Which passcode an approval carries.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::Challenge;
    /// use pushotp_wire::terms::OtpSpec;
    ///
    /// let challenge = Challenge::new(parts())?; // a typical one
    /// assert_eq!(challenge.otp(), OtpSpec::BOUND);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn otp(&self) -> OtpSpec {
        self.otp
    }

    /// What is displayed.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::message::Challenge;
    ///
    /// let challenge = Challenge::new(parts())?; // a typical one
    /// assert_eq!(challenge.context().application(), "Intranet");
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.context
    }
}
