use std::sync::LazyLock;

use pushotp_provision::{Credential, Entry, Error, Format, Policy, Records, Unlock, read, read_as};
use serde_json::Value;

/// The same two tokens, each as its app exports them: TOTP of alice, and, where the app has it, HOTP of bob.
static PLAIN: LazyLock<Vec<(Format, usize, String)>> = LazyLock::new(|| {
    let file: Value = serde_json::from_str(include_str!("../vectors/exports.json")).unwrap();
    let case = |case: &Value| {
        let format = *Format::ALL.iter().find(|format| format.name() == case["format"]).unwrap();
        (format, case["count"].as_u64().unwrap().try_into().unwrap(), case["input"].as_str().unwrap().to_owned())
    };
    file["cases"].as_array().unwrap().iter().map(case).collect()
});

/// All of them: format, tokens, text.
pub(crate) fn plains() -> impl Iterator<Item = (Format, usize, &'static str)> {
    PLAIN.iter().map(|(format, count, text)| (*format, *count, text.as_str()))
}

/// One of them.
pub(crate) fn plain(format: Format) -> &'static str {
    plains().find(|(known, ..)| *known == format).unwrap().2
}

pub(crate) fn app(input: &str) -> Result<Records, Error> {
    read(input.as_bytes(), &Policy::app(), &Unlock::none())
}

pub(crate) fn server(input: &str) -> Result<Records, Error> {
    read(input.as_bytes(), &Policy::server(), &Unlock::none())
}

/// Read as the format that it was, whatever a change made of it.
pub(crate) fn still(format: Format, input: &str) -> Result<Records, Error> {
    read_as(format, input.as_bytes(), &Policy::app(), &Unlock::none())
}

/// The result of the only record.
pub(crate) fn only(records: Records) -> Result<Credential, Error> {
    assert_eq!(records.records.len(), 1);
    first(records)
}

/// The result of the first record.
pub(crate) fn first(records: Records) -> Result<Credential, Error> {
    match records.records.into_iter().next().unwrap().result? {
        Entry::Credential(credential) => Ok(*credential),
        other => panic!("{other:?}"),
    }
}
