use core::fmt;

use pushotp_wire::message::Context;

use super::error::ServerError;

/// The name of an account: the user name that the device shows, 1 to 128 bytes.
///
/// ```
/// use pushotp::AccountId;
///
/// let account = AccountId::new("alice@example.com")?;
/// assert_eq!(account.as_str(), "alice@example.com");
/// assert!(AccountId::new("").is_err() && AccountId::new("a\nb").is_err());
/// # Ok::<(), pushotp::ServerError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// An account's name as it is: no case folding, no trimming.
    ///
    /// # Errors
    /// [`ServerError::Name`] if it is empty, longer than 128 bytes, or has a character that a device does not display.
    ///
    /// ```
    /// # use pushotp::AccountId;
    /// assert!(AccountId::new("a".repeat(129)).is_err());
    /// assert!(AccountId::new("ecila\u{202e}").is_err()); // turns the text around
    /// ```
    pub fn new(name: impl Into<String>) -> Result<Self, ServerError> {
        let name = name.into();
        // A challenge's own rule: else there would be accounts to which no login can be pushed.
        Context::new("-", name.as_str()).map_err(|_| ServerError::Name)?;
        Ok(Self(name))
    }

    /// The name.
    ///
    /// ```
    /// # use pushotp::AccountId;
    /// assert_eq!(AccountId::new("bob")?.as_str(), "bob");
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({:?})", self.0)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
