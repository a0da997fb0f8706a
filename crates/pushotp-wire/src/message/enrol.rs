use alloc::{string::String, vec::Vec};
use core::fmt;

use pushotp_cbor::{ByteArray, ByteBuf};
use pushotp_types::{EnrolmentId, TokenId, UnixTime};

use super::{Hash, Id, MAX_NAME, Payload, Sent, read, secs, tokens, version, write};
use crate::{
    Error,
    padding::Frame,
    signer::VerifyingKey,
    terms::{MessageHash, OtpSpec, PushAddress, PushKind, TokenPolicy, Typ},
    text::displayable,
};

type RequestFields = (u8, Id, ByteArray<32>, u8, ByteBuf, String, (u8, ByteBuf), u64, u64, ByteBuf);
type InfoFields = (Id, String, u8, (u8, u8));
type ResponseFields = (u8, Id, Hash, u8, Vec<InfoFields>, u64, ByteBuf);

/// What a device says of itself when it enrols.
///
/// ```
/// use pushotp_types::UnixTime;
/// use pushotp_wire::message::{DeviceProfile, Sent};
/// use pushotp_wire::terms::PushAddress;
///
/// let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 0 };
/// let profile = DeviceProfile::new("Alice's phone", PushAddress::POLL, sent)?;
/// assert_eq!(profile.name(), "Alice's phone");
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceProfile {
    name: String,
    push: PushAddress,
    sent: Sent,
}

impl DeviceProfile {
    /// A name of 1 to 64 displayable bytes and a push address.
    ///
    /// # Errors
    /// [`Error::Display`] for the name, [`Error::Field`] for a time or sequence number out of range.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::{Error, message::{DeviceProfile, Sent}, terms::PushAddress};
    ///
    /// let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 0 };
    /// let named = |name: &str| DeviceProfile::new(name, PushAddress::POLL, sent);
    /// assert!(named("Alice's phone").is_ok());
    /// assert_eq!(named(&"x".repeat(65)).unwrap_err(), Error::Display("name"));
    /// ```
    pub fn new(name: impl Into<String>, push: PushAddress, sent: Sent) -> Result<Self, Error> {
        let name = name.into();
        displayable(&name, MAX_NAME, "name")?;
        Ok(Self { name, push, sent: sent.check()? })
    }

    /// The name.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// assert_eq!(profile().name(), "Alice's phone"); // as the device said
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it can be pushed.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::PushAddress;
    ///
    /// assert_eq!(profile().push(), &PushAddress::POLL); // as the device said
    /// ```
    #[must_use]
    pub const fn push(&self) -> &PushAddress {
        &self.push
    }

    /// Clock and sequence number of the device.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// assert_eq!(profile().sent().at, NOW); // as the device said
    /// ```
    #[must_use]
    pub const fn sent(&self) -> Sent {
        self.sent
    }
}

/// The first message of a device: its signing key, tied to this very run by the exporter's `bind` value.
///
/// Made by [`DeviceEnrolment::start`](crate::enrol::DeviceEnrolment::start).
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
/// # use world::*;
/// let request = World::new().request(); // out of a frame
/// assert_eq!(request.profile().name(), "Alice's phone");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolRequest {
    enrolment: EnrolmentId,
    bind: [u8; 32],
    key: VerifyingKey,
    profile: DeviceProfile,
}

impl EnrolRequest {
    pub(crate) const fn new(enrolment: EnrolmentId, bind: [u8; 32], key: VerifyingKey, profile: DeviceProfile) -> Self {
        Self { enrolment, bind, key, profile }
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let push = &self.profile.push;
        let fields: RequestFields = (
            1,
            Id::new(*self.enrolment.as_bytes()),
            ByteArray::new(self.bind),
            self.key.algorithm().code(),
            ByteBuf::from(self.key.as_bytes()),
            self.profile.name.clone(),
            (push.kind().code(), ByteBuf::from(push.addr())),
            self.profile.sent.at.as_secs(),
            self.profile.sent.sequence,
            ByteBuf::new(),
        );
        write(&fields, Frame::Signed)
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Error> {
        let fields = read::<RequestFields>(payload, Frame::Signed, |fields| &fields.9)?;
        let (v, enrolment, bind, alg, key, name, (kind, addr), at, seq, _) = fields;
        version(v)?;
        let push = PushAddress::new(PushKind::from_code(kind)?, addr.into_vec())?;
        Ok(Self {
            enrolment: EnrolmentId::from_bytes(*enrolment),
            bind: *bind,
            key: VerifyingKey::from_code(alg, &key)?,
            profile: DeviceProfile::new(name, push, Sent::new(at, seq)?)?,
        })
    }

    /// The offer that it answers.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// let world = World::new(); // an offer
    /// assert_eq!(world.request().enrolment(), world.offer.enrolment);
    /// ```
    #[must_use]
    pub const fn enrolment(&self) -> EnrolmentId {
        self.enrolment
    }

    /// The exporter's value that only this run has.
    pub(crate) const fn bind(&self) -> &[u8; 32] {
        &self.bind
    }

    /// The device's signing key.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_wire::signer::DeviceSigner;
    ///
    /// let world = World::new(); // an offer
    /// assert_eq!(world.request().verifying_key(), &world.signer.verifying_key());
    /// ```
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.key
    }

