//! Every value that RFC 4226, 6238 and 6287 print, and the project's own of OCRA.

use serde_json::Value;

use super::{otp, printed};

fn cases(file: &str) -> (Value, Vec<Value>) {
    let file: Value = serde_json::from_str(file).unwrap();
    let cases = file["cases"].as_array().unwrap().clone();
    (file, cases)
}

/// A text, or a number that may be written as text.
fn text(case: &Value, field: &str) -> Option<String> {
    let value = case.get(field)?;
    Some(value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
}

#[test]
fn rfc4226() {
    let (file, cases) = cases(include_str!("../../../crates/pushotp-oath/tests/vectors/rfc4226_appendix_d.json"));
    assert_eq!(cases.len(), 10);
    for case in &cases {
        let counter = format!("--counter={}", case["counter"]);
        let code = printed(&["--hotp", &counter, file["secret_hex"].as_str().unwrap()]);
        assert_eq!(Some(code.trim_end()), case["expect"].as_str(), "{}", case["id"]);
    }
}

#[test]
fn rfc6238() {
    let (_, cases) = cases(include_str!("../../../crates/pushotp-oath/tests/vectors/rfc6238_appendix_b.json"));
    assert_eq!(cases.len(), 18);
    for case in &cases {
        let totp = format!("--totp={}", text(case, "hash").unwrap().replace("SHA-", "sha"));
        for now in [format!("@{}", case["unix_time"]), text(case, "utc").unwrap()] {
            let code = printed(&[&totp, "--digits=8", "--now", &now, case["secret_hex"].as_str().unwrap()]);
            assert_eq!(Some(code.trim_end()), case["expect"].as_str(), "{}", case["id"]);
        }
    }
}

/// A time within the last step of a case.
fn now(case: &Value) -> Option<String> {
    let steps = case.get("time_steps")?.as_u64().unwrap();
    let (_, step) = case["suite"].as_str().unwrap().rsplit_once("-T").unwrap();
    let (count, unit) = step.split_at(step.len() - 1);
    let seconds = count.parse::<u64>().unwrap()
        * [("S", 1), ("M", 60), ("H", 3600)].iter().find(|(name, _)| *name == unit).unwrap().1;
    Some(format!("--now=@{}", steps * seconds + seconds - 1))
}

fn ocra(file: &str) -> usize {
    let (_, cases) = cases(file);
    for case in &cases {
        let option = |name: &str, field: &str| text(case, field).map(|value| format!("--{name}={value}"));
        let mut options = vec!["ocra".to_owned(), option("suite", "suite").unwrap()];
        options.extend(option("counter", "counter"));
        options.extend(option("pin", "pin"));
        options.extend(option("session", "session_hex"));
        options.extend(now(case));
        // Two questions are given one by one, or joined as the RFC prints them.
        let one_by_one = [option("question", "question_other_party"), option("question", "question_own")];
        let one_by_one: Vec<_> = one_by_one.into_iter().flatten().collect();
        let joined = option("question", "question").unwrap();
        let (key, expect) = (case["key_hex"].as_str().unwrap().to_owned(), case["expect"].as_str().unwrap());
        for questions in [vec![joined], one_by_one] {
            if questions.is_empty() {
                continue;
            }
            let mut arguments = options.clone();
            arguments.extend(questions);
            arguments.push(key.clone());
            let ended = otp(&arguments);
            assert_eq!((ended.stdout.trim_end(), ended.stderr.as_str()), (expect, ""), "{}", case["id"]);
            // What is generated is right.
            "verify".clone_into(&mut arguments[0]);
            arguments.push(expect.to_owned());
            let ended = otp(&arguments);
            assert!(ended.code == Some(0) && ended.stdout.starts_with("match"), "{}: {}", case["id"], ended.stdout);
        }
    }
    cases.len()
}

#[test]
fn rfc6287() {
    assert_eq!(ocra(include_str!("../../../crates/pushotp-oath/tests/vectors/rfc6287_appendix_c.json")), 70);
}

#[test]
fn beyond_rfc6287() {
    assert_eq!(ocra(include_str!("../../../crates/pushotp-oath/tests/vectors/ocra_beyond_rfc6287.json")), 31);
}
