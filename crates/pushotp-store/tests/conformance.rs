//! The store in memory against the suite.

use std::sync::Arc;

use pushotp_store::MemoryStore;

pushotp_store::conformance!(Arc::<MemoryStore>::default);
