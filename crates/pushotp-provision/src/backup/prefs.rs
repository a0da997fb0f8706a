//! The preferences of an Android app: `<map><string name="…">text</string>…</map>`.
//!
//! Nothing else of XML is in them, so none of it is read: no entities of its own, no attributes but the name, which says
//! nothing here.

use alloc::string::String;

use zeroize::Zeroizing;

use crate::Error;

/// The texts of all `<string>` elements, in their order.
pub(crate) fn strings(xml: &str) -> Strings<'_> {
    Strings { xml, offset: 0 }
}

pub(crate) struct Strings<'a> {
    xml: &'a str,
    offset: usize,
}

/// A text, still escaped, and where it begins.
pub(crate) struct Escaped<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Iterator for Strings<'a> {
    type Item = Result<Escaped<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.xml.get(self.offset..)?;
        let Some((before, tag)) = rest.split_once("<string") else {
            self.offset = self.xml.len();
            // A document type could give a name to anything.
            return rest.contains("<!").then_some(Err(Error::Malformed { offset: self.offset }));
        };
        let start = self.offset + before.len();
        let found = (!before.contains("<!")).then(|| element(tag)).flatten();
        let Some((skipped, text)) = found else {
            self.offset = self.xml.len();
            return Some(Err(Error::Malformed { offset: start }));
        };
        let offset = start + "<string".len() + skipped;
        self.offset = offset + text.len() + "</string>".len();
        Some(Ok(Escaped { text, offset }))
    }
}

/// What stands between `>` and `</string>`, and how far from the beginning; a `>` in a name is escaped.
fn element(tag: &str) -> Option<(usize, &str)> {
    let (attributes, rest) = tag.split_once('>')?;
    if attributes.contains('<') || attributes.ends_with('/') {
        return None;
    }
    let (text, _) = rest.split_once("</string>")?;
    (!text.contains('<')).then_some((attributes.len() + 1, text))
}

impl Escaped<'_> {
    /// The text, which is never longer than it was.
    pub(crate) fn text(&self) -> Result<Zeroizing<String>, Error> {
        let mut text = Zeroizing::new(String::with_capacity(self.text.len()));
        let mut rest = self.text;
        while let Some((before, reference)) = rest.split_once('&') {
            text.push_str(before);
            let offset = self.offset + self.text.len() - reference.len() - 1;
            let (name, after) = reference.split_once(';').ok_or(Error::Malformed { offset })?;
            text.push(character(name).ok_or(Error::Malformed { offset })?);
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}

/// The five entities that XML has, and numbers.
fn character(name: &str) -> Option<char> {
    Some(match name {
        "quot" => '"',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#').filter(|number| number.len() <= 8)?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}
