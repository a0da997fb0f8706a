use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, net::IpAddr};

use pushotp_cbor::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, text::displayable};

/// How many entries a context may have.
const MAX_ENTRIES: usize = 16;
/// The longest value of an entry that a device does not know, in bytes.
const MAX_EXTRA: usize = 256;

const APPLICATION: u8 = 0;
const USER: u8 = 2;
const IP: u8 = 4;
const PLACE: u8 = 6;
const CLIENT: u8 = 8;
const ACTION: u8 = 10;

/// What is displayed: who asks, for whom, from where.
///
/// Every text is shown as it is, so none may hold control characters of any kind, or be empty.
///
/// ```
/// use pushotp_wire::message::Context;
///
/// let context = Context::new("Intranet", "alice")?.with_place("Vienna, Austria")?.with_ip([192, 0, 2, 7].into());
/// assert_eq!(context.place(), Some("Vienna, Austria"));
/// assert!(Context::new("Intra\u{202e}net", "alice").is_err());
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    application: String,
    user: String,
    ip: Option<IpAddr>,
    place: Option<String>,
    client: Option<String>,
    action: Option<String>,
    extras: BTreeMap<u8, ContextValue>,
}

/// The value of an entry that need not be understood.
///
/// ```
/// use pushotp_wire::{Error, message::{Context, ContextValue}};
///
/// let context = Context::new("Intranet", "alice")?;
/// // An odd key may be ignored by a device; an even one it has to display, and version 1 has six of those.
/// assert!(context.clone().with_extra(13, ContextValue::Uint(5)).is_ok());
/// assert_eq!(context.with_extra(12, ContextValue::Uint(5)).unwrap_err(), Error::Field("ctx"));
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextValue {
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A number.
    Uint(u64),
}

