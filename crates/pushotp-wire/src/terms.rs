//! The words of the protocol: what its fields can say.

mod codes;
mod ids;
mod policy;

pub use codes::{CancelReason, PasscodeKind, PushKind, Reason, Status, Typ, UserVerification};
pub use ids::{ChallengeHash, ChallengeId, Kid, MessageHash, Nonce};
pub use policy::{ChallengePolicy, NumberMode, OtpSpec, PushAddress, TokenPolicy};
