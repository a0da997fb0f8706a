use linux_keyutils::{KeyError, KeyPermissions, KeyRing, KeyRingIdentifier, Permission};
use pushotp_pin::DeviceError;

/// Which of the kernel's keyrings holds the key, and so how long it lives. None outlives the machine's run.
///
/// ```
/// use pushotp_keyring::Ring;
///
/// if !Ring::User.is_available() {
///     println!("no keyrings here, as in most containers: take another device key");
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ring {
    /// This process, and threads of it: for tests.
    Process,
    /// The login session: gone when it ends. Other sessions of the user do not read it. A process without a session
    /// shares one with all processes of the user that have none, either.
    Session,
    /// The user: every process of the account, in all sessions. The kernel may forget it when the last one ends.
    User,
    /// The user, also without any process, until nobody has used the ring for some time, three days by default
    /// (`/proc/sys/kernel/keys/persistent_keyring_expiry`). Not every kernel has it.
    Persistent,
}

impl Ring {
    /// Whether the kernel gives this ring to this process. Sandboxes and containers often forbid it.
    ///
    /// ```
    /// use pushotp_keyring::Ring;
    ///
    /// let best = [Ring::Persistent, Ring::User].into_iter().find(|ring| ring.is_available());
    /// # let _ = best;
    /// ```
    #[must_use]
    pub fn is_available(self) -> bool {
        self.open().is_ok()
    }

    pub(crate) fn open(self) -> Result<KeyRing, DeviceError> {
        let ring = match self {
            Self::Process => KeyRing::from_special_id(KeyRingIdentifier::Process, true),
            Self::Session => KeyRing::from_special_id(KeyRingIdentifier::Session, false),
            Self::User => KeyRing::from_special_id(KeyRingIdentifier::User, true),
            Self::Persistent => KeyRing::get_persistent(KeyRingIdentifier::Process),
        };
        // That a ring is not there does not say that a key is gone: the process may have been started elsewhere.
        ring.map_err(|error| match device_error(error) {
            DeviceError::Gone => DeviceError::Unavailable,
            other => other,
        })
    }

    /// Who may do what with the key. Nobody may overwrite it. Whoever reaches it from its own rings may use and erase
    /// it; in the rings of the user this is every process of the user, whether or not its session is linked to them.
    pub(crate) fn permissions(self) -> KeyPermissions {
        let mut permissions = KeyPermissions::new();
        let all = || Permission::VIEW | Permission::READ | Permission::SEARCH | Permission::SETATTR;
        permissions.set_posessor_perms(all());
        if matches!(self, Self::User | Self::Persistent) {
            permissions.set_user_perms(all());
        }
        permissions
    }
}

/// What the kernel's refusal means for a device key.
pub(crate) fn device_error(error: KeyError) -> DeviceError {
    match error {
        KeyError::KeyDoesNotExist | KeyError::KeyRevoked | KeyError::KeyExpired | KeyError::KeyringDoesNotExist => {
            DeviceError::Gone
        }
        KeyError::AccessDenied
        | KeyError::PermissionDenied
        | KeyError::OperationNotSupported
        | KeyError::QuotaExceeded
        | KeyError::OutOfMemory
        // ENOSYS: a kernel without keyrings.
        | KeyError::Unknown(38) => DeviceError::Unavailable,
        _ => DeviceError::Failed,
    }
}
