//! The gzip engine: one member cut into chunks that can be compressed, and read back, each on its own.

mod chunk;
mod error;
mod find;
mod frame;
mod framing;
mod parallelism;
mod pool;
mod pull;
mod read_at;
mod reader;
mod relay;
mod seek;
mod stream;
mod table;
mod writer;

pub use chunk::{CHUNK_BYTES, Level};
pub use error::{Error, ErrorKind, Part, Result};
pub use frame::MAGIC;
pub use parallelism::Parallelism;
pub use read_at::ReadAt;
pub use reader::{MemberSink, Reader, is_gzip};

pub(crate) use chunk::{Chunk, Content};
pub(crate) use find::{ChunkEnds, Cursor, find_chunks};
pub(crate) use frame::{EMPTY_MEMBER_OVERHEAD_BYTES, MAX_EXTRA_BYTES, empty_member, empty_member_payload, subfield};
pub(crate) use pull::Jobs;
pub(crate) use seek::Unpacker;
pub(crate) use stream::{ChunkStream, read_packed, with_chunks};
pub(crate) use table::{ChunkTable, FRAMING_BYTES, Place};
pub(crate) use writer::{ChunkRow, MemberFacts, Writer};
