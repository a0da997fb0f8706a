//! HPKE in the one mode and suite of the protocol: `mode_psk`, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
//! ChaCha20-Poly1305. Source: RFC 9180.

mod kem;

use alloc::vec::Vec;

use hpke::{
    Deserializable as _, OpModeR, OpModeS, PskBundle, Serializable as _,
    aead::{AeadCtxR, AeadCtxS, ChaCha20Poly1305},
    kdf::HkdfSha256,
    setup_receiver, setup_sender_with_rng,
};
pub(crate) use kem::{Dhkem as Kem, PrivateKey};
use pushotp_cbor::{Bytes, encode};
use pushotp_types::{EnrolmentId, TokenId};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{Error, keys::Binding, terms::Kid};

type Sender = AeadCtxS<ChaCha20Poly1305, HkdfSha256, Kem>;
type Receiver = AeadCtxR<ChaCha20Poly1305, HkdfSha256, Kem>;

/// What a run of HPKE is bound to, besides the keys.
pub(crate) struct Context<'a> {
    pub(crate) psk: &'a [u8; 32],
    pub(crate) psk_id: &'a [u8],
    pub(crate) info: Vec<u8>,
}

impl<'a> Context<'a> {
    /// `["pushotp", 1, "d2s", tenant, did, epoch]`, under the kid.
    pub(crate) fn channel(psk: &'a [u8; 32], kid: &'a Kid, binding: &Binding) -> Result<Self, Error> {
        let Binding { tenant, device, epoch } = binding;
        let (tenant, device) = (Bytes::new(tenant.as_bytes()), Bytes::new(device.as_bytes()));
        let info = encode(&("pushotp", 1, "d2s", tenant, device, epoch.get()))?;
        Ok(Self { psk, psk_id: kid.as_bytes(), info })
    }

    /// `["pushotp", 1, "enrol", tenant, eid, did, epoch]`, under the enrolment's id.
    pub(crate) fn enrolment(psk: &'a [u8; 32], id: &'a EnrolmentId, binding: &Binding) -> Result<Self, Error> {
        let Binding { tenant, device, epoch } = binding;
        let (tenant, device) = (Bytes::new(tenant.as_bytes()), Bytes::new(device.as_bytes()));
        let info = encode(&("pushotp", 1, "enrol", tenant, Bytes::new(id.as_bytes()), device, epoch.get()))?;
        Ok(Self { psk, psk_id: id.as_bytes(), info })
    }

    /// `["pushotp", 1, "ticket", tenant, did, epoch]`, under the kid of the frames; sealed to a key of the device.
    pub(crate) fn ticket(psk: &'a [u8; 32], kid: &'a Kid, binding: &Binding) -> Result<Self, Error> {
        let Binding { tenant, device, epoch } = binding;
        let (tenant, device) = (Bytes::new(tenant.as_bytes()), Bytes::new(device.as_bytes()));
        let info = encode(&("pushotp", 1, "ticket", tenant, device, epoch.get()))?;
        Ok(Self { psk, psk_id: kid.as_bytes(), info })
    }

    /// The sender's side: the encapsulated key, and the context to seal and to export with.
    pub(crate) fn sender<R: CryptoRng + ?Sized>(
        &self,
        recipient: &[u8; 32],
        mut rng: &mut R,
    ) -> Result<([u8; 32], Sender), Error> {
        let public = <Kem as hpke::Kem>::PublicKey::from_bytes(recipient).map_err(|_| Error::WeakKey)?;
        let mode = OpModeS::Psk(PskBundle::new(self.psk, self.psk_id).map_err(|_| Error::WeakKey)?);
        // The shared secret of a point of small order is zero, and HPKE refuses it.
        let (enc, context) =
            setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, Kem>(&mode, &public, &self.info, &mut rng)
                .map_err(|_| Error::WeakKey)?;
        Ok((enc.to_bytes().into(), context))
    }

    /// The receiver's side.
    pub(crate) fn receiver(&self, private: &PrivateKey, enc: &[u8; 32]) -> Result<Receiver, Error> {
        let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(enc).map_err(|_| Error::BadSeal)?;
        let mode = OpModeR::Psk(PskBundle::new(self.psk, self.psk_id).map_err(|_| Error::BadSeal)?);
        setup_receiver(&mode, private, &enc, &self.info).map_err(|_| Error::BadSeal)
    }
}

/// The exporter of an enrolment's run, on either side.
pub(crate) trait Exporter {
    /// Fills `out` under a context.
    fn export(&self, context: &[u8], out: &mut [u8]) -> Result<(), Error>;
}

impl Exporter for Sender {
    fn export(&self, context: &[u8], out: &mut [u8]) -> Result<(), Error> {
        Self::export(self, context, out).map_err(|_| Error::WeakKey)
    }
}

impl Exporter for Receiver {
    fn export(&self, context: &[u8], out: &mut [u8]) -> Result<(), Error> {
        Self::export(self, context, out).map_err(|_| Error::WeakKey)
    }
}

/// `X(label, tid, L)`: the exporter's value for `["pushotp", 1, label, tenant, did, tid, epoch]`.
pub(crate) fn export<const N: usize>(
    exporter: &impl Exporter,
    label: &str,
    binding: &Binding,
    token: Option<&TokenId>,
) -> Result<Zeroizing<[u8; N]>, Error> {
    let Binding { tenant, device, epoch } = binding;
    let (tenant, device) = (Bytes::new(tenant.as_bytes()), Bytes::new(device.as_bytes()));
    let token = Bytes::new(token.map_or(&[0; 16], TokenId::as_bytes).as_slice());
    let context = encode(&("pushotp", 1, label, tenant, device, token, epoch.get()))?;
    let mut out = Zeroizing::new([0; N]);
    exporter.export(&context, out.as_mut_slice())?;
    Ok(out)
}
