use core::time::Duration;

/// The limits of a login server, with the defaults of the protocol.
///
/// ```
/// use core::time::Duration;
/// use pushotp::ServerPolicy;
///
/// let policy = ServerPolicy { challenge_life: Duration::from_secs(90), ..ServerPolicy::default() };
/// assert_eq!(policy.max_consecutive_failures, 10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPolicy {
    /// How long a challenge can be answered: 120 s, at most 600 s.
    pub challenge_life: Duration,
    /// How long an enrolment offer can be used: 10 minutes.
    pub offer_life: Duration,
    /// How many digits of a number the user types: 6, as NIST SP 800-63B-4 wants at least.
    pub number_digits: u8,
    /// After how many failed passcodes in a row a token is disabled: 10.
    pub max_consecutive_failures: u8,
    /// After how many failed passcodes in 30 days a token is disabled: 30.
    pub max_monthly_failures: u8,
    /// How many pushes an account may ask for within `push_interval` without a success: 5.
    pub max_pushes: u8,
    /// The interval that `max_pushes` is about, and after which it is full again: 10 minutes.
    pub push_interval: Duration,
    /// Whether a report switches push off for every token of the challenge that the device holds.
    pub report_blocks_push: bool,
}

impl Default for ServerPolicy {
    fn default() -> Self {
        Self {
            challenge_life: Duration::from_secs(120),
            offer_life: Duration::from_secs(600),
            number_digits: 6,
            max_consecutive_failures: 10,
            max_monthly_failures: 30,
            max_pushes: 5,
            push_interval: Duration::from_secs(600),
            report_blocks_push: true,
        }
    }
}
