//! The gzip engine: one member cut into chunks that can be compressed, and read back, each on its own.

mod read_at;

pub use read_at::ReadAt;
