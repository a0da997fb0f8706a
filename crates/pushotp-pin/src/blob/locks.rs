use alloc::vec::Vec;
use core::{fmt, marker::PhantomData};

use crate::{Camouflage, Hardener, Mode, Permit, Pin, PresenceKey, Verifiable};

/// What opens a secret that is to be sealed: a PIN, a presence key, or both.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
/// # use world::*;
/// use pushotp_pin::{Blob, Locks};
///
/// let (pin, finger, server) = (pin("271846"), presence(), hardener());
/// let blob = seal(&Locks::pin(&pin).hardened(&server).or_presence(&finger));
/// assert!(blob.needs_pin() && blob.hardener().is_some() && blob.presence_providers().count() == 1);
/// assert!(blob.as_bytes().len() < 300);
/// ```
pub struct Locks<'a, M: Mode = Camouflage> {
    pub(super) pin: Option<&'a Pin>,
    pub(super) permit: Option<Permit<'a>>,
    pub(super) hardener: Option<&'a dyn Hardener>,
    pub(super) presence: Vec<&'a dyn PresenceKey>,
    mode: PhantomData<M>,
}

impl<'a> Locks<'a> {
    /// A PIN, as camouflage.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::Locks;
    ///
    /// assert!(seal(&Locks::pin(&pin("271846"))).needs_pin());
    /// ```
    #[must_use]
    pub const fn pin(pin: &'a Pin) -> Self {
        Self { pin: Some(pin), permit: None, hardener: None, presence: Vec::new(), mode: PhantomData }
    }

    /// Nothing but the device key: for a token without a PIN.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::Locks;
    ///
    /// assert!(!seal(&Locks::device()).needs_person());
    /// ```
    #[must_use]
    pub const fn device() -> Self {
        Self { pin: None, permit: None, hardener: None, presence: Vec::new(), mode: PhantomData }
    }

    /// A presence key and no PIN.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::Locks;
    ///
    /// assert!(!seal(&Locks::presence(&presence())).needs_pin());
    /// ```
    #[must_use]
    pub fn presence(key: &'a dyn PresenceKey) -> Self {
        Self { pin: None, permit: None, hardener: None, presence: Vec::from([key]), mode: PhantomData }
    }
}

impl<'a> Locks<'a, Verifiable> {
    /// A PIN that is told to be wrong when it is, by leave of a permit. A hardener that gave the permit takes part.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Locks, Permit};
    ///
    /// let server = hardener();
    /// let blob = seal(&Locks::verifiable_pin(&pin("271846"), Permit::from_hardener(&server)));
    /// assert!(blob.needs_pin() && blob.hardener().is_some());
    /// ```
    ///
    /// There is no way without one:
    ///
    /// ```compile_fail,E0599
    /// # use pushotp_pin::{Locks, Pin, Verifiable};
    /// let pin = Pin::entered("271846").unwrap();
    /// let locks = Locks::<Verifiable>::pin(&pin);
    /// ```
    #[must_use]
    pub const fn verifiable_pin(pin: &'a Pin, permit: Permit<'a>) -> Self {
        let hardener = permit.hardener();
        Self { pin: Some(pin), permit: Some(permit), hardener, presence: Vec::new(), mode: PhantomData }
    }
}

impl<'a, M: Mode> Locks<'a, M> {
    /// The same PIN, with a hardener in every guess. A hardener that gave a permit stays. Without a PIN it is refused.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::Locks;
    ///
    /// let server = hardener();
    /// assert!(seal(&Locks::pin(&pin("271846")).hardened(&server)).hardener().is_some());
    /// ```
    #[must_use]
    pub fn hardened(self, hardener: &'a dyn Hardener) -> Self {
        let permitted = self.permit.as_ref().and_then(Permit::hardener);
        Self { hardener: Some(permitted.unwrap_or(hardener)), ..self }
    }

    /// Or a presence key, where the token's policy permits it: at most three, each of another provider.
    ///
    /// Whoever unwraps the secret this way and has the blob and the device key finds the PIN, too. So the presence key has
    /// to be kept at least as well as the device key, and [in software](crate::SoftwarePresenceKey) it is for tests.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::Locks;
    ///
    /// let (pin, finger, face) = (pin("271846"), presence(), presence().simulating("face", b""));
    /// let blob = seal(&Locks::pin(&pin).or_presence(&finger).or_presence(&face));
    /// assert_eq!(blob.presence_providers().count(), 2);
    /// ```
    #[must_use]
    pub fn or_presence(mut self, key: &'a dyn PresenceKey) -> Self {
        self.presence.push(key);
        self
    }
}

impl<M: Mode> fmt::Debug for Locks<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Locks");
        shown.field("pin", &self.pin.is_some()).field("hardener", &self.hardener.is_some());
        shown.field("presence", &self.presence.len()).finish()
    }
}
