#![doc = include_str!("../README.md")]

mod authenticator;
mod passcode;
mod server;
mod tuple;
mod unlock;

pub use authenticator::{
    Activation, Answering, Authenticator, AuthenticatorError, Biometric, Confirming, ConfirmingRotation, Denied,
    DeviceKeys, DeviceSetup, DeviceStorage, DeviceToken, DeviceUpdate, Enrolling, Fetching, Finished, Incoming,
    MemoryStorage, NotEnrolled, NotSent, Outcome, Prompt, Protection, Relock, Rotating, Rotation, SoftwareKeys,
    StorageError, Unconfirmed, Unfinished, Unrotated, Updating,
};
#[doc(no_inline)]
pub use pushotp_oath as oath;
#[doc(no_inline)]
pub use pushotp_pin as pin;
#[doc(no_inline)]
pub use pushotp_provision as provision;
#[doc(no_inline)]
pub use pushotp_store as store;
#[doc(no_inline)]
pub use pushotp_types as types;
#[doc(no_inline)]
pub use pushotp_wire as wire;
pub use server::{
    AccountId, AccountPage, AccountView, AuditEvent, AuditKind, AuditSink, Carried, Delivered, Drained, DuressResponse,
    Import, ImportError, KekId, KekRing, KeyEncryptionKey, KeyUnavailable, LoginFailure, LoginRequest, LoginServer,
    LoginStart, LoginState, NewToken, NumberMatching, PasscodeVerdict, Push, PushSwitch, Received, Redeemed, Reject,
    RemovedAccount, Resealed, RingError, Rng, ServerError, ServerPolicy, ServerSetup, SoftwareKek, Started, Swept,
    Ticket, TokenView, WhileOpen,
};
pub use unlock::{UnlockCode, UnlockRequest};
