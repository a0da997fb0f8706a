use core::fmt;

/// What opens an encrypted file: a password, a pre-shared key, or neither.
///
/// A password is tried with the one derivation that the file names, never with several.
///
/// ```
/// use pushotp_provision::Unlock;
///
/// let unlock = Unlock::none().password("correct horse").key(&[7; 16]);
/// assert_eq!(format!("{unlock:?}"), "Unlock { password: true, key: true }");
/// ```
#[derive(Clone, Copy, Default)]
pub struct Unlock<'a> {
    pub(crate) password: Option<&'a str>,
    pub(crate) key: Option<&'a [u8]>,
}

impl<'a> Unlock<'a> {
    /// Nothing: for files that are not encrypted.
    ///
    /// ```
    /// # use pushotp_provision::Unlock;
    /// assert_eq!(format!("{:?}", Unlock::none()), "Unlock { password: false, key: false }");
    /// ```
    #[must_use]
    pub const fn none() -> Self {
        Self { password: None, key: None }
    }

    /// With a password or passphrase, as a person typed it.
    ///
    /// ```
    /// # use pushotp_provision::Unlock;
    /// assert_eq!(format!("{:?}", Unlock::none().password("")), "Unlock { password: true, key: false }");
    /// ```
    #[must_use]
    pub const fn password(self, password: &'a str) -> Self {
        Self { password: Some(password), ..self }
    }

    /// With a pre-shared key, as bytes.
    ///
    /// ```
    /// # use pushotp_provision::Unlock;
    /// assert_eq!(format!("{:?}", Unlock::none().key(&[7; 16])), "Unlock { password: false, key: true }");
    /// ```
    #[must_use]
    pub const fn key(self, key: &'a [u8]) -> Self {
        Self { key: Some(key), ..self }
    }
}

/// Says what there is, and nothing of it.
impl fmt::Debug for Unlock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unlock").field("password", &self.password.is_some()).field("key", &self.key.is_some()).finish()
    }
}
