use std::io;

use serde_json::{Value, json};

use crate::{driver::Driver, text_of};

/// The name that the protocol gives the reference of an element.
const REFERENCE: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys without a letter, to be [entered](Element::enter) as characters.
pub mod keys {
    /// Backspace.
    pub const BACKSPACE: &str = "\u{E003}";
    /// Tab.
    pub const TAB: &str = "\u{E004}";
    /// Enter.
    pub const ENTER: &str = "\u{E007}";
    /// Shift, until it comes again.
    pub const SHIFT: &str = "\u{E008}";
    /// Escape.
    pub const ESCAPE: &str = "\u{E00C}";
    /// The arrow to the left.
    pub const LEFT: &str = "\u{E012}";
    /// The arrow to the right.
    pub const RIGHT: &str = "\u{E014}";
}

/// An element of a page, as long as the page has it.
#[derive(Debug)]
pub struct Element<'a> {
    driver: &'a Driver,
    id: String,
}

impl<'a> Element<'a> {
    pub(crate) fn new(driver: &'a Driver, reference: &Value) -> Option<Self> {
        Some(Self { driver, id: reference[REFERENCE].as_str()?.to_owned() })
    }

    /// Clicks in its middle, scrolled into view.
    ///
    /// # Errors
    /// If something else would get the click.
    pub fn click(&self) -> io::Result<()> {
        self.driver.post(&self.path("click"), &json!({})).map(drop)
    }

    /// Types into it, after what is there; keys of [`keys`] are pressed. Of an input for a file, its path.
    ///
    /// # Errors
    /// If it takes no keys.
    pub fn enter(&self, text: &str) -> io::Result<()> {
        self.driver.post(&self.path("value"), &json!({ "text": text })).map(drop)
    }

    /// Empties an input.
    ///
    /// # Errors
    /// If it is none.
    pub fn clear(&self) -> io::Result<()> {
        self.driver.post(&self.path("clear"), &json!({})).map(drop)
    }

    /// Its text as it is displayed.
    ///
    /// # Errors
    /// If the page has it no more.
    pub fn text(&self) -> io::Result<String> {
        text_of(self.driver.get(&self.path("text"))?)
    }

    /// An attribute as the page's source has it; `None` without one.
    ///
    /// # Errors
    /// If the page has it no more.
    pub fn attribute(&self, name: &str) -> io::Result<Option<String>> {
        Ok(self.driver.get(&self.path(&format!("attribute/{name}")))?.as_str().map(str::to_owned))
    }

    /// A property as scripts see it, such as `value` of an input.
    ///
    /// # Errors
    /// If the page has it no more.
    pub fn property(&self, name: &str) -> io::Result<Value> {
        self.driver.get(&self.path(&format!("property/{name}")))
    }

    /// Whether a user would see it.
    ///
    /// # Errors
    /// If the page has it no more.
    pub fn is_displayed(&self) -> io::Result<bool> {
        Ok(self.driver.get(&self.path("displayed"))? == true)
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// If the page has it no more.
    pub fn is_enabled(&self) -> io::Result<bool> {
        Ok(self.driver.get(&self.path("enabled"))? == true)
    }

    fn path(&self, command: &str) -> String {
        format!("element/{}/{command}", self.id)
    }
}
