use crate::Format;

/// How deep keys are looked at: `header.slots` and `items[].login.totp` are told by depth 2.
const DEPTH: usize = 3;

/// Keys that tell an export, and how deep they stand; arrays and objects count.
#[derive(Default)]
struct Keys(u64);

const KNOWN: [(usize, &str); 29] = [
    (2, "slots"),
    (1, "db"),
    (1, "schemaVersion"),
    (1, "servicesEncrypted"),
    (1, "services"),
    (1, "kdfParams"),
    (1, "encryptedData"),
    (1, "encKeyValidation_DO_NOT_EDIT"),
    (1, "passwordProtected"),
    (1, "items"),
    (1, "folders"),
    (1, "Authenticators"),
    (1, "tokenOrder"),
    (1, "tokens"),
    (1, "content"),
    (1, "salt"),
    (1, "entries"),
    (1, "accounts"),
    (1, "localDeviceId"),
    (1, "shared_secret"),
    (3, "shared_secret"),
    (2, "otpGenerator"),
    (2, "accountType"),
    (2, "kind"),
    (2, "timer"),
    (2, "secret"),
    (2, "label"),
    (1, "TOTP Seed"),
    (1, "otp"),
];

impl Keys {
    fn see(&mut self, depth: usize, key: &str) {
        if let Some(place) = KNOWN.iter().position(|known| *known == (depth, key)) {
            self.0 |= 1 << place;
        }
    }

    fn has(&self, depth: usize, key: &str) -> bool {
        KNOWN.iter().position(|known| *known == (depth, key)).is_some_and(|place| self.0 & (1 << place) != 0)
    }
}

/// Tells JSON by its keys, without building it: one pass, no memory.
pub(super) fn detect(text: &str) -> Option<Format> {
    let (keys, header) = scan(text);
    let has = |key| keys.has(1, key);
    let is_list = text.starts_with('[');
    Some(if keys.has(2, "slots") && has("db") {
        // An object of slots is a database behind a password; `null` is a plain one.
        if header { Format::AegisEncrypted } else { Format::Aegis }
    } else if has("servicesEncrypted") {
        Format::TwoFasEncrypted
    } else if has("schemaVersion") || has("services") {
        Format::TwoFas
    } else if has("kdfParams") || has("encryptedData") {
        Format::EnteEncrypted
    } else if has("passwordProtected") {
        Format::BitwardenEncrypted
    } else if has("encKeyValidation_DO_NOT_EDIT") {
        Format::BitwardenAccount
    } else if has("Authenticators") {
        Format::Stratum
    } else if has("tokenOrder") {
        Format::FreeOtpPlus
    } else if has("content") && has("salt") {
        Format::ProtonEncrypted
    } else if has("shared_secret") || keys.has(3, "shared_secret") {
        Format::SteamFile
    } else if has("accounts") {
        Format::LastPass
    } else if has("items") {
        Format::Bitwarden
    } else if has("entries") {
        Format::Proton
    } else if has("TOTP Seed") || has("otp") {
        Format::KeePassFields
    } else if is_list && (keys.has(2, "otpGenerator") || keys.has(2, "accountType")) {
        Format::DuoBackup
    } else if is_list && keys.has(2, "kind") && keys.has(2, "timer") {
        Format::Raivo
    } else if is_list && keys.has(2, "secret") && keys.has(2, "label") {
        Format::AndOtp
    } else {
        return None;
    })
}

/// The keys, and whether `slots` is a list.
fn scan(text: &str) -> (Keys, bool) {
    let (mut keys, mut slots_listed, mut depth) = (Keys::default(), false, 0_usize);
    let mut rest = text;
    while let Some(at) = rest.find(['"', '{', '[', '}', ']']) {
        let (_, found) = rest.split_at(at);
        rest = found.get(1..).unwrap_or_default();
        match found.as_bytes().first() {
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {
                let end = string_end(rest);
                let (string, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                rest = after.get(1..).unwrap_or_default();
                let value = rest.trim_ascii_start().strip_prefix(':');
                if let Some(value) = value.filter(|_| depth <= DEPTH) {
                    keys.see(depth, string);
                    slots_listed |= depth == 2 && string == "slots" && value.trim_ascii_start().starts_with('[');
                }
            }
        }
    }
    (keys, slots_listed)
}

/// Where a string ends: at the first quote that is not escaped.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}
