use alloc::{borrow::ToOwned, string::String, vec::Vec};

use roxmltree::Node;

use crate::{
    Error, Part, Warning,
    notes::{Notes, number},
    xml::{children, content},
};

/// Where a field stands: the element that holds it, its own element, and its attribute; one of the last two may be none.
pub(super) struct Slot {
    pub(super) section: &'static str,
    pub(super) element: &'static str,
    pub(super) attribute: &'static str,
    pub(super) name: &'static str,
    check: Check,
}

/// What a field must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    Text,
    Number,
    Boolean,
}

const fn slot(section: &'static str, element: &'static str, attribute: &'static str, name: &'static str) -> Slot {
    Slot { section, element, attribute, name, check: Check::Text }
}

const fn number_slot(
    section: &'static str,
    element: &'static str,
    attribute: &'static str,
    name: &'static str,
) -> Slot {
    Slot { section, element, attribute, name, check: Check::Number }
}

const fn boolean_slot(section: &'static str, element: &'static str, name: &'static str) -> Slot {
    Slot { section, element, attribute: "CheckDigits", name, check: Check::Boolean }
}

/// The fields of a key package but the data, in the order of the schema, with the names that they have here.
pub(super) const SLOTS: [Slot; 34] = [
    slot("DeviceInfo", "Manufacturer", "", "manufacturer"),
    slot("DeviceInfo", "SerialNo", "", "serial"),
    slot("DeviceInfo", "Model", "", "model"),
    slot("DeviceInfo", "IssueNo", "", "issue_no"),
    slot("DeviceInfo", "DeviceBinding", "", "device_binding"),
    slot("DeviceInfo", "StartDate", "", "device_start_date"),
    slot("DeviceInfo", "ExpiryDate", "", "device_expiry_date"),
    slot("DeviceInfo", "UserId", "", "device_user_id"),
    slot("CryptoModuleInfo", "Id", "", "crypto_module_id"),
    slot("Key", "", "Id", "key_id"),
    slot("Key", "", "Algorithm", "algorithm"),
    slot("Key", "Issuer", "", "issuer"),
    slot("AlgorithmParameters", "Suite", "", "suite"),
    slot("AlgorithmParameters", "ChallengeFormat", "Encoding", "challenge_encoding"),
    number_slot("AlgorithmParameters", "ChallengeFormat", "Min", "challenge_min"),
    number_slot("AlgorithmParameters", "ChallengeFormat", "Max", "challenge_max"),
    boolean_slot("AlgorithmParameters", "ChallengeFormat", "challenge_check_digits"),
    slot("AlgorithmParameters", "ResponseFormat", "Encoding", "response_encoding"),
    number_slot("AlgorithmParameters", "ResponseFormat", "Length", "response_length"),
    boolean_slot("AlgorithmParameters", "ResponseFormat", "response_check_digits"),
    slot("Key", "KeyProfileId", "", "key_profile_id"),
    slot("Key", "KeyReference", "", "key_reference"),
    slot("Key", "FriendlyName", "", "friendly_name"),
    slot("Key", "UserId", "", "user_id"),
    slot("Policy", "StartDate", "", "start_date"),
    slot("Policy", "ExpiryDate", "", "expiry_date"),
    slot("Policy", "PINPolicy", "PINKeyId", "pin_key_id"),
    slot("Policy", "PINPolicy", "PINUsageMode", "pin_usage_mode"),
    number_slot("Policy", "PINPolicy", "MaxFailedAttempts", "pin_max_failed_attempts"),
    number_slot("Policy", "PINPolicy", "MinLength", "pin_min_length"),
    number_slot("Policy", "PINPolicy", "MaxLength", "pin_max_length"),
    slot("Policy", "PINPolicy", "PINEncoding", "pin_encoding"),
    slot("Policy", "KeyUsage", "", "key_usage"),
    number_slot("Policy", "NumberOfTransactions", "", "number_of_transactions"),
];

/// The numbers of `Data`; each may be encrypted.
pub(super) const NUMBERS: [(&str, &str, &str); 4] = [
    ("Counter", "COUNTER", "counter"),
    ("Time", "TIME", "time"),
    ("TimeInterval", "TIME_INTERVAL", "time_interval"),
    ("TimeDrift", "TIME_DRIFT", "time_drift"),
];

