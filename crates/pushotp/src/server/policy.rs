use core::time::Duration;

use super::DuressResponse;

/// The most devices that the account record has room for.
const MAX_DEVICES: u8 = 5;

/// The limits of a login server, with the defaults of the protocol.
///
/// ```
/// use core::time::Duration;
/// use pushotp::ServerPolicy;
///
/// let mut policy = ServerPolicy::default();
/// policy.challenge_life = Duration::from_secs(90);
/// assert_eq!(policy.max_consecutive_failures, 10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerPolicy {
    /// How long a challenge can be answered: 120 s. With none, or more than 600 s, no login can be started.
    pub challenge_life: Duration,
    /// How long an enrolment offer can be used: 10 minutes.
    pub offer_life: Duration,
    /// How many devices an account may have: 5. Taken as 1 to 5, for all of them have to fit into the account's record.
    pub max_devices: u8,
    /// How many digits of a number the user types: 6, as NIST SP 800-63B-4 wants at least. Taken as 2 to 8.
    pub number_digits: u8,
    /// The failed passcode in a row that disables a token: the 10th.
    pub max_consecutive_failures: u8,
    /// The failed passcode that disables a token however many right ones lie between: the 30th, where one failure is
    /// forgotten each day.
    pub max_monthly_failures: u8,
    /// How far a resynchronisation looks for a clock, on either side: 120 steps, an hour of steps of 30 s. Taken as 1 to 2880.
    pub resync_steps: u16,
    /// How far a resynchronisation looks for a counter, ahead: 1000. Taken as 1 to 2880.
    pub resync_counters: u16,
    /// How many pushes an account may ask for without a success before they are spaced: 5.
    pub max_pushes: u8,
    /// How long after the last push the next one may follow then: 10 s, and twice as long after each. Whole seconds.
    pub push_spacing: Duration,
    /// The longest it gets: 1 h. As often as this passes without a push, one is forgotten, so that in the long run nobody
    /// gets more than one in this time; with none, pushes are neither counted nor spaced.
    pub max_push_spacing: Duration,
    /// Whether a report switches push off for every token of the challenge that the device holds.
    pub report_blocks_push: bool,
    /// What a passcode under a token's duress PIN seems to be: wrong.
    pub duress: DuressResponse,
}

impl Default for ServerPolicy {
    fn default() -> Self {
        Self {
            challenge_life: Duration::from_secs(120),
            offer_life: Duration::from_secs(600),
            max_devices: 5,
            number_digits: 6,
            max_consecutive_failures: 10,
            max_monthly_failures: 30,
            resync_steps: 120,
            resync_counters: 1000,
            max_pushes: 5,
            push_spacing: Duration::from_secs(10),
            max_push_spacing: Duration::from_secs(3_600),
            report_blocks_push: true,
            duress: DuressResponse::SeemWrong,
        }
    }
}

impl ServerPolicy {
    pub(super) fn is_full(&self, devices: usize) -> bool {
        devices >= usize::from(self.max_devices.clamp(1, MAX_DEVICES))
    }
}