    /// What the device says of itself.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// assert_eq!(World::new().request().profile(), &profile());
    /// ```
    #[must_use]
    pub const fn profile(&self) -> &DeviceProfile {
        &self.profile
    }
}

/// Without the exporter's value.
impl fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolRequest")
            .field("enrolment", &self.enrolment)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

/// A token as a device learns of it: no secret, both sides derive that.
///
/// ```
/// use pushotp_types::TokenId;
/// use pushotp_wire::message::TokenInfo;
/// use pushotp_wire::terms::{OtpSpec, TokenPolicy};
///
/// let id = TokenId::from_bytes([1; 16]);
/// let info = TokenInfo::new(id, "Work", TokenPolicy::PIN_PROTECTED, OtpSpec::BOUND)?;
/// assert_eq!(info.name(), "Work");
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    id: TokenId,
    name: String,
    policy: TokenPolicy,
    otp: OtpSpec,
}

impl TokenInfo {
    /// A token with a name of 1 to 64 displayable bytes.
    ///
    /// # Errors
    /// [`Error::Display`] for the name.
    ///
    /// ```
    /// use pushotp_types::TokenId;
    /// use pushotp_wire::{Error, message::TokenInfo, terms::{OtpSpec, TokenPolicy}};
    ///
    /// let named = |name: &str| TokenInfo::new(TokenId::from_bytes([1; 16]), name, TokenPolicy::NONE, OtpSpec::BOUND);
    /// assert!(named("Work").is_ok());
    /// assert_eq!(named("").unwrap_err(), Error::Display("name"));
    /// ```
    pub fn new(id: TokenId, name: impl Into<String>, policy: TokenPolicy, otp: OtpSpec) -> Result<Self, Error> {
        let name = name.into();
        displayable(&name, MAX_NAME, "name")?;
        Ok(Self { id, name, policy, otp })
    }

    /// Its id.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// assert_eq!(token().id().as_bytes(), &[4; 16]); // a token of an enrolment
    /// ```
    #[must_use]
    pub const fn id(&self) -> TokenId {
        self.id
    }

    /// Its name.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// assert_eq!(token().name(), "Work"); // a token of an enrolment
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What every challenge for it must at least ask for.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_wire::terms::TokenPolicy;
    ///
    /// assert!(token().policy().contains(TokenPolicy::PIN_PROTECTED)); // a token of an enrolment
    /// ```
    #[must_use]
    pub const fn policy(&self) -> TokenPolicy {
        self.policy
    }

    /// Its passcode.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// assert_eq!(token().otp().digits().get(), 8); // a token of an enrolment
    /// ```
    #[must_use]
    pub const fn otp(&self) -> OtpSpec {
        self.otp
    }
}

/// The reply to an enrolment request: the tokens, or a refusal.
///
/// ```
/// use pushotp_types::{EnrolmentId, TokenId, UnixTime};
/// use pushotp_wire::message::{EnrolResponse, TokenInfo};
/// use pushotp_wire::terms::{MessageHash, OtpSpec, TokenPolicy};
///
/// let token = TokenInfo::new(TokenId::from_bytes([1; 16]), "Work", TokenPolicy::NONE, OtpSpec::BOUND)?;
/// let (enrolment, about) = (EnrolmentId::from_bytes([2; 16]), MessageHash::of(b"the request's frame"));
/// let response = EnrolResponse::new(enrolment, about, vec![token], UnixTime::from_secs(1_800_000_000))?;
/// assert_eq!(response.tokens()[0].name(), "Work");
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolResponse {
    enrolment: EnrolmentId,
    about: MessageHash,
    tokens: Vec<TokenInfo>,
    at: UnixTime,
}

