//! Snapshots: read in any portions, written on any number of threads, opened by any index.

pub mod diff;
pub mod index;
pub mod read;
pub mod rework;
pub mod sidecar;
pub mod write;
