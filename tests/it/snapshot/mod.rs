//! The archive written and read back.

mod damage;
mod index;
mod join;
mod read;
mod repack;
mod shards;
mod sidecar;
mod stream;
mod write;
