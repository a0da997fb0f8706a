//! XML for seed files: `roxmltree`, behind limits that stop a hostile file before anything is allocated for it.

use alloc::{borrow::Cow, string::String};

use roxmltree::{Document, Node, ParsingOptions};

use crate::{Error, Limits, Part, read::text};

/// How deep elements may stand; a signature in a key container stands at 8.
const DEPTH: usize = 64;
/// Namespaces in scope at one place; an element that declares one costs as much as there are.
const NAMESPACES: usize = 32;
/// Attributes of one tag: each is compared with each other one.
const ATTRIBUTES: usize = 64;
/// Bytes of a file for each tag and for each sign of equality, for which the parser reserves memory.
const BYTES_PER_TAG: usize = 5;
const BYTES_PER_EQUALITY: usize = 8;
/// What a small file may have beyond that.
const FREE: usize = 64;

/// Parses a document: no DOCTYPE, hence no entities but the five of XML.
pub(crate) fn parse<'i>(input: &'i [u8], limits: &Limits) -> Result<Document<'i>, Error> {
    let text = text(input)?;
    scan(text.as_bytes(), limits)?;
    let options = ParsingOptions { nodes_limit: 2_000_000, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => Error::Unsupported(Part::Field("DOCTYPE")),
        roxmltree::Error::NodesLimitReached => Error::TooMany,
        // The parser does not say where: at the end.
        roxmltree::Error::UnclosedRootNode | roxmltree::Error::UnexpectedEndOfStream => {
            Error::MalformedLine { line: text.lines().count(), column: 0 }
        }
        error => {
            let place = error.pos();
            let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
            Error::MalformedLine { line: number(place.row), column: number(place.col) }
        }
    })
}

/// The tags of a document, without looking whether it is well-formed.
fn scan(mut rest: &[u8], limits: &Limits) -> Result<(), Error> {
    if count(rest, b'<') > FREE + rest.len() / BYTES_PER_TAG
        || count(rest, b'=') > FREE + rest.len() / BYTES_PER_EQUALITY
    {
        return Err(Error::TooMany);
    }
    let mut open = Open { declared: [0; DEPTH], depth: 0 };
    while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
        rest = rest.get(start..).unwrap_or_default();
        let length = match rest {
            [b'<', b'!', b'-', b'-', ..] => after(rest, b"-->"),
            [b'<', b'!', b'[', ..] => after(rest, b"]]>"),
            [b'<', b'!', ..] => return Err(Error::Unsupported(Part::Field("DOCTYPE"))),
            [b'<', b'?', ..] => after(rest, b"?>"),
            _ => {
                let length = tag_length(rest, limits.tag).ok_or(Error::TooLong)?;
                open.see(rest.get(..length).unwrap_or_default())?;
                length
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(())
}

fn count(bytes: &[u8], byte: u8) -> usize {
    bytes.iter().map(|other| usize::from(*other == byte)).sum()
}

/// How many bytes there are up to the end of `end`; all if it does not come.
fn after(rest: &[u8], end: &[u8]) -> usize {
    rest.windows(end.len()).position(|window| window == end).map_or(rest.len(), |place| place + end.len())
}

/// The bytes of a tag, to the `>` that stands in no quotes, or to the end of the text.
fn tag_length(rest: &[u8], limit: usize) -> Option<usize> {
    let mut quote = None;
    for (place, byte) in rest.iter().enumerate().take(limit) {
        match (quote, byte) {
            (None, b'>') => return Some(place + 1),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    (rest.len() <= limit).then_some(rest.len())
}

/// The elements that are open, and how many namespaces each has declared.
struct Open {
    declared: [usize; DEPTH],
    depth: usize,
}

impl Open {
    fn see(&mut self, tag: &[u8]) -> Result<(), Error> {
        if tag.starts_with(b"</") {
            self.depth = self.depth.saturating_sub(1);
            return Ok(());
        }
        let declared = tag.windows(5).filter(|window| window == b"xmlns").count();
        let attributes = count(tag, b'=');
        let above: usize = self.declared.iter().take(self.depth).sum();
        if above + declared > NAMESPACES || attributes > ATTRIBUTES {
            return Err(Error::TooMany);
        }
        if !tag.ends_with(b"/>") {
            *self.declared.get_mut(self.depth).ok_or(Error::TooMany)? = declared;
            self.depth += 1;
        }
        Ok(())
    }
}

/// The elements in an element, whatever their namespaces.
pub(crate) fn children<'a, 'i: 'a>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// The first element of a name in an element.
pub(crate) fn child<'a, 'i: 'a>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    children(node).find(|child| child.tag_name().name() == name)
}

/// The text in an element, without the white space around it: also what stands behind a comment.
pub(crate) fn content<'a>(node: Node<'a, '_>) -> Cow<'a, str> {
    let mut texts = node.children().filter(Node::is_text).filter_map(|child| child.text());
    let first = texts.next().unwrap_or_default();
    let Some(second) = texts.next() else { return Cow::Borrowed(first.trim_ascii()) };
    let all: String = [first, second].into_iter().chain(texts).collect();
    Cow::Owned(all.trim_ascii().into())
}

/// Which line an element stands in, asked for one after the other from the first to the last.
pub(crate) struct Lines<'a> {
    rest: &'a str,
    offset: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(document: &'a Document<'_>) -> Self {
        Self { rest: document.input_text(), offset: 0, line: 1 }
    }

    pub(crate) fn of(&mut self, node: Node<'_, '_>) -> usize {
        let ahead = node.range().start.saturating_sub(self.offset);
        let Some((passed, rest)) = self.rest.split_at_checked(ahead) else { return self.line };
        self.line += passed.bytes().filter(|byte| *byte == b'\n').count();
        self.offset += ahead;
        self.rest = rest;
        self.line
    }
}
