//! ct
