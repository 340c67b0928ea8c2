//! The gzip engine: one member cut into chunks that can be compressed, and read back, each on its own.
//!
//! [`Level`] is an option of everything that writes, and [`Reader`] verifies gzip data on its own. Writing chunks is the
//! job of [`snapshot`](crate::snapshot); [the format page](crate::_documentation::format) describes them.
//!
//! ```
//! use std::io::{Read, Write};
//! use appsnap::{Limits, gzip};
//!
//! let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
//! packer.write_all(b"from any program")?;
//! let packed = packer.finish()?;
//! assert!(gzip::is_gzip(&packed));
//!
//! // Cut short: the plain bytes may all be there, but nobody vouches for them.
//! let mut plain = Vec::new();
//! let mut reader = gzip::Reader::new(&packed[..packed.len() - 1], &Limits::untrusted());
//! let error: gzip::Error = reader.read_to_end(&mut plain).unwrap_err().downcast()?;
//! assert!(error.is_truncated());
//! # Ok::<(), std::io::Error>(())
//! ```

mod chunk;
mod code;
mod error;
mod find;
mod frame;
mod framing;
mod pool;
mod pull;
mod reader;
mod relay;
mod seek;
mod stream;
mod table;
mod writer;

pub use chunk::{CHUNK_BYTES, Level};
pub use code::Code;
pub use error::{Error, ErrorKind};
pub use frame::MAGIC;
pub use reader::{MemberSink, Reader, is_gzip};

pub(crate) use chunk::{Chunk, Content};
pub(crate) use find::{ChunkEnds, Cursor, find_chunks};
pub(crate) use frame::{EMPTY_MEMBER_OVERHEAD_BYTES, MAX_EXTRA_BYTES, empty_member, empty_member_payload, subfield};
pub(crate) use pull::Jobs;
pub(crate) use seek::Unpacker;
pub(crate) use stream::{ChunkStream, read_packed, with_chunks};
pub(crate) use table::{ChunkTable, FRAMING_BYTES, Place};
pub(crate) use writer::{ChunkRow, MemberFacts, Writer};
