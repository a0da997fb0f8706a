//! What a device says: a `COSE_Sign1` as a fixed template, the plaintext of every frame.

use alloc::vec::Vec;

use pushotp_types::TenantId;
use zeroize::Zeroizing;

use crate::{
    Error,
    cursor::{Cursor, external_aad, put_bytes},
    message::FromDevice,
    signer::{Algorithm, DeviceSigner, VerifyingKey},
    terms::Typ,
};

/// The template's parts; nothing of it is authentic before [`verify`](Self::verify).
pub(crate) struct Sign1<'a> {
    protected: &'a [u8; 7],
    algorithm: Algorithm,
    typ: Typ,
    payload: &'a [u8],
    signature: &'a [u8; 64],
}

impl<'a> Sign1<'a> {
    pub(crate) fn parse(input: &'a [u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(input);
        cursor.expect((6, 18))?;
        cursor.expect((4, 4))?;
        let protected = cursor.array::<7>(Error::Header)?;
        let [0xa2, 0x01, algorithm, 0x10, 0x19, high, low] = *protected else { return Err(Error::Header) };
        cursor.expect((5, 0))?;
        let payload = cursor.bytes()?;
        let signature = cursor.array::<64>(Error::Shape)?;
        cursor.end()?;
        let algorithm = Algorithm::from_cose(algorithm)?;
        let typ = Typ::from_code(u16::from_be_bytes([high, low])).map_err(|_| Error::Header)?;
        if !typ.is_from_device() {
            return Err(Error::Direction);
        }
        Ok(Self { protected, algorithm, typ, payload, signature })
    }

    pub(crate) const fn typ(&self) -> Typ {
        self.typ
    }

    pub(crate) const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The key fixes the algorithm; the header is only compared with it.
    pub(crate) fn verify(&self, key: &VerifyingKey, tenant: &TenantId) -> Result<(), Error> {
        if key.algorithm() != self.algorithm {
            return Err(Error::Header);
        }
        key.verify(&to_be_signed(*self.protected, tenant, self.payload), self.signature)
    }
}

/// The signed message: a whole number of blocks of 64 bytes.
pub(crate) fn sign(
    message: &FromDevice,
    tenant: &TenantId,
    signer: &dyn DeviceSigner,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let payload = Zeroizing::new(message.encode()?);
    let [high, low] = message.typ().code().to_be_bytes();
    let protected = [0xa2, 0x01, signer.verifying_key().algorithm().cose(), 0x10, 0x19, high, low];
    let message = Zeroizing::new(to_be_signed(protected, tenant, &payload));
    let signature = signer.sign(&message).map_err(|_| Error::Signer)?;
    let mut out = Zeroizing::new(Vec::with_capacity(96 + payload.len()));
    out.extend_from_slice(&[0xd2, 0x84]);
    put_bytes(&mut out, &protected);
    out.push(0xa0);
    put_bytes(&mut out, &payload);
    put_bytes(&mut out, &signature);
    Ok(out)
}

/// `["Signature1", protected, external_aad, payload]`.
fn to_be_signed(protected: [u8; 7], tenant: &TenantId, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(96 + payload.len());
    out.extend_from_slice(b"\x84\x6aSignature1");
    put_bytes(&mut out, &protected);
    put_bytes(&mut out, &external_aad(tenant));
    put_bytes(&mut out, payload);
    out
}

#[cfg(test)]
mod tests {
    use pushotp_types::{DeviceId, UnixTime};
    use rand_chacha::{
        ChaCha20Rng,
        rand_core::{Rng, SeedableRng},
    };

    use super::*;
    use crate::{message::Fetch, signer::Ed25519Signer, terms::Nonce};

    fn good() -> Vec<u8> {
        let now = UnixTime::from_secs(1_800_000_000);
        let fetch = Fetch::new(DeviceId::from_bytes([1; 16]), Nonce::from_bytes([4; 16]), now).unwrap();
        let signer = Ed25519Signer::from_bytes(&[6; 32]);
        sign(&FromDevice::Fetch(fetch), &TenantId::new(b"example.com").unwrap(), &signer).unwrap().to_vec()
    }

    fn written(sign1: &Sign1<'_>) -> Vec<u8> {
        let mut out = alloc::vec![0xd2, 0x84];
        put_bytes(&mut out, sign1.protected);
        out.push(0xa0);
        put_bytes(&mut out, sign1.payload);
        put_bytes(&mut out, sign1.signature);
        out
    }

    /// 100,000 random and mutated signed messages: one that is read has this form and no other.
    #[test]
    fn hostile_bytes() {
        let (good, mut rng) = (good(), ChaCha20Rng::seed_from_u64(8));
        let (mut read, mut refused) = (0, 0);
        for round in 0..100_000 {
            let mut bytes = good.clone();
            if round % 10 == 0 {
                rng.fill_bytes(&mut bytes);
            }
            for _ in 0..rng.next_u32() % 3 {
                let at = rng.next_u32() as usize % (bytes.len() + 1);
                match rng.next_u32() % 4 {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at, rng.next_u32().to_le_bytes()[0]),
                    _ => drop(bytes.get_mut(at).map(|byte| *byte ^= 1 << (rng.next_u32() % 8))),
                }
            }
            match Sign1::parse(&bytes) {
                Ok(sign1) => {
                    assert_eq!(written(&sign1), bytes);
                    read += 1;
                }
                Err(_) => refused += 1,
            }
        }
        assert!(read > 20_000 && refused > 20_000, "{read} {refused}: nothing is proved");
    }
}
