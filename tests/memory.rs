//! How much memory and time hostile input can cost. A binary of its own, for it counts every allocation.

use appsnap_tests as support;

#[path = "memory/mod.rs"]
mod memory;