impl EnrolResponse {
    /// The tokens of the new device, 1 to 8; none refuses the enrolment.
    ///
    /// # Errors
    /// [`Error::Field`] for a token that is named twice, more than eight, or a time out of range.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_types::EnrolmentId;
    /// use pushotp_wire::{message::EnrolResponse, terms::MessageHash};
    ///
    /// let (enrolment, about) = (EnrolmentId::from_bytes([1; 16]), MessageHash::of(b"the request's frame"));
    /// assert!(EnrolResponse::new(enrolment, about, vec![token()], NOW).is_ok());
    /// let twice = vec![token(), token()];
    /// assert_eq!(EnrolResponse::new(enrolment, about, twice, NOW).unwrap_err(), pushotp_wire::Error::Field("tids"));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn new(
        enrolment: EnrolmentId,
        about: MessageHash,
        mut infos: Vec<TokenInfo>,
        now: UnixTime,
    ) -> Result<Self, Error> {
        infos.sort_by_key(TokenInfo::id);
        let ids: Vec<Id> = infos.iter().map(|info| Id::new(*info.id.as_bytes())).collect();
        if !ids.is_empty() {
            tokens(&ids)?;
        }
        Ok(Self { enrolment, about, tokens: infos, at: secs(now.as_secs(), "sts")? })
    }

    /// The padded payload.
    ///
    /// # Errors
    /// None for a message that [`new`](Self::new) took.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_types::EnrolmentId;
    /// use pushotp_wire::{message::EnrolResponse, terms::MessageHash};
    /// use pushotp_wire::message::FromServer;
    ///
    /// let (enrolment, about) = (EnrolmentId::from_bytes([1; 16]), MessageHash::of(b"the request's frame"));
    /// let response = EnrolResponse::new(enrolment, about, vec![token()], NOW)?;
    /// assert_eq!(response.encode()?.decode()?, FromServer::EnrolResponse(response));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn encode(&self) -> Result<Payload, Error> {
        let info = |info: &TokenInfo| -> InfoFields {
            (Id::new(*info.id.as_bytes()), info.name.clone(), info.policy.bits(), info.otp.parts())
        };
        let fields: ResponseFields = (
            1,
            Id::new(*self.enrolment.as_bytes()),
            Hash::new(*self.about.as_bytes()),
            self.tokens.is_empty().into(),
            self.tokens.iter().map(info).collect(),
            self.at.as_secs(),
            ByteBuf::new(),
        );
        Ok(Payload::new(Typ::EnrolResponse, write(&fields, Frame::Bare)?))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let fields = read::<ResponseFields>(bytes, Frame::Bare, |fields| &fields.6)?;
        let (v, enrolment, about, status, infos, at, _) = fields;
        version(v)?;
        if status > 1 || (status == 1) != infos.is_empty() {
            return Err(Error::Field("status"));
        }
        let sorted = infos.windows(2).all(|pair| matches!(pair, [a, b] if *a.0 < *b.0));
        let infos: Result<Vec<_>, _> = infos
            .into_iter()
            .map(|(id, name, policy, otp)| {
                let policy = TokenPolicy::from_bits(policy)?;
                TokenInfo::new(TokenId::from_bytes(*id), name, policy, OtpSpec::from_parts(otp)?)
            })
            .collect();
        if !sorted {
            return Err(Error::Field("tokens"));
        }
        let (enrolment, about) = (EnrolmentId::from_bytes(*enrolment), MessageHash::from_bytes(*about));
        Self::new(enrolment, about, infos?, UnixTime::from_secs(at))
    }

    /// The offer that it concerns.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_types::EnrolmentId;
    /// use pushotp_wire::{message::EnrolResponse, terms::MessageHash};
    ///
    /// let (enrolment, about) = (EnrolmentId::from_bytes([1; 16]), MessageHash::of(b"the request's frame"));
    /// let response = EnrolResponse::new(enrolment, about, vec![token()], NOW)?;
    /// assert_eq!(response.enrolment(), enrolment);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn enrolment(&self) -> EnrolmentId {
        self.enrolment
    }

    /// The hash of the request's frame.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_types::EnrolmentId;
    /// use pushotp_wire::{message::EnrolResponse, terms::MessageHash};
    ///
    /// let (enrolment, about) = (EnrolmentId::from_bytes([1; 16]), MessageHash::of(b"the request's frame"));
    /// let response = EnrolResponse::new(enrolment, about, vec![token()], NOW)?;
    /// assert_eq!(response.about(), about);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn about(&self) -> MessageHash {
        self.about
    }

    /// The tokens, ascending by id; none if the enrolment was refused.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/enrolment.rs")); }
    /// # use world::*;
    /// use pushotp_types::EnrolmentId;
    /// use pushotp_wire::{message::EnrolResponse, terms::MessageHash};
    ///
    /// let (enrolment, about) = (EnrolmentId::from_bytes([1; 16]), MessageHash::of(b"the request's frame"));
    /// assert_eq!(EnrolResponse::new(enrolment, about, vec![token()], NOW)?.tokens(), [token()]);
    /// assert!(EnrolResponse::new(enrolment, about, vec![], NOW)?.tokens().is_empty()); // refused
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn tokens(&self) -> &[TokenInfo] {
        &self.tokens
    }
}
