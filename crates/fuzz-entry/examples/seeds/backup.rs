use data_encoding::BASE64;
use serde_json::Value;

use crate::Seed;

/// The vectors of the crate: plain exports, and the encrypted ones whose key derivation is cheap.
pub(crate) fn seeds() -> Vec<Seed> {
    let plain = cases(include_str!("../../../pushotp-provision/tests/vectors/exports.json"));
    let encrypted = cases(include_str!("../../../pushotp-provision/tests/vectors/backups.json"));
    let mut seeds = Vec::new();
    for (id, input) in plain {
        let target = match id.as_str() {
            "freeotp-v1" => "freeotp",
            "bitwarden-csv" => "bitwarden_csv",
            _ => "backup_json",
        };
        seeds.push((target, id, input.into_bytes()));
    }
    for (id, input) in encrypted {
        if !["2fas", "bitwarden_argon2", "stratum", "stratum_legacy", "proton"].contains(&id.as_str()) {
            seeds.push(("backup_encrypted", id, BASE64.decode(input.as_bytes()).unwrap()));
        }
    }
    for (name, text) in [
        (
            "steam",
            r#"{"accounts":{"a":{"shared_secret":"MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=","account_name":"a","serial_number":"1"}}}"#,
        ),
        ("keepass", r#"{"TOTP Seed":"GEZDGNBVGY3TQOJQ","TOTP Settings":"60;8"}"#),
        (
            "pins",
            r#"{"Authenticators":[{"Type":3,"Secret":"0123456789abcdef","Pin":"1234"},{"Type":5,"Secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY","Pin":"7586"}]}"#,
        ),
        (
            "bare",
            r#"{"encrypted":false,"items":[{"login":{"totp":"gezd gnbv"}},{"login":{"totp":"steam:\/\/GEZDGNBV"}}]}"#,
        ),
    ] {
        seeds.push(("backup_json", name.to_owned(), text.as_bytes().to_vec()));
    }
    seeds
}

fn cases(file: &str) -> Vec<(String, String)> {
    let file: Value = serde_json::from_str(file).unwrap();
    let text = |case: &Value, name| case.get(name).and_then(Value::as_str).unwrap().to_owned();
    let cases = file.get("cases").and_then(Value::as_array).unwrap();
    cases.iter().map(|case| (text(case, "id"), text(case, "input"))).collect()
}
