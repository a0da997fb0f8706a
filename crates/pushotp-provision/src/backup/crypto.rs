//! The exports that a password protects. Each names its key derivation, by its format or in the file: the password is
//! tried with that one, whose cost is judged before anything is allocated or computed. Keys, decrypted text and the
//! memory of Argon2 are erased; the memory of scrypt is not, which its crate keeps to itself.

mod aegis;
mod bitwarden;
mod boxes;
mod cipher;
mod ente;
mod freeotp2;
mod java;
mod kdf;
mod secretstream;

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::json;
use crate::{Error, Format, Policy, Record, Records, Unlock, Warnings, read::text};

/// Decrypted text, erased when dropped.
type Plain = Zeroizing<Vec<u8>>;

/// What opens a file, and what was tolerated.
struct Opening<'a> {
    password: &'a [u8],
    policy: &'a Policy,
    warnings: Warnings,
}

/// Opens an encrypted export and reads what is in it.
pub(crate) fn open(format: Format, input: &[u8], policy: &Policy, unlock: &Unlock<'_>) -> Result<Records, Error> {
    let password = unlock.password.ok_or(Error::Locked)?.as_bytes();
    let mut opening = Opening { password, policy, warnings: Warnings::default() };
    if format == Format::FreeOtp2 {
        let mut records = Records::new(format, freeotp2::read(input, &mut opening)?);
        records.warnings = opening.warnings;
        return Ok(records);
    }
    let plain = match format {
        Format::AegisEncrypted => aegis::open(text(input)?, &mut opening),
        Format::TwoFasEncrypted => boxes::two_fas(text(input)?, &mut opening),
        Format::AndOtpEncrypted => boxes::andotp(input, &mut opening),
        Format::BitwardenEncrypted => bitwarden::open(text(input)?, &mut opening),
        Format::EnteEncrypted => ente::open(text(input)?, &mut opening),
        Format::StratumEncrypted => boxes::stratum(input, &mut opening),
        Format::StratumLegacy => boxes::stratum_legacy(input, &mut opening),
        Format::ProtonEncrypted => boxes::proton(text(input)?, &mut opening),
        _ => return Err(Error::NotReadable(format)),
    }?;
    let mut records = Records::new(format, inside(format, &plain, policy)?);
    records.warnings = opening.warnings;
    Ok(records)
}

/// The plain export that was inside.
fn inside(format: Format, plain: &[u8], policy: &Policy) -> Result<Vec<Record>, Error> {
    if format == Format::EnteEncrypted {
        return Ok(crate::read::read_as(Format::UriList, plain, policy, &Unlock::none())?.records);
    }
    // Without a MAC, what the wrong password makes of a file is seldom text.
    let text = text(plain).map_err(|_| Error::Decrypt)?;
    match format {
        Format::AegisEncrypted => super::aegis::database(text, policy),
        Format::TwoFasEncrypted => super::two_fas::decrypted(text, policy),
        Format::AndOtpEncrypted => super::andotp::read(text, policy),
        Format::BitwardenEncrypted => super::bitwarden::read(text, policy),
        Format::ProtonEncrypted => super::proton::read(text, policy),
        _ => super::stratum::read(text, policy),
    }
}
