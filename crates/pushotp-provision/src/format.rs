use core::fmt;

/// Whether and how a format is read.
///
/// ```
/// use pushotp_provision::{Format, Support};
///
/// assert_eq!(Format::Otpauth.support(), Support::Read);
/// assert_eq!(Format::Pskc.support(), Support::Feature("pskc"));
/// assert_eq!(Format::Microsoft.support(), Support::Never);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Support {
    /// Always.
    Read,
    /// With this feature of the crate.
    Feature(&'static str),
    /// It is recognised and explained only: another program must read it.
    Never,
}

/// One table, so that no format is without a name, an explanation or a way to read it.
macro_rules! formats {
    ($($variant:ident $name:literal $support:ident $(($feature:literal))? $explain:literal)*) => {
        /// What a text or a file is.
        ///
        /// ```
        /// use pushotp_provision::{Format, detect};
        ///
        /// let uri = b"phonefactor://activate_account?code=518227904&url=https%3a%2f%2fexample.com";
        /// assert_eq!(detect(uri).format(), Some(Format::Microsoft));
        /// assert_eq!(Format::Microsoft.to_string(), "ms-phonefactor");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Format {
            $(#[doc = $explain] $variant,)*
        }

        impl Format {
            /// All of them.
            ///
            /// ```
            /// use pushotp_provision::Format;
            ///
            /// assert!(Format::ALL.contains(&Format::Aegis));
            /// assert!(Format::ALL.iter().all(|format| format.explain().ends_with('.')));
            /// ```
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// A short name, for a file or a log.
            ///
            /// ```
            /// # use pushotp_provision::Format;
            /// assert_eq!(Format::TwoFasEncrypted.name(), "2fas-encrypted");
            /// ```
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether it is read, and with which feature of this crate.
            ///
            /// ```
            /// # use pushotp_provision::{Format, Support};
            /// assert_eq!(Format::OathCsv.support(), Support::Feature("csv"));
            /// ```
            #[must_use]
            pub const fn support(self) -> Support {
                match self { $(Self::$variant => Support::$support $(($feature))?,)* }
            }

            /// What it is and what to do with it, in sentences for a help desk.
            ///
            /// ```
            /// # use pushotp_provision::Format;
            /// assert!(Format::Microsoft.explain().contains("different authenticator app"));
            /// ```
            #[must_use]
            pub const fn explain(self) -> &'static str {
                match self { $(Self::$variant => $explain,)* }
            }
        }
    };
}

