//! How much memory and time hostile input can cost. A binary of its own, for it counts every allocation.

#[path = "it/support/mod.rs"]
mod support;

#[path = "memory/mod.rs"]
mod memory;
