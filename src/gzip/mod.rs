//! The gzip engine: one member cut into chunks that can be compressed, and decompressed, each on its own.
//!
//! [`Level`] is an option of everything that writes, and [`Reader`] verifies gzip data on its own. Writing chunks is the
//! job of [`snapshot`](crate::snapshot); [the format page](crate::_documentation::format) describes them.
//!
//! ```
//! use std::io::{Read, Write};
//! use appsnap::{Limits, gzip};
//!
//! let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
//! encoder.write_all(b"from any program")?;
//! let compressed = encoder.finish()?;
//! assert!(gzip::is_gzip(&compressed));
//!
//! // Cut short: all uncompressed bytes may be there, but nothing verifies them.
//! let mut uncompressed = Vec::new();
//! let mut reader = gzip::Reader::new(&compressed[..compressed.len() - 1], &Limits::untrusted());
//! let error: gzip::Error = reader.read_to_end(&mut uncompressed).unwrap_err().downcast()?;
//! assert!(error.is_truncated());
//! # Ok::<(), std::io::Error>(())
//! ```

mod block_finder;
mod chunk;
mod chunk_stream;
mod code;
mod deflater;
mod encoder;
mod error;
mod fixed_huffman;
mod header;
mod inflater;
mod level;
mod locate_chunks;
mod parallel;
mod point;
mod point_recorder;
mod reader;
mod resumed;
mod table;
mod writer;

pub use chunk::CHUNK_BYTES;
pub use code::Code;
pub use error::{Error, ErrorKind};
pub use level::Level;
pub use reader::{Reader, is_gzip};

pub(crate) use chunk::{Chunk, SegmentKind};
pub(crate) use chunk_stream::{ChunkStream, read_range, verified_chunks, with_chunks};
pub(crate) use header::{
    EMPTY_MEMBER_OVERHEAD_BYTES, MAGIC, MAX_EXTRA_BYTES, empty_member, empty_member_payload, subfield,
};
pub(crate) use inflater::Inflater;
pub(crate) use locate_chunks::{ChunkLengths, locate_chunks};
pub(crate) use parallel::ChunkSource;
pub(crate) use point::{AccessPoint, PointForm};
pub(crate) use point_recorder::{PointRecorder, RecordedPoint};
pub(crate) use reader::{MemberReader, MemberSink};
pub(crate) use resumed::{Resumed, unpack_history};
pub(crate) use table::{AROUND_CHUNKS_BYTES, ChunkLocation, ChunkRow, ChunkTable, MemberFacts};
pub(crate) use writer::Writer;
