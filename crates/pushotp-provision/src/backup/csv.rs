//! RFC 4180, as far as a vault writes it: fields between quotes hold commas, line ends and doubled quotes.

use alloc::string::String;

use zeroize::Zeroizing;

use crate::Error;

/// The rows that are not blank.
pub(crate) fn rows(text: &str, longest: usize) -> Rows<'_> {
    Rows { text, line: 1, longest }
}

pub(crate) struct Rows<'a> {
    text: &'a str,
    line: usize,
    longest: usize,
}

/// A row and the line on which it begins.
pub(crate) struct Row<'a> {
    text: &'a str,
    pub(crate) line: usize,
}

/// A field, with its quotes.
pub(crate) struct Field<'a>(&'a str);

impl<'a> Iterator for Rows<'a> {
    type Item = Result<Row<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.text.is_empty() {
            let Some(end) = unquoted(self.text, '\n') else {
                let line = self.line;
                self.text = "";
                return Some(Err(Error::MalformedLine { line, column: 0 }));
            };
            let (row, rest) = self.text.split_at_checked(end).unwrap_or((self.text, ""));
            let row = Row { text: row.trim_end_matches('\r'), line: self.line };
            self.line += 1 + row.text.matches('\n').count();
            self.text = rest.get(1..).unwrap_or_default();
            if row.text.len() > self.longest {
                self.text = "";
                return Some(Err(Error::TooLong));
            }
            if !row.text.is_empty() {
                return Some(Ok(row));
            }
        }
        None
    }
}

/// Where the first such character stands that is not between quotes, or the end; `None` if a quote is not closed.
fn unquoted(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    for (place, character) in text.char_indices() {
        if character == '"' {
            quoted = !quoted;
        } else if character == wanted && !quoted {
            return Some(place);
        }
    }
    (!quoted).then_some(text.len())
}

impl<'a> Row<'a> {
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let mut rest = Some(self.text);
        core::iter::from_fn(move || {
            let text = rest?;
            let (field, after) = text.split_at_checked(unquoted(text, ',')?)?;
            rest = after.get(1..).filter(|_| !after.is_empty());
            Some(Field(field))
        })
    }
}

impl Field<'_> {
    /// The value without its quotes. It may be a secret.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        let bare = self.0.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let mut text = Zeroizing::new(String::with_capacity(self.0.len()));
        let mut rest = bare.unwrap_or(self.0);
        while let Some((before, after)) = rest.split_once("\"\"") {
            text.push_str(before);
            text.push('"');
            rest = after;
        }
        text.push_str(rest);
        text
    }
}
