//! The page in a real browser, against a real login server.

mod order;
mod site;
mod stories;
mod tabs;
