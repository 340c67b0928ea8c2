//! The memory and time that hostile input can cost. A binary of its own, because it counts every allocation.

use appsnap_tests as support;

#[path = "memory/mod.rs"]
mod memory;
