#![doc = include_str!("../README.md")]

mod passcode;
mod server;
mod tuple;

pub use server::{
    AccountId, AuditEvent, AuditKind, KeyEncryptionKey, KeyUnavailable, LoginRequest, LoginServer, LoginStart,
    LoginState, NewToken, NumberMatching, PasscodeVerdict, Push, PushSwitch, Received, Reject, Rng, ServerError,
    ServerPolicy, ServerSetup, SoftwareKek, Started, Ticket, TokenView,
};