formats! {
    Otpauth "otpauth" Read
        "A key URI for one-time passcodes. Every authenticator app reads it."
    Migration "otpauth-migration" Read
        "An export of Google Authenticator. It may be one of several QR codes; scan all of them."
    UriList "uri-list" Read
        "A list of key URIs, one in each line, as many apps export it."
    Base32 "base32" Read
        "A bare secret in base32, for manual entry. Digits, period and hash function are not in it; ask the provider if codes are refused."
    Hex "hex" Read
        "A bare secret in hexadecimal, for manual entry. Digits, period and hash function are not in it; ask the provider if codes are refused."
    SteamUri "steam" Read
        "A secret of Steam Guard, as Bitwarden stores it."
    Motp "motp" Read
        "A Mobile-OTP token. The PIN that belongs to it is not in the text."
    OathToken "oathtoken" Read
        "A key for the app OATH Token."
    KeePassFields "keepass-fields" Read
        "The fields of a KeePass entry that hold a one-time passcode."
    PushOtp "pushotp" Feature("enrolment")
        "An invitation to enrol a device for push login with pushotp. Open it in an app that speaks this protocol before it expires."
    PrivacyIdeaPush "privacyidea-push" Read
        "An invitation to push login with privacyIDEA. It holds no passcode secret; scan it with the privacyIDEA Authenticator, or ask for a TOTP token."
    PrivacyIdeaContainer "privacyidea-container" Never
        "An invitation to join a smartphone container of privacyIDEA. Scan it with the privacyIDEA Authenticator."
    EduMfaPush "edumfa-push" Read
        "An invitation to push login with eduMFA. It holds no passcode secret; scan it with the eduMFA app, or ask for a TOTP token."
    LinOtpPairing "linotp-lseqr-pair" Read
        "A pairing code of LinOTP. Scan it with the LinOTP Authenticator."
    LinOtpOcra2 "linotp-lseqr-init" Read
        "The start of an OCRA2 enrolment with LinOTP. A second code with a nonce follows; scan both with an app that knows OCRA2."
    LinOtpChallenge "linotp-lseqr-chal" Never
        "A challenge of a LinOTP QR token and no enrolment. Scan it with the LinOTP Authenticator that was paired before."
    MobilePass "mobilepass8-activation-code" Feature("mobilepass")
        "An activation code of SafeNet MobilePASS, classic version: 20 letters and digits that hold the key."
    MobilePassPlus "mobilepassplus-activation-string" Read
        "An activation of SafeNet MobilePASS+. Only that app can enrol with it, once. For another app ask for a third-party authenticator."
    LiboathUsers "liboath-usersfile" Read
        "A users file of liboath, as pam_oath reads it."
    Pskc "pskc" Feature("pskc")
        "A PSKC key container, RFC 6030, as vendors of hardware tokens deliver it. If it is encrypted, the key comes by another way."
    AladdinXml "aladdin-xml" Feature("pskc")
        "A seed file of Aladdin or SafeNet hardware tokens."
    OathCsv "oath-csv" Feature("csv")
        "An OATH CSV file for privacyIDEA or LinOTP."
    EntraCsv "entra-csv" Feature("csv")
        "A CSV file of OATH tokens for Microsoft Entra ID."
    DuoCsv "duo-csv" Feature("csv")
        "A CSV file of hardware tokens for Duo: serial number and hexadecimal secret. Kind and digits are not in it."
    YubicoCsv "yubico-csv" Feature("csv")
        "A log of Yubico's personalisation tool."
    MultiOtp "multiotp" Feature("csv")
        "A token file for multiOTP."
    SafeWord "safeword-dat" Feature("csv")
        "A record file of SafeWord tokens."
    Aegis "aegis" Feature("backup")
        "A plain export of Aegis."
    AegisEncrypted "aegis-encrypted" Feature("backup-crypto")
        "An encrypted export of Aegis. Its password is needed."
    TwoFas "2fas" Feature("backup")
        "A plain export of 2FAS."
    TwoFasEncrypted "2fas-encrypted" Feature("backup-crypto")
        "An encrypted export of 2FAS. Its password is needed."
    AndOtp "andotp" Feature("backup")
        "A plain export of andOTP."
    AndOtpEncrypted "andotp-encrypted" Feature("backup-crypto")
        "Perhaps an encrypted export of andOTP, which has no mark of its own. Its password is needed."
    FreeOtp "freeotp-v1" Feature("backup")
        "The stored settings of FreeOTP 1."
    FreeOtp2 "freeotp-v2" Feature("backup-crypto")
        "A backup of FreeOTP 2, whatever its name ends in. Its password is needed."
    FreeOtpPlus "freeotpplus" Feature("backup")
        "An export of FreeOTP+."
    Bitwarden "bitwarden-json" Feature("backup")
        "A plain export of Bitwarden."
    BitwardenEncrypted "bitwarden-encrypted" Feature("backup-crypto")
        "An export of Bitwarden that a password protects. That password is needed, not the one of the account."
    BitwardenAccount "bitwarden-encrypted-account" Never
        "An export of Bitwarden that only the account that wrote it can read. Export again and choose to protect it with a password."
    BitwardenCsv "bitwarden-csv" Feature("backup")
        "A plain export of Bitwarden as CSV."
    EnteEncrypted "ente-encrypted" Feature("backup-crypto")
        "An encrypted export of Ente Auth. Its password is needed, and much memory."
    Stratum "stratum" Feature("backup")
        "A plain backup of Stratum, once Authenticator Pro."
    StratumEncrypted "stratum-encrypted" Feature("backup-crypto")
        "An encrypted backup of Stratum, once Authenticator Pro. Its password is needed."
    StratumLegacy "stratum-encrypted-legacy" Feature("backup-crypto")
        "An old encrypted backup of Authenticator Pro, now Stratum. Its password is needed."
    Proton "proton-authenticator" Feature("backup")
        "A plain export of Proton Authenticator."
    ProtonEncrypted "proton-authenticator-encrypted" Feature("backup-crypto")
        "An encrypted export of Proton Authenticator. Its password is needed."
    Raivo "raivo" Feature("backup")
        "An export of Raivo, taken out of its archive."
    LastPass "lastpass-authenticator" Feature("backup")
        "An export of LastPass Authenticator."
    SteamFile "steam-mafile" Feature("backup")
        "The stored account of a Steam Guard token."
    DuoBackup "duo-backup" Feature("backup")
        "The stored accounts of Duo Mobile."
    Microsoft "ms-phonefactor" Never
        "This QR code activates push login in Microsoft Authenticator. For another app choose «I want to use a different authenticator app» on the page that shows it."
    Duo "duo" Never
        "This QR code activates Duo Mobile. Only that app can use it; for another app ask the administrator for a hardware token with a secret."
    Okta "oktaverify" Never
        "This QR code activates Okta Verify. For another app choose Google Authenticator on the page that shows it, if the administrator permits it."
    OneLogin "onelogin" Never
        "This QR code activates OneLogin Protect. For another app choose Google Authenticator on the page that shows it, if the administrator permits it."
    SymantecVip "symantec-vip" Never
        "This is the credential ID of a Symantec VIP token and no secret. Register the ID with the service; the secret never leaves VIP Access."
    Entrust "entrust-igmobileotp" Never
        "This activates Entrust Identity and is encrypted with a password that was sent separately. Only that app can enrol with it."
    SecurIdCtf "rsa-ctf" Never
        "This is a software token of RSA SecurID, which is not OATH. Import it in the RSA app."
    SecurIdSdtid "rsa-sdtid" Never
        "This is a seed file of RSA SecurID, which is not OATH. Import it in RSA Authentication Manager."
    CtKip "rsa-ctkip" Never
        "This activates RSA SecurID over the network (CT-KIP). Only the RSA app can enrol with it, once."
    FortiToken "fortitoken" Never
        "This is the serial number of a FortiToken and no secret. FortiToken Mobile is activated by FortiGate; for hardware tokens request the seed file from Fortinet, for another product as CSV."
    Dpx "vasco-dpx" Never
        "This is a DPX file of OneSpan (VASCO) tokens, encrypted with a transport key. Import it in OneSpan's server, or order the seeds as PSKC."
    Dskpp "dskpp" Never
        "This is a message of a key provisioning protocol (DSKPP, CT-KIP). The app that speaks it must fetch the key itself."
    WinAuthXml "winauth-xml" Never
        "This is the store of WinAuth, tied to one Windows account. Export from WinAuth as a text file."
    Kdbx "kdbx4" Never
        "This is a KeePass database. Open it with KeePassXC and copy the key URI or the TOTP fields of the entry."
    Zip "zip" Never
        "This is a ZIP archive. Unpack it with its password and read the file inside."
    Image "image" Never
        "This is a picture. Read the QR code in it, and pass on its text."
    Pem "pem" Never
        "This is a certificate or key in PEM and no one-time-passcode token."
}

/// The name.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
