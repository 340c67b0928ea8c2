//! The gzip engine: one member cut into chunks that can be compressed, and read back, each on its own.

mod chunk;
mod error;
mod frame;
mod pool;
mod read_at;
mod reader;
mod seek;
mod writer;

pub use chunk::{CHUNK_BYTES, Level};
pub use error::{Error, ErrorKind, Part, Result};
pub use frame::MAGIC;
pub use pool::Parallelism;
pub use read_at::ReadAt;
pub use reader::{MemberSink, Reader, is_gzip};

pub(crate) use chunk::{Chunk, Content};
pub(crate) use frame::{EMPTY_MEMBER_OVERHEAD_BYTES, MAX_EXTRA_BYTES, empty_member, empty_member_payload, subfield};
pub(crate) use pool::Jobs;
pub(crate) use seek::Unpacker;
pub(crate) use writer::{MemberFacts, Writer};
