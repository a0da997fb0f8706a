//! The rules in a text, and the names of rules in test sources.

use std::collections::BTreeSet;

const MARK: &str = "// protocol.md: ";

/// What a text says, and what is wrong with how it says it.
pub(crate) struct Document {
    pub(crate) ids: BTreeSet<String>,
    pub(crate) faults: Vec<String>,
    /// Names that stand in the text without brackets.
    references: BTreeSet<String>,
}

/// The names in test sources.
pub(crate) struct Named {
    pub(crate) ids: BTreeSet<String>,
    pub(crate) faults: Vec<String>,
}

/// `AREA-7`
fn is_id(word: &str) -> bool {
    word.split_once('-').is_some_and(|(area, number)| {
        area.len() >= 2
            && area.bytes().all(|byte| byte.is_ascii_uppercase())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Paragraphs, list items, table rows and blocks of code: a name belongs to the rules of its own unit.
fn units(text: &str) -> Vec<String> {
    let mut units = vec![String::new()];
    for line in text.lines() {
        let begins =
            line.trim().is_empty() || line.starts_with("* ") || line.starts_with("| ") || line.starts_with('#');
        if begins {
            units.push(String::new());
        }
        let unit = units.last_mut().unwrap();
        unit.push_str(line);
        unit.push('\n');
    }
    units
}

impl Document {
    pub(crate) fn parse(text: &str) -> Self {
        let (mut ids, mut faults, mut references) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
        // What the key words mean is said with them.
        for unit in units(text).iter().filter(|unit| !unit.contains("BCP 14")) {
            let mut rest = unit.as_str();
            while let Some((rule, id, after)) = next(rest) {
                if !rule.contains("MUST") {
                    faults.push(format!("{id} names no MUST"));
                }
                if !ids.insert(id.to_owned()) {
                    faults.push(format!("{id} is there twice"));
                }
                rest = after;
            }
            if rest.contains("MUST") {
                faults.push(format!("a MUST without a name: {}", rest.trim()));
            }
            let words = unit.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '[');
            references.extend(words.filter(|word| is_id(word)).map(str::to_owned));
        }
        Self { ids, faults, references }
    }

    /// Rules without a test, tests and references without a rule.
    pub(crate) fn compare(&self, named: &BTreeSet<String>) -> Vec<String> {
        let area = |id: &str| id.split('-').next().map(str::to_owned);
        let areas: BTreeSet<_> = self.ids.iter().map(|id| area(id)).collect();
        // A word such as P-256 is no reference.
        let references = self.references.iter().filter(|id| areas.contains(&area(id)));
        let mut faults: Vec<_> = self.ids.difference(named).map(|id| format!("{id} has no test")).collect();
        let unknown = named.iter().chain(references).filter(|id| !self.ids.contains(*id));
        faults.extend(unknown.map(|id| format!("{id} is no rule")));
        faults
    }
}

/// The text up to the next name in brackets, the name, and what follows it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices('[').find_map(|(at, _)| {
        let (id, after) = text[at + 1..].split_once(']')?;
        is_id(id).then_some((&text[..at], id, after))
    })
}

pub(crate) fn named(sources: &[String]) -> Named {
    let (mut ids, mut faults) = (BTreeSet::new(), Vec::new());
    for source in sources {
        let lines: Vec<&str> = source.lines().map(str::trim).collect();
        for (line, after) in lines.iter().zip(lines.iter().skip(1).chain([&""])) {
            let Some(list) = line.strip_prefix(MARK) else { continue };
            if *after != "#[test]" && !after.starts_with(MARK) {
                faults.push(format!("above no test: {list}"));
            }
            let (good, bad): (Vec<_>, Vec<_>) = list.split(", ").partition(|id| is_id(id));
            ids.extend(good.into_iter().map(str::to_owned));
            faults.extend(bad.into_iter().map(|text| format!("not a name: {text}")));
        }
    }
    Named { ids, faults }
}
