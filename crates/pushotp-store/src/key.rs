use std::fmt;

/// The name of an entry: 1 to 256 bytes, ordered byte by byte.
///
/// Any byte may occur. By convention the parts of a key are joined by `/`, as in `account/alice`. A key is an address,
/// not a secret; it is shown in `Debug` with everything but printable ASCII escaped.
///
/// ```
/// use pushotp_store::Key;
///
/// let key = Key::new("account/alice")?;
/// assert_eq!(key.as_bytes(), b"account/alice");
/// assert!(key < Key::new("account/bob")?);
/// assert_eq!(format!("{:?}", Key::new("a\n")?), r#"Key("a\n")"#);
/// # Ok::<(), pushotp_store::KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<[u8]>);

impl Key {
    /// The longest key in bytes.
    ///
    /// ```
    /// # use pushotp_store::Key;
    /// assert!(Key::new([b'k'; Key::MAX_LEN]).is_ok() && Key::new([b'k'; Key::MAX_LEN + 1]).is_err());
    /// ```
    pub const MAX_LEN: usize = 256;

    /// A key of these bytes.
    ///
    /// # Errors
    /// [`KeyError`] if there are none or more than [`MAX_LEN`](Self::MAX_LEN).
    ///
    /// ```
    /// # use pushotp_store::Key;
    /// assert!(Key::new([0xff; 256]).is_ok());
    /// assert!(Key::new("").is_err() && Key::new([0; 257]).is_err());
    /// ```
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let bytes = bytes.as_ref();
        if bytes.is_empty() || bytes.len() > Self::MAX_LEN { Err(KeyError) } else { Ok(Self(bytes.into())) }
    }

    /// Its bytes.
    ///
    /// ```
    /// # use pushotp_store::Key;
    /// assert!(Key::new("kid/1")?.as_bytes().starts_with(b"kid/"));
    /// # Ok::<(), pushotp_store::KeyError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key(\"{}\")", self.0.escape_ascii())
    }
}

/// A key without bytes or with more than 256.
///
/// ```
/// # use pushotp_store::Key;
/// assert_eq!(Key::new("").unwrap_err().to_string(), "a key has 1 to 256 bytes");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key has 1 to 256 bytes")]
pub struct KeyError;
