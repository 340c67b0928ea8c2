//! A conversion that has been worked out, and runs: [`Plan`], [`Converted`].

use std::fmt;
use std::io::{self, Read, Write};

use super::changes::{Changes, Conversion};
use super::conveyor::Conveyor;
use super::{Transcoder, contents};
use crate::limits::Limits;
use crate::observe::{Event, Observer, proceed};
use crate::pgdump::block::Blocks;
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::header::Header;
use crate::pgdump::toc::Toc;

/// A conversion that has been worked out: the header and table of contents of the input are read, those of the output
/// made.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::observe::NoObserver;
/// use appsnap::pgdump::{FormatVersion, Transcoder};
///
/// let input = File::open("tests/data/check/pg18-default.dump")?;
/// let input_bytes = input.metadata()?.len();
/// let plan = Transcoder::to(FormatVersion::V1_14).plan(input, &Limits::untrusted())?;
/// // `None` would mean: spool it where the length matters.
/// let promised_bytes = plan.output_bytes(input_bytes).expect("its data are not compressed anew");
/// assert_eq!(plan.run(std::io::sink(), &mut NoObserver)?.output_bytes, promised_bytes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Plan<R> {
    conveyor: Conveyor<R>,
    changes: Changes,
    /// Where the data begin in the input.
    data_offset_bytes: u64,
    front_bytes: u64,
}

impl<R: Read> Plan<R> {
    pub(super) fn new(options: &Transcoder, source: R, limits: &Limits) -> Result<Self, Error> {
        let blocks = Blocks::open(source, limits)?;
        let data_offset_bytes = blocks.data_offset_bytes();
        let (front, changes) = contents::write(options, blocks.header(), blocks.toc(), data_offset_bytes, limits)?;
        let front_bytes = front.len() as u64;
        let to = changes.recompressed.then_some(changes.compression);
        let conveyor = Conveyor::new(blocks, front, to, limits)?;
        Ok(Self { conveyor, changes, data_offset_bytes, front_bytes })
    }

    /// Header of the dump that is converted.
    #[must_use]
    pub const fn header(&self) -> &Header {
        self.conveyor.header()
    }

    /// Table of contents of the input.
    #[must_use]
    pub const fn toc(&self) -> &Toc {
        self.conveyor.toc()
    }

    /// What will change.
    #[must_use]
    pub const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Length of the output in bytes if the input has `input_bytes`; `None` when data are compressed anew, because then
    /// nobody knows, and for an input that ends before its data begin.
    ///
    /// A [second table of contents](Blocks::has_second_toc) behind the data does not count and is not copied:
    /// [`Inspection::data_end_bytes`](crate::pgdump::Inspection::data_end_bytes) is the length to give. An input that proves to
    /// have another length is an error or makes an output of another length: whoever promises the length to others has
    /// to compare.
    #[must_use]
    pub fn output_bytes(&self, input_bytes: u64) -> Option<u64> {
        if self.changes.recompressed {
            return None;
        }
        input_bytes.checked_sub(self.data_offset_bytes)?.checked_add(self.front_bytes)
    }

    /// Converts, writes the output to `sink`, and flushes that.
    ///
    /// The observer is told of the bytes of the input.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] and [`ErrorKind::Truncated`] for a damaged input, [`ErrorKind::Limit`] when decoded data
    /// pass it, [`ErrorKind::Io`], [`ErrorKind::Cancelled`]. The sink then holds a part of a dump, which is worth
    /// nothing.
    pub fn run<W: Write>(mut self, mut sink: W, observer: &mut dyn Observer) -> Result<Conversion, Error> {
        let failed = |error| Error::new(ErrorKind::Io { action: WRITING }).because(error);
        proceed(observer, &Event::phase("converting"))?;
        let mut output_bytes = 0_u64;
        loop {
            let batch = self.conveyor.batch();
            sink.write_all(batch).map_err(failed)?;
            output_bytes = output_bytes.saturating_add(batch.len() as u64);
            proceed(observer, &Event::bytes(self.conveyor.position()))?;
            if !self.conveyor.advance()? {
                break;
            }
        }
        sink.flush().map_err(failed)?;
        Ok(self.conversion(output_bytes))
    }

    /// The output as something to read from, for sinks that pull.
    pub fn into_reader(self) -> Converted<R> {
        Converted { plan: self, start: 0, output_bytes: 0, ended: false }
    }

    fn conversion(self, output_bytes: u64) -> Conversion {
        let (header, toc) = self.conveyor.into_parts();
        Conversion { header, toc, changes: self.changes, output_bytes }
    }
}

const WRITING: &str = "writing the converted dump";

impl<R> fmt::Debug for Plan<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("changes", &self.changes).finish_non_exhaustive()
    }
}

/// The output of a conversion, to read from.
///
/// [`Read`] gives 0 only when the input has been read to its end and verified. Its errors are [`Error`]s inside of
/// [`io::Error`]s.
///
/// ```
/// use std::fs::File;
/// use std::io::Read;
/// use appsnap::Limits;
/// use appsnap::pgdump::{FormatVersion, Transcoder};
///
/// let input = File::open("tests/data/check/pg18-default.dump")?;
/// let mut reader = Transcoder::to(FormatVersion::V1_14).plan(input, &Limits::untrusted())?.into_reader();
/// let mut output = Vec::new();
/// reader.read_to_end(&mut output)?;
/// assert_eq!(reader.finish()?.output_bytes, output.len() as u64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Converted<R> {
    plan: Plan<R>,
    /// What of the batch has not been read begins here.
    start: usize,
    output_bytes: u64,
    ended: bool,
}

impl<R: Read> Converted<R> {
    /// What the conversion came to.
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] when it was not read until there was nothing more.
    pub fn finish(self) -> Result<Conversion, Error> {
        if !self.ended {
            return Err(Error::new(ErrorKind::Misuse("the converted dump was not read to its end")));
        }
        Ok(self.plan.conversion(self.output_bytes))
    }
}

impl<R: Read> Read for Converted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() || self.ended {
            return Ok(0);
        }
        let conveyor = &mut self.plan.conveyor;
        if self.start >= conveyor.batch().len() {
            self.start = 0;
            if !conveyor.advance()? {
                self.ended = true;
                return Ok(0);
            }
        }
        let mut rest = conveyor.batch().get(self.start..).unwrap_or_default();
        let count = rest.read(out)?;
        self.start = self.start.saturating_add(count);
        self.output_bytes = self.output_bytes.saturating_add(count as u64);
        Ok(count)
    }
}

impl<R> fmt::Debug for Converted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Converted").field("output_bytes", &self.output_bytes).finish_non_exhaustive()
    }
}
