use std::{
    fmt::{self, Write as _},
    io::{self, Write},
};

use data_encoding::BASE32_NOPAD;
use pushotp_provision::{Credential, Enrolment, Entry, Format, Kind, Record, Records, display};
use zeroize::Zeroizing;

/// Prints an array with an object for each record, one in each line.
pub(crate) fn print(records: &Records, show_secrets: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut separator = "[\n";
    for record in &records.records {
        let object = object(records.format, record, show_secrets).map_err(io::Error::other)?;
        write!(out, "{separator}{}", object.as_str())?;
        separator = ",\n";
    }
    writeln!(out, "{}]", if separator == "[\n" { "[" } else { "\n" })
}

/// An object whose keys stand in their order; one that does not apply is left out.
struct Object(Zeroizing<String>);

impl Object {
    fn value(&mut self, key: &str, value: impl fmt::Display) -> fmt::Result {
        let separator = if self.0.is_empty() { "{" } else { "," };
        write!(self.0, "{separator}\"{key}\":{value}")
    }

    fn text(&mut self, key: &str, value: Option<&str>) -> fmt::Result {
        value.map_or(Ok(()), |value| self.value(key, Quoted(value)))
    }

    fn number(&mut self, key: &str, value: Option<u64>) -> fmt::Result {
        value.map_or(Ok(()), |value| self.value(key, value))
    }
}

fn object(format: Format, record: &Record, show_secrets: bool) -> Result<Zeroizing<String>, fmt::Error> {
    // Room for the longest secret: when a text grows, it leaves a copy behind.
    let mut object = Object(Zeroizing::new(String::with_capacity(if show_secrets { 8192 } else { 512 })));
    object.text("format", Some(format.name()))?;
    match &record.result {
        Ok(Entry::Credential(credential)) => token(credential, show_secrets, &mut object)?,
        Ok(Entry::Enrolment(enrolment)) => invitation(enrolment, &mut object)?,
        _ => {}
    }
    let warnings: Vec<String> =
        record.warnings.iter().map(|warning| Quoted(&warning.to_string()).to_string()).collect();
    object.value("warnings", format_args!("[{}]", warnings.join(",")))?;
    if let Err(error) = &record.result {
        object.text("error", Some(&error.to_string()))?;
    }
    object.0.push('}');
    Ok(object.0)
}

fn token(credential: &Credential, show_secrets: bool, object: &mut Object) -> fmt::Result {
    let kind = credential.kind();
    object.text("type", Some(kind.name()))?;
    // To be displayed: the parameter, else the label's.
    object.text("issuer", credential.display_issuer())?;
    object.text("label_issuer", credential.label_issuer())?;
    object.text("account", Some(credential.account()))?;
    let algorithm = match kind {
        Kind::Motp => Some("MD5".to_owned()),
        Kind::Hotp { .. } | Kind::Totp { .. } | Kind::Steam | Kind::Yandex { .. } => {
            Some(credential.algorithm().to_string())
        }
        _ => None,
    };
    object.text("algorithm", algorithm.as_deref())?;
    object.number("digits", algorithm.map(|_| credential.digits().get().into()))?;
    object.number("period", kind.period().map(u64::from))?;
    if let Kind::Hotp { counter } = kind {
        object.number("counter", Some(*counter))?;
    }
    object.text("serial", credential.serial())?;
    if show_secrets {
        let secret = credential.secret().expose();
        let mut base32 = Zeroizing::new(vec![0; BASE32_NOPAD.encode_len(secret.len())]);
        BASE32_NOPAD.encode_mut(secret, &mut base32);
        object.text("secret", std::str::from_utf8(&base32).ok())?;
    }
    Ok(())
}

/// What an invitation says of itself; its one-time secrets are no token's.
fn invitation(enrolment: &Enrolment, object: &mut Object) -> fmt::Result {
    match enrolment {
        Enrolment::Push(push) => {
            object.text("type", Some("push"))?;
            object.text("issuer", push.issuer.as_deref())?;
            object.text("account", Some(&push.label))?;
            object.text("serial", Some(&push.serial))
        }
        Enrolment::PushOtp(_) => object.text("type", Some("push")),
        Enrolment::LinOtpPairing(pairing) => {
            object.text("type", Some("pairing"))?;
            object.text("serial", pairing.serial.as_deref())
        }
        Enrolment::LinOtpOcra2(start) => {
            object.text("type", Some("ocra2"))?;
            object.text("serial", start.serial.as_deref())
        }
        Enrolment::MobilePassPlus(activation) => {
            object.text("type", Some("activation"))?;
            object.text("account", Some(&activation.user))
        }
        _ => object.text("type", Some("invitation")),
    }
}

/// A JSON string that a terminal shows as it is: what would be hidden or obeyed is escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut buffer = [0; 4];
        for character in self.0.chars() {
            let text: &str = character.encode_utf8(&mut buffer);
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                _ if display(text) == text => f.write_char(character)?,
                _ => {
                    let mut units = [0; 2];
                    for unit in character.encode_utf16(&mut units) {
                        write!(f, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        f.write_char('"')
    }
}
