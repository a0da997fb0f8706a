//! The calls of a page against a real login server, without a browser.

mod attempts;
mod refusals;
mod stories;
mod world;
