//! The words of the protocol: what its fields can say.

mod codes;
mod ids;
mod policy;

pub use codes::{CancelReason, PasscodeKind, PushKind, Reason, Status, Typ, UserVerification};
pub use ids::{ChallengeHash, ChallengeId, Kid, MessageHash, Nonce, RotationHash, RotationId};
pub use policy::{ChallengePolicy, NumberMode, OtpSpec, PushAddress, TokenPolicy};
pub use pushotp_types::Generation;
