//! The exports of authenticator apps, as they lie in a file; [`read`](crate::read) is the way in.
//!
//! One list of tokens each, in JSON but for two. What an entry lacks is what its app takes for it; what it has and
//! must not have is an error of this entry. Decrypted text and secrets are erased; what the JSON parser unescapes in
//! between is not.

mod aegis;
mod andotp;
mod bitwarden;
#[cfg(feature = "backup-crypto")]
pub(crate) mod crypto;
mod csv;
mod duo;
mod freeotp;
mod json;
mod keepass_fields;
mod lastpass;
mod prefs;
mod proton;
mod raivo;
mod steam_file;
mod stratum;
mod token;
mod two_fas;
mod uri;

use crate::{Error, Format, Policy, Records, read::text};

/// Reads a plain export.
pub(crate) fn read(format: Format, input: &[u8], policy: &Policy) -> Result<Records, Error> {
    let text = text(input)?;
    let records = match format {
        Format::Aegis => aegis::read(text, policy),
        Format::TwoFas => two_fas::read(text, policy),
        Format::AndOtp => andotp::read(text, policy),
        Format::FreeOtp => freeotp::preferences(text, policy),
        Format::FreeOtpPlus => freeotp::read(text, policy),
        Format::Bitwarden => bitwarden::read(text, policy),
        Format::BitwardenCsv => bitwarden::table(text, policy),
        Format::Stratum => stratum::read(text, policy),
        Format::Proton => proton::read(text, policy),
        Format::Raivo => raivo::read(text, policy),
        Format::LastPass => lastpass::read(text, policy),
        Format::SteamFile => steam_file::read(text, policy),
        Format::KeePassFields => keepass_fields::read(text, policy),
        Format::DuoBackup => duo::read(text, policy),
        _ => return Err(Error::NotReadable(format)),
    }?;
    Ok(Records::new(format, records))
}
