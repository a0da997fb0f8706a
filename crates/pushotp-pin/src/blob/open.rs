//! From a blob back to a secret.

use pushotp_types::Secret;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    Blob, OpenError,
    format::{PinFields, Slot},
    seal, tag,
};
use crate::{
    Arena, DeviceKey, Hardener, Mode, Pin, PresenceKey,
    derive::{self, Layers, Unsealer},
};

/// What a PIN is tried with.
pub(crate) struct Tools<'a> {
    pub(crate) device: &'a dyn DeviceKey,
    pub(crate) hardener: Option<&'a dyn Hardener>,
    pub(crate) arena: &'a mut Arena,
}

impl Blob {
    /// The secret of a token without a PIN.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::NeedsPin`] if a person is needed.
    ///
    /// ```
    /// # use pushotp_pin::*;
    /// # use pushotp_types::TokenId;
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
    /// # let secret = UniformSecret::generate(&mut rng, 32).unwrap();
    /// # let device = SoftwareKey::generate(&mut rng);
    /// # let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    /// # let mut arena = Arena::new();
    /// # let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut arena, rng: &mut rng };
    /// let blob = Blob::seal_device(&secret, sealing)?;
    /// assert_eq!(blob.open_device(&device)?.expose(), secret.secret().expose());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_device(&self, device: &dyn DeviceKey) -> Result<Secret, OpenError> {
        let [Slot::Device(fields, ciphertext)] = self.parsed.slots.as_slice() else { return Err(OpenError::NeedsPin) };
        self.authenticate(device)?;
        let context = derive::context(&self.parsed.header_bytes, fields)?;
        derive::swept(|| {
            let key = derive::slot_key(&context, device)?;
            let plain = seal::aead_open(&key, fields, &context, ciphertext)?;
            Secret::new(&plain).map_err(|_| OpenError::Tampered)
        })
    }
}

impl<M: Mode> Blob<M> {
    /// The secret that a PIN yields.
    pub(crate) fn open_pin(&self, pin: &Pin, tools: Tools<'_>) -> Result<Secret, M::OpenError> {
        let (fields, ciphertext) = self.parsed.pin().ok_or(OpenError::NoPin)?;
        derive::swept(|| {
            let material = self.material(fields, pin, tools)?;
            let plain = M::open(&material, ciphertext)?;
            Ok(Secret::new(&plain).map_err(|_| OpenError::Tampered)?)
        })
    }

    fn material(&self, fields: &PinFields, pin: &Pin, tools: Tools<'_>) -> Result<Unsealer, OpenError> {
        let Tools { device, hardener, arena } = tools;
        self.authenticate(device)?;
        if self.pin_mode() != Some(pin.mode()) {
            return Err(OpenError::OtherPinMode);
        }
        let layers = Layers { device, hardener: named(fields, hardener)?.map(|hardener| (hardener, self.token())) };
        let context = derive::context(&self.parsed.header_bytes, fields)?;
        let cost = self.parsed.cost.ok_or(OpenError::NoPin)?;
        Ok(derive::unsealer(pin, &derive::Stretch { cost, salt: &fields.3.4, context }, &layers, arena)?)
    }

    /// The secret that a presence key unwraps.
    pub(crate) fn open_presence(
        &self,
        key: &dyn PresenceKey,
        device: &dyn DeviceKey,
        prompt: &str,
    ) -> Result<Secret, OpenError> {
        let of_provider = |slot: &&Slot| matches!(slot, Slot::Presence(fields, _) if fields.2 == key.provider());
        let Some(Slot::Presence(fields, ciphertext)) = self.parsed.slots.iter().find(of_provider) else {
            return Err(OpenError::NoPresence);
        };
        self.authenticate(device)?;
        if fields.3.as_slice() != key.enrolment() {
            return Err(OpenError::Presence(crate::PresenceError::Changed));
        }
        let context = derive::context(&self.parsed.header_bytes, fields)?;
        derive::swept(|| {
            let plain: Zeroizing<_> = key.unwrap(&context, ciphertext, prompt)?;
            if plain.len() != self.parsed.secret_len {
                return Err(OpenError::Tampered);
            }
            Secret::new(&plain).map_err(|_| OpenError::Tampered)
        })
    }

    /// The tag under the device key, before anything expensive.
    fn authenticate(&self, device: &dyn DeviceKey) -> Result<(), OpenError> {
        if device.id() != self.parsed.device {
            return Err(OpenError::OtherDevice);
        }
        let expected = tag(&self.parsed.header_bytes, &self.parsed.slots, device)?;
        if bool::from(expected.ct_eq(&self.parsed.tag)) { Ok(()) } else { Err(OpenError::Tampered) }
    }
}

/// The hardener that the slot names, no other, and none if it names none.
fn named<'a>(fields: &PinFields, hardener: Option<&'a dyn Hardener>) -> Result<Option<&'a dyn Hardener>, OpenError> {
    let id = hardener.map(Hardener::id);
    let given = id.as_ref().map_or(&[][..], |id| &id[..]);
    if fields.6.as_slice() == given { Ok(hardener) } else { Err(OpenError::OtherHardener) }
}
