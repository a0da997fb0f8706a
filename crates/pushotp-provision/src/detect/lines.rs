use crate::Format;

/// How many lines are looked at.
const LINES: usize = 100;

/// Tells a text of several lines, or one with separators, by the first line that says something.
pub(super) fn detect(text: &str) -> Option<Format> {
    let mut two_columns = None;
    for line in text.lines().map(str::trim_ascii).filter(|line| !line.is_empty()).take(LINES) {
        if let Some(format) = line_format(line) {
            return Some(format);
        }
        if is_serial_and_hex(line) {
            two_columns = Some(Format::DuoCsv);
        }
    }
    two_columns
}

fn line_format(line: &str) -> Option<Format> {
    let lower = line.get(..line.len().min(200)).unwrap_or(line).to_ascii_lowercase();
    if lower.starts_with("# =====") && lower.contains("safeword") || lower.starts_with("dn: sccauthenticatorid=") {
        return Some(Format::SafeWord);
    }
    if lower.starts_with("# version:") {
        return Some(Format::OathCsv);
    }
    if line.starts_with('#') {
        return None;
    }
    if lower.contains("secret key") && lower.contains("interval") {
        return Some(Format::EntraCsv);
    }
    if lower.contains("login_totp") {
        return Some(Format::BitwardenCsv);
    }
    if lower.starts_with("otpauth://") {
        return Some(Format::UriList);
    }
    if lower.starts_with("hotp") && line.split_ascii_whitespace().count() >= 4 && !line.contains(',') {
        return Some(Format::LiboathUsers);
    }
    if lower.starts_with("//dpx") || lower.starts_with("dpx") && lower.contains("vasco") {
        return Some(Format::Dpx);
    }
    separated(line)
}

/// Lines of values without a header.
fn separated(line: &str) -> Option<Format> {
    if line.contains(';') {
        let mut fields = line.split(';').map(str::trim_ascii);
        let kind = fields.nth(2)?.to_ascii_lowercase();
        let known = ["hotp", "totp", "motp"].contains(&kind.as_str());
        return (known && fields.next().is_some_and(is_hex)).then_some(Format::MultiOtp);
    }
    let mut fields = line.split(',').map(str::trim_ascii);
    let (first, second, third) = (fields.next()?, fields.next()?, fields.next()?);
    if ["LOGGING START", "Yubico OTP", "OATH-HOTP", "Static Password"].contains(&first)
        || first.starts_with("Challenge-Response")
        || is_modhex(second) && is_hex(third) && fields.next().is_some_and(is_hex)
    {
        return Some(Format::YubicoCsv);
    }
    let kind = third.to_ascii_lowercase();
    (is_hex(second) && ["hotp", "totp", "ocra", "tan"].contains(&kind.as_str())).then_some(Format::OathCsv)
}

fn is_serial_and_hex(line: &str) -> bool {
    let mut fields = line.split(',').map(str::trim_ascii);
    let (serial, secret) = (fields.next(), fields.next());
    serial.is_some_and(|serial| !serial.is_empty()) && secret.is_some_and(is_hex)
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.len() % 2 == 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Twelve letters of Yubico's alphabet, which no layout of a keyboard moves.
fn is_modhex(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| b"cbdefghijklnrtuv".contains(&byte))
}
