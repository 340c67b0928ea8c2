//! The archive written and read back.

mod damage;
mod index;
mod read;
mod repack;
mod stream;
mod write;
