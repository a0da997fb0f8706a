use pushotp_provision::{
    Credential, Entry, Error, Format, KdfLimits, Kind, Policy, Records, Support, Unlock, detect, otpauth, read_as,
};

/// What the seeds are encrypted with.
pub const BACKUP_PASSWORD: &str = "correct horse";

/// The exports in JSON.
const JSON: [Format; 12] = [
    Format::Aegis,
    Format::TwoFas,
    Format::AndOtp,
    Format::FreeOtpPlus,
    Format::Bitwarden,
    Format::Stratum,
    Format::Proton,
    Format::Raivo,
    Format::LastPass,
    Format::SteamFile,
    Format::DuoBackup,
    Format::KeePassFields,
];

/// Any JSON as each of the exports: what a server takes an app takes as the same, and a token is written as a key URI
/// that is read as the same.
pub fn backup_json(input: &[u8]) -> bool {
    let taken = JSON.map(|format| agreed(|policy| read_as(format, input, policy, &Unlock::none())));
    taken.contains(&true)
}

/// The settings of `FreeOTP` as well.
pub fn freeotp(input: &[u8]) -> bool {
    agreed(|policy| read_as(Format::FreeOtp, input, policy, &Unlock::none()))
}

/// The table of Bitwarden as well.
pub fn bitwarden_csv(input: &[u8]) -> bool {
    agreed(|policy| read_as(Format::BitwardenCsv, input, policy, &Unlock::none()))
}

/// Encrypted exports as well, and none opens without its password or at a cost that is not permitted.
pub fn backup_encrypted(input: &[u8]) -> bool {
    // A run must be quick: those of the fixed and high costs end at the limit.
    let kdf = KdfLimits {
        pbkdf2_iterations: 1_000,
        scrypt_bytes: 1 << 12,
        scrypt_parallelism: 2,
        argon2_bytes: 1 << 14,
        argon2_passes: 2,
    };
    let Some(format) = detect(input).format() else { return false };
    let open = |policy: &Policy, unlock: &Unlock<'_>| read_as(format, input, &policy.clone().kdf_limits(kdf), unlock);
    if format.support() != Support::Feature("backup-crypto") {
        return false;
    }
    assert!(matches!(open(&Policy::app(), &Unlock::none()).err(), Some(Error::Locked)));
    let free =
        KdfLimits { pbkdf2_iterations: 0, scrypt_bytes: 0, scrypt_parallelism: 0, argon2_bytes: 0, argon2_passes: 0 };
    let unlock = Unlock::none().password(BACKUP_PASSWORD);
    assert!(read_as(format, input, &Policy::app().kdf_limits(free), &unlock).is_err(), "opened for nothing");
    agreed(|policy| open(policy, &unlock))
}

/// Whether the app reads a token; then what the server reads must be the same.
fn agreed(read: impl Fn(&Policy) -> Result<Records, Error>) -> bool {
    let Ok(app) = read(&Policy::app()) else { return false };
    if let Ok(server) = read(&Policy::server()) {
        assert!(server.records.len() == app.records.len());
        for (strict, lenient) in server.records.iter().zip(&app.records) {
            assert!(strict.place == lenient.place);
            if let Some(credential) = strict.credential() {
                assert!(Some(credential) == lenient.credential(), "the policies read it differently");
            }
        }
    }
    let tokens = app.records.iter().filter_map(|record| match &record.result {
        Ok(Entry::Credential(credential)) => Some(&**credential),
        _ => None,
    });
    tokens.inspect(|credential| written(credential)).count() > 0
}

/// Written as a key URI, it is read as the same.
fn written(credential: &Credential) {
    match otpauth::write(credential) {
        Ok(uri) => assert!(otpauth::parse(&uri, &Policy::app()).unwrap().credential == *credential),
        // Names of the field may be ambiguous or become longer.
        Err(Error::TooLong | Error::TooMany | Error::Ambiguous) => {}
        // What a URI has no type for.
        Err(error) => {
            let is_motp = matches!(credential.kind(), Kind::Motp);
            assert!(is_motp && matches!(error, Error::NotExpressible(_)), "{error}");
        }
    }
}
