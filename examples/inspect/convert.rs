use std::{
    io::{self, Write},
    slice,
};

use getrandom::SysRng;
use pushotp_provision::{
    Credential, Entry, Error, Kind, Records,
    csv::{
        duo::{self, TokenType},
        entra, oath,
    },
    otpauth, pskc,
};
use pushotp_types::Secret;
use rand_core::UnwrapErr;
use zeroize::Zeroizing;

use crate::options::{Options, Target};

type Text = Zeroizing<String>;

/// Prints all tokens that the target can express; false if there are others, which are named on `err`.
pub(crate) fn print(records: Records, options: &Options, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<bool> {
    let (mut tokens, mut whole) = (Vec::new(), true);
    let mut dialog = None;
    for record in records.records {
        let place = record.place;
        let error = match record.result {
            Ok(Entry::Credential(token)) => {
                // A file for Duo is of one type, that of its first token.
                dialog = dialog.or_else(|| token_type(&token));
                let token = if options.to == Target::DuoCsv { nameless(*token) } else { *token };
                match write(slice::from_ref(&token), options, dialog) {
                    Ok(_) => {
                        tokens.push(token);
                        continue;
                    }
                    Err(error) => error.to_string(),
                }
            }
            Ok(_) => "an invitation holds no token".to_owned(),
            // Reported where it was read.
            Err(_) => continue,
        };
        writeln!(err, "inspect: {place}: {error}")?;
        whole = false;
    }
    if tokens.is_empty() {
        return Ok(false);
    }
    match write(&tokens, options, dialog) {
        Ok(text) => out.write_all(text.as_bytes()).map(|()| whole),
        Err(error) => writeln!(err, "inspect: {error}").map(|()| false),
    }
}

fn write(tokens: &[Credential], options: &Options, dialog: Option<TokenType>) -> Result<Text, Error> {
    match options.to {
        Target::Json | Target::Otpauth => lines(tokens),
        Target::Pskc => match &options.key {
            Some(key) => pskc::write_encrypted(tokens, "Pre-shared-key", key, &mut UnwrapErr(SysRng)).map(Text::new),
            None => pskc::write(tokens),
        },
        Target::OathCsv => oath::write(tokens),
        Target::EntraCsv => entra::write(tokens),
        Target::DuoCsv => duo::write(tokens, dialog.unwrap_or(TokenType::YubiKey)),
    }
}

fn lines(tokens: &[Credential]) -> Result<Text, Error> {
    let uris = tokens.iter().map(otpauth::write).collect::<Result<Vec<_>, _>>()?;
    // At its full length from the start: when a text grows, it leaves a copy behind.
    let mut text = Text::new(String::with_capacity(uris.iter().map(|uri| uri.len() + 1).sum()));
    for uri in uris {
        text.push_str(&uri);
        text.push('\n');
    }
    Ok(text)
}

/// Duo gives a token to a user by its serial number, and its file has no place for names.
fn nameless(token: Credential) -> Credential {
    let Ok(secret) = Secret::danger_import_weak(token.secret().expose()) else { return token };
    let bare = Credential::new(token.kind().clone(), "", secret).with_codes(token.algorithm(), token.digits());
    match (token.serial(), token.private_id().map(|id| Secret::danger_import_weak(id.expose()))) {
        (Some(serial), Some(Ok(id))) => bare.with_serial(serial).with_private_id(id),
        (Some(serial), _) => bare.with_serial(serial),
        _ => bare,
    }
}

/// What is to be chosen in Duo's dialog.
fn token_type(token: &Credential) -> Option<TokenType> {
    match token.kind() {
        Kind::Hotp { .. } => Some(TokenType::Hotp(token.digits())),
        Kind::Totp { .. } => Some(TokenType::Totp(token.digits())),
        Kind::YubikeyOtp { .. } => Some(TokenType::YubiKey),
        _ => None,
    }
}