/// The names of RFC 6030 for those of its drafts and for other spellings.
pub(super) fn canonical(name: &str) -> &str {
    match name {
        "DeviceId" => "DeviceInfo",
        "Device" => "KeyPackage",
        "Usage" => "AlgorithmParameters",
        "Expiry" => "ExpiryDate",
        "KeyId" | "SecretId" | "id" => "Id",
        "KeyAlgorithm" | "SecretAlgorithm" => "Algorithm",
        "Format" | "format" => "Encoding",
        "length" => "Length",
        "version" => "Version",
        name => name,
    }
}

/// An attribute by its canonical name.
pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let found = node.attributes().find(|attribute| canonical(attribute.name()) == name);
    found.map(|attribute| attribute.value().trim_ascii())
}

/// The first element by its canonical name.
pub(super) fn element<'a, 'i: 'a>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    children(node).find(|child| canonical(child.tag_name().name()) == name)
}

/// What a key package says of a key, by name; empty fields are none.
pub(super) struct Fields(pub(super) Vec<(&'static str, String)>);

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Takes it out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(place).1)
    }

    /// The first one counts; only uses may be several.
    pub(super) fn add(&mut self, name: &'static str, value: &str) {
        if !value.is_empty() && (name == "key_usage" || self.get(name).is_none()) {
            self.0.push((name, value.to_owned()));
        }
    }

    /// Reads all but the data. An error leaves what was read before it.
    pub(super) fn read(
        &mut self,
        package: Node<'_, '_>,
        key: Node<'_, '_>,
        notes: &mut Notes<'_>,
    ) -> Result<(), Error> {
        let parameters = element(key, "AlgorithmParameters");
        let policy = element(key, "Policy");
        let mut result = Ok(());
        for slot in &SLOTS {
            let sections = match slot.section {
                "Key" => [Some(key), None],
                "AlgorithmParameters" => [parameters, None],
                // Drafts had the two dates in the key itself.
                "Policy" if slot.element.ends_with("Date") => [policy, Some(key)],
                "Policy" => [policy, None],
                section => [element(package, section), None],
            };
            for section in sections.into_iter().flatten() {
                result = result.and(self.read_slot(slot, section, notes));
            }
        }
        self.read_usage(parameters);
        result.and_then(|()| unknown_policy(policy, notes))
    }

    fn read_slot(&mut self, slot: &Slot, section: Node<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Error> {
        if slot.element.is_empty() {
            return self.read_value(slot, attribute(section, slot.attribute).unwrap_or_default(), notes);
        }
        let elements = children(section).filter(|child| canonical(child.tag_name().name()) == slot.element);
        // Only uses may be several.
        for node in elements.take(if slot.name == "key_usage" { usize::MAX } else { 1 }) {
            if !slot.attribute.is_empty() {
                self.read_value(slot, attribute(node, slot.attribute).unwrap_or_default(), notes)?;
                continue;
            }
            let text = content(node);
            // One exporter has the hash function in an attribute, where others read the text.
            let suite = node.attribute("hashalgo").filter(|_| slot.name == "suite" && text.is_empty());
            self.read_value(slot, suite.unwrap_or(&text), notes)?;
        }
        Ok(())
    }

    fn read_value(&mut self, slot: &Slot, value: &str, notes: &mut Notes<'_>) -> Result<(), Error> {
        let label = if slot.attribute.is_empty() { slot.element } else { slot.attribute };
        let part = Part::Field(label);
        notes.name(part, Some(value))?;
        let fits = match slot.check {
            Check::Text => true,
            Check::Number => number(value).is_some(),
            Check::Boolean => ["true", "false", "1", "0"].contains(&value),
        };
        if !fits && !value.is_empty() {
            return Err(Error::Invalid(part));
        }
        self.add(slot.name, value);
        Ok(())
    }

    /// `Usage OTP="true"` of drafts.
    fn read_usage(&mut self, parameters: Option<Node<'_, '_>>) {
        let attributes = parameters.into_iter().flat_map(|node| node.attributes());
        for usage in attributes.filter(|attribute| attribute.value() == "true") {
            self.add("key_usage", usage.name());
        }
    }
}

/// A receiver that does not understand all that a policy asks for must not use the key, RFC 6030 section 5.
fn unknown_policy(policy: Option<Node<'_, '_>>, notes: &mut Notes<'_>) -> Result<(), Error> {
    let known = |name: &str| SLOTS.iter().any(|slot| slot.section == "Policy" && slot.element == name);
    if policy.is_some_and(|policy| children(policy).any(|child| !known(child.tag_name().name()))) {
        return notes.tolerate(Warning::UnknownParameter, Error::Unsupported(Part::Field("Policy")));
    }
    Ok(())
}