macro_rules! texts {
    ($($(#[$doc:meta])* $field:ident, $with:ident, $most:literal;)+) => {$(
        $(#[$doc])*
        ///
        /// ```
        /// use pushotp_wire::message::Context;
        ///
        #[doc = concat!("assert_eq!(Context::new(\"Intranet\", \"alice\")?.", stringify!($field), "(), None);")]
        /// # Ok::<(), pushotp_wire::Error>(())
        /// ```
        #[must_use]
        pub fn $field(&self) -> Option<&str> {
            self.$field.as_deref()
        }

        /// Adds it; the limit is in bytes.
        ///
        /// # Errors
        /// [`Error::Display`] if it is empty, too long, or has control characters.
        ///
        /// ```
        /// use pushotp_wire::message::Context;
        ///
        /// let context = Context::new("Intranet", "alice")?;
        #[doc = concat!("let context = context.", stringify!($with), "(\"for the user to read\")?;")]
        #[doc = concat!("assert_eq!(context.", stringify!($field), "(), Some(\"for the user to read\"));")]
        #[doc = concat!("assert!(context.", stringify!($with), "(\"x\".repeat(", $most, " + 1)).is_err());")]
        /// # Ok::<(), pushotp_wire::Error>(())
        /// ```
        pub fn $with(mut self, text: impl Into<String>) -> Result<Self, Error> {
            let text = text.into();
            displayable(&text, $most, stringify!($field))?;
            self.$field = Some(text);
            Ok(self)
        }
    )+};
}

impl Context {
    /// Application, 1 to 64 bytes, and user, 1 to 128.
    ///
    /// # Errors
    /// [`Error::Display`] if one is empty, too long, or has control characters.
    ///
    /// ```
    /// use pushotp_wire::{Error, message::Context};
    ///
    /// assert!(Context::new("Intranet", "alice").is_ok());
    /// assert_eq!(Context::new("Intranet", "").unwrap_err(), Error::Display("user"));
    /// assert_eq!(Context::new("Intranet\n", "alice").unwrap_err(), Error::Display("application"));
    /// ```
    pub fn new(application: impl Into<String>, user: impl Into<String>) -> Result<Self, Error> {
        let (application, user) = (application.into(), user.into());
        displayable(&application, 64, "application")?;
        displayable(&user, 128, "user")?;
        Ok(Self { application, user, ip: None, place: None, client: None, action: None, extras: BTreeMap::new() })
    }

    /// The application that the user logs in to.
    ///
    /// ```
    /// use pushotp_wire::message::Context;
    ///
    /// assert_eq!(Context::new("Intranet", "alice")?.application(), "Intranet");
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn application(&self) -> &str {
        &self.application
    }

    /// The user who logs in.
    ///
    /// ```
    /// use pushotp_wire::message::Context;
    ///
    /// assert_eq!(Context::new("Intranet", "alice")?.user(), "alice");
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The address that the login comes from.
    ///
    /// ```
    /// use pushotp_wire::message::Context;
    ///
    /// assert_eq!(Context::new("Intranet", "alice")?.ip(), None);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Adds the address that the login comes from.
    ///
    /// ```
    /// use pushotp_wire::message::Context;
    ///
    /// let context = Context::new("Intranet", "alice")?.with_ip([192, 0, 2, 7].into());
    /// assert_eq!(context.ip().map(|ip| ip.to_string()).as_deref(), Some("192.0.2.7"));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn with_ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip);
        self
    }

    texts! {
        /// The place that the login comes from, at most 64 bytes.
        place, with_place, 64;
        /// The client software, at most 128 bytes.
        client, with_client, 128;
        /// What is to be approved, if it is more than a login; at most 256 bytes.
        action, with_action, 256;
    }

    /// Entries under odd keys: covered by the challenge hash, ignored by a device that does not know them.
    ///
    /// ```
    /// use pushotp_wire::message::{Context, ContextValue};
    ///
    /// let context = Context::new("Intranet", "alice")?.with_extra(13, ContextValue::Uint(5))?;
    /// assert_eq!(context.extras().get(&13), Some(&ContextValue::Uint(5)));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn extras(&self) -> &BTreeMap<u8, ContextValue> {
        &self.extras
    }

    /// Adds an entry that a device may ignore: an odd key under 24, at most 256 bytes.
    ///
    /// # Errors
    /// [`Error::Field`] for any other key, a longer value, or the seventeenth entry.
    ///
    /// ```
    /// use pushotp_wire::{Error, message::{Context, ContextValue}};
    ///
    /// let context = Context::new("Intranet", "alice")?.with_extra(13, ContextValue::Text("kiosk".into()))?;
    /// let long = ContextValue::Bytes(vec![0; 257]);
    /// assert_eq!(context.with_extra(15, long).unwrap_err(), Error::Field("ctx"));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn with_extra(mut self, key: u8, value: ContextValue) -> Result<Self, Error> {
        let len = match &value {
            ContextValue::Text(text) => text.len(),
            ContextValue::Bytes(bytes) => bytes.len(),
            ContextValue::Uint(_) => 0,
        };
        if key & 1 == 0 || key > 23 || len > MAX_EXTRA {
            return Err(Error::Field("ctx"));
        }
        self.extras.insert(key, value);
        if self.to_map().len() > MAX_ENTRIES { Err(Error::Field("ctx")) } else { Ok(self) }
    }

    pub(super) fn to_map(&self) -> BTreeMap<u8, Value> {
        let ip = self.ip.map(|ip| match ip {
            IpAddr::V4(ip) => ContextValue::Bytes(ip.octets().to_vec()),
            IpAddr::V6(ip) => ContextValue::Bytes(ip.octets().to_vec()),
        });
        let text = |text: &Option<String>| text.clone().map(ContextValue::Text);
        let known = [
            (APPLICATION, Some(ContextValue::Text(self.application.clone()))),
            (USER, Some(ContextValue::Text(self.user.clone()))),
            (IP, ip),
            (PLACE, text(&self.place)),
            (CLIENT, text(&self.client)),
            (ACTION, text(&self.action)),
        ];
        let known = known.into_iter().filter_map(|(key, value)| Some((key, Value(value?))));
        known.chain(self.extras.iter().map(|(key, value)| (*key, Value(value.clone())))).collect()
    }

    pub(super) fn from_map(mut map: BTreeMap<u8, Value>) -> Result<Self, Error> {
        if map.len() > MAX_ENTRIES {
            return Err(Error::Field("ctx"));
        }
        let mut text = |key: u8| match map.remove(&key) {
            None => Ok(None),
            Some(Value(ContextValue::Text(text))) => Ok(Some(text)),
            Some(_) => Err(Error::Field("ctx")),
        };
        let required = Error::Field("ctx");
        let mut context = Self::new(text(APPLICATION)?.ok_or(required)?, text(USER)?.ok_or(required)?)?;
        if let Some(place) = text(PLACE)? {
            context = context.with_place(place)?;
        }
        if let Some(client) = text(CLIENT)? {
            context = context.with_client(client)?;
        }
        if let Some(action) = text(ACTION)? {
            context = context.with_action(action)?;
        }
        context.ip = map.remove(&IP).map(|ip| address(&ip.0)).transpose()?;
        // What is left: an even key that this version cannot display is refused by `with_extra`.
        map.into_iter().try_fold(context, |context, (key, value)| context.with_extra(key, value.0))
    }
}

fn address(value: &ContextValue) -> Result<IpAddr, Error> {
    let ContextValue::Bytes(bytes) = value else { return Err(Error::Field("ctx")) };
    if let Ok(v4) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Ok(v4.into());
    }
    <[u8; 16]>::try_from(bytes.as_slice()).map(IpAddr::from).map_err(|_| Error::Field("ctx"))
}

/// A value of the context in CBOR: text, bytes or an unsigned number, each in the one form that it has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value(ContextValue);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            ContextValue::Text(text) => serializer.serialize_str(text),
            ContextValue::Bytes(bytes) => Bytes::new(bytes).serialize(serializer),
            ContextValue::Uint(number) => serializer.serialize_u64(*number),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl de::Visitor<'_> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, bytes or an unsigned number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value(ContextValue::Text(text.to_string())))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value(ContextValue::Bytes(bytes.to_vec())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value(ContextValue::Uint(number)))
    }
}
