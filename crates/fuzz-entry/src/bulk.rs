use pushotp_provision::{
    Credential, Entry, Error, Format, KdfLimits, Part, Policy, Record, Records, Unlock, Warning,
    csv::{
        duo::{self, TokenType},
        entra, oath, yubico,
    },
    pskc, read_as,
};
use pushotp_types::Digits;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// The key that the seeds are encrypted with.
pub const PSKC_KEY: [u8; 16] = [7; 16];

/// The only names that XML has and that are not written.
const CONTROL: Error = Error::NotExpressible(Part::Field("control character"));

/// A key container is written, plain and encrypted, in a form that parses to the same credentials.
pub fn pskc(input: &[u8]) -> bool {
    let unlock = Unlock::none().key(&PSKC_KEY).password("qwerty");
    let read = |policy: &Policy| {
        // A run must be quick.
        let kdf = KdfLimits { pbkdf2_iterations: 2_000, ..KdfLimits::default() };
        read_as(Format::Pskc, input, &policy.clone().kdf_limits(kdf), &unlock)
    };
    let Some(credentials) = agreed(read) else { return false };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let plain = pskc::write(&credentials).map(|xml| xml.as_str().to_owned());
    let sealed = pskc::write_encrypted(&credentials, "K", &PSKC_KEY, &mut rng);
    for written in [plain, sealed] {
        match written {
            Ok(xml) => {
                let again = pskc::parse(xml.as_bytes(), &Policy::app(), &unlock).unwrap();
                assert!(again.credentials().eq(&credentials), "other credentials are read back");
            }
            Err(error) => assert!(error == CONTROL, "not written: {error}"),
        }
    }
    true
}

/// A seed file of Aladdin is read the same by both policies.
pub fn aladdin(input: &[u8]) -> bool {
    agreed(|policy| read_as(Format::AladdinXml, input, policy, &Unlock::none())).is_some()
}

/// A token file of multiOTP as well.
pub fn multiotp(input: &[u8]) -> bool {
    agreed(|policy| read_as(Format::MultiOtp, input, policy, &Unlock::none())).is_some()
}

/// A record file of `SafeWord` as well.
pub fn safeword(input: &[u8]) -> bool {
    agreed(|policy| read_as(Format::SafeWord, input, policy, &Unlock::none())).is_some()
}

/// What is written of an OATH CSV file is read back.
pub fn oath_csv(input: &[u8]) -> bool {
    let Some(credentials) = agreed(|policy| oath::parse(input, policy)) else { return false };
    let write = |tokens: &[Credential]| oath::write(tokens).map(|file| file.as_bytes().to_vec());
    survives(&credentials, write, oath::parse)
}

/// What is written of a file for Entra ID is read back.
pub fn entra_csv(input: &[u8]) -> bool {
    let Some(credentials) = agreed(|policy| entra::parse(input, policy)) else { return false };
    let write = |tokens: &[Credential]| entra::write(tokens).map(|file| file.as_bytes().to_vec());
    survives(&credentials, write, entra::parse)
}

/// What is written of a log of Yubico's is read back.
pub fn yubico_csv(input: &[u8]) -> bool {
    let Some(credentials) = agreed(|policy| yubico::parse(input, policy)) else { return false };
    let write = |tokens: &[Credential]| yubico::write(tokens).map(|file| file.as_bytes().to_vec());
    survives(&credentials, write, yubico::parse)
}

/// What is written of a file for Duo is read back; the first byte is what is chosen in its dialog.
pub fn duo_csv(input: &[u8]) -> bool {
    let Some((choice, input)) = input.split_first() else { return false };
    let token_type = match choice % 3 {
        0 => TokenType::Hotp(Digits::SIX),
        1 => TokenType::Totp(Digits::EIGHT),
        _ => TokenType::YubiKey,
    };
    let Some(credentials) = agreed(|policy| duo::parse(input, token_type, policy)) else { return false };
    let write = |tokens: &[Credential]| duo::write(tokens, token_type).map(|file| file.as_bytes().to_vec());
    survives(&credentials, write, |input, policy| duo::parse(input, token_type, policy))
}

/// What an app reads, if it reads anything: a server reads the same or refuses it, and duplicates are told.
fn agreed(read: impl Fn(&Policy) -> Result<Records, Error>) -> Option<Vec<Credential>> {
    let lenient = read(&Policy::app()).ok()?;
    if let Ok(strict) = read(&Policy::server()) {
        assert!(strict.records.len() == lenient.records.len(), "the policies see different records");
        for (strict, lenient) in strict.records.iter().zip(&lenient.records) {
            assert!(strict.place == lenient.place, "the policies see different places");
            if let Some(credential) = credential(strict) {
                assert!(Some(credential) == self::credential(lenient), "the policies read it differently");
            }
        }
    }
    let serials = || lenient.records.iter().filter_map(|record| credential(record)?.serial());
    for record in &lenient.records {
        let Some(serial) = credential(record).and_then(Credential::serial) else { continue };
        let twice = serials().filter(|other| *other == serial).nth(1).is_some();
        assert!(twice == record.warnings.contains(Warning::DuplicateSerial), "duplicates are not told right");
    }
    let credentials: Vec<Credential> = lenient.records.into_iter().filter_map(owned).collect();
    Some(credentials).filter(|credentials| !credentials.is_empty())
}

fn credential(record: &Record) -> Option<&Credential> {
    match &record.result {
        Ok(Entry::Credential(credential)) => Some(credential),
        _ => None,
    }
}

fn owned(record: Record) -> Option<Credential> {
    match record.result {
        Ok(Entry::Credential(credential)) => Some(*credential),
        _ => None,
    }
}

fn survives(
    credentials: &[Credential],
    write: impl Fn(&[Credential]) -> Result<Vec<u8>, Error>,
    parse: impl Fn(&[u8], &Policy) -> Result<Records, Error>,
) -> bool {
    match write(credentials) {
        Ok(file) => {
            let again = parse(&file, &Policy::app()).unwrap();
            assert!(again.credentials().eq(credentials), "other credentials are read back");
        }
        // A name that would be taken apart, or a token that the form has no place for.
        Err(error) => assert!(matches!(error, Error::NotExpressible(_)), "not written: {error}"),
    }
    true
}
