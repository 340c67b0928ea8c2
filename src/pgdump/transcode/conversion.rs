//! A conversion whose changes are known and whose data is yet to be written: [`Conversion`].

use std::fmt;
use std::io::{self, Read, Write};

use super::changes::{Changes, ConversionReport, Positions};
use super::data_rewriter::{DataRewriter, Parts, Plan};
use super::selection::Selection;
use super::toc_writer::PositionField;
use super::{Transcoder, entry_rewriter};
use crate::error::FinishError;
use crate::limits::Limits;
use crate::observe::{Event, Observer, Phase, proceed};
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::compat::dumped_major;
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::header::Header;
use crate::pgdump::toc::Toc;
use crate::pgdump::values::WatchedTables;
use crate::pgdump::window::window;

/// A conversion whose changes are known: the table of contents of the input has been read, that of the output made.
///
/// [`run`](Self::run) writes the output to a sink. For sinks that pull, a conversion is also a reader of the output:
///
/// ```
/// use std::fs::File;
/// use std::io::Read;
/// use appsnap::Limits;
/// use appsnap::pgdump::{FormatVersion, transcode::Transcoder};
///
/// let input = File::open("tests/data/check/pg18-default.dump")?;
/// let input_bytes = input.metadata()?.len();
/// let mut conversion = Transcoder::to(FormatVersion::V1_14).plan(input, &Limits::untrusted())?;
/// let output_bytes = conversion.output_bytes(input_bytes).expect("the data is not recompressed");
///
/// let mut output = Vec::new();
/// conversion.read_to_end(&mut output)?;
/// assert_eq!((conversion.finish()?.output_bytes, output.len() as u64), (output_bytes, output_bytes));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`Read`] returns `Ok(0)` only after the input has been read to its end and verified. Its errors are [`Error`]s within
/// [`io::Error`]s.
#[must_use]
pub struct Conversion<R> {
    rewriter: DataRewriter<R>,
    changes: Changes,
    /// The length of the input and of the output before their data.
    data_offset_bytes: u64,
    head_bytes: u64,
    /// `true` if no data is left out or edited.
    is_copied: bool,
    fields: Vec<PositionField>,
    /// The number of bytes of the rewriter's batch that have been read.
    read: usize,
    output_bytes: u64,
    ended: bool,
}

impl<R: Read> Conversion<R> {
    pub(super) fn new(options: &Transcoder, source: R, limits: &Limits) -> Result<Self, Error> {
        let reader = BlockReader::open(source, limits)?;
        let data_offset_bytes = reader.data_offset_bytes();
        let selection = Selection::of(options, reader.toc())?;
        let is_copied = selection.is_empty();
        let (head, changes, fields) = entry_rewriter::write(options, &selection, &reader, limits)?;
        let head_bytes = head.len() as u64;
        // Values that the server has are of no interest.
        let wants_values = changes.server_major.is_some_and(|major| major < dumped_major(reader.header()));
        let watched =
            if wants_values { WatchedTables::of(reader.header(), reader.toc()) } else { WatchedTables::default() };
        let plan = Plan { selection, watched, parallelism: options.parallelism };
        let rewriter = DataRewriter::new(reader, head, plan, &changes, limits)?;
        let (read, output_bytes, ended) = (0, 0, false);
        Ok(Self { rewriter, changes, data_offset_bytes, head_bytes, is_copied, fields, read, output_bytes, ended })
    }

    /// Returns the header of the input.
    #[must_use]
    pub const fn header(&self) -> &Header {
        self.rewriter.header()
    }

    /// Returns the table of contents of the input.
    #[must_use]
    pub fn toc(&self) -> &Toc {
        self.rewriter.toc()
    }

    /// Returns the changes.
    #[must_use]
    pub const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Returns the length of the output in bytes for an input of `input_bytes`. Returns `None` if data is recompressed, edited
    /// or left out, because the length is not known then, and for an input that ends before its data.
    ///
    /// A second table of contents after the data does not count and is not copied:
    /// [`Inspection::data_end_bytes`](crate::pgdump::Inspection::data_end_bytes) is the length to give. If the input proves
    /// to have another length, the conversion fails or its output has another length, so callers that declare the length
    /// to others must compare it.
    #[must_use]
    pub fn output_bytes(&self, input_bytes: u64) -> Option<u64> {
        if self.changes.recompressed || !self.is_copied {
            return None;
        }
        input_bytes.checked_sub(self.data_offset_bytes)?.checked_add(self.head_bytes)
    }

    /// Converts the dump, writes it to `sink`, flushes the sink, and returns it.
    ///
    /// The observer receives the phase `converting` and the number of bytes of the input that have been read.
    ///
    /// # Errors
    /// Returns an error, with the sink, if the input is damaged or exceeds a limit, if source or sink fail, or if the
    /// observer cancels. The sink then holds a part of a dump, which is of no use.
    pub fn run<W: Write>(
        mut self,
        mut sink: W,
        observer: &mut dyn Observer,
    ) -> Result<(W, ConversionReport), FinishError<W, Error>> {
        match self.write_all(&mut sink, observer).and_then(|()| self.finish()) {
            Ok(report) => Ok((sink, report)),
            Err(error) => Err(FinishError::new(error, sink)),
        }
    }

    fn write_all(&mut self, sink: &mut impl Write, observer: &mut dyn Observer) -> Result<(), Error> {
        let failed = |error| Error::new(ErrorKind::Io { action: "writing the converted dump" }).because(error);
        proceed(observer, &Event::Phase(Phase::ConvertingDump))?;
        loop {
            let batch = self.unread();
            sink.write_all(batch).map_err(failed)?;
            self.consume(batch.len());
            proceed(observer, &Event::bytes(self.rewriter.position(), None))?;
            if !self.fill()? {
                break;
            }
        }
        sink.flush().map_err(failed)
    }

    /// Returns the report after the output has been read to its end.
    ///
    /// # Errors
    /// Returns an error if the output has not been read to its end.
    pub fn finish(self) -> Result<ConversionReport, Error> {
        if !self.ended {
            return Err(Error::new(ErrorKind::Misuse("the converted dump has not been read to its end")));
        }
        let dialect = self.rewriter.header().dialect.with_version(self.changes.to)?;
        let Parts { header, toc, mut starts, mut newer_values } = self.rewriter.into_parts();
        starts.sort_unstable();
        let start_of =
            |id: u32| starts.binary_search_by_key(&id, |(id, _)| *id).ok().and_then(|found| starts.get(found));
        let fields = self.fields.iter().filter_map(|field| Some((field.start as u64, start_of(field.id)?.1))).collect();
        let positions = Positions { dialect, fields };
        let mut changes = self.changes;
        newer_values.retain(|value| changes.server_major.is_some_and(|major| major < value.feature.since_major()));
        changes.warnings.append(&mut newer_values);
        Ok(ConversionReport { header, toc, changes, output_bytes: self.output_bytes, positions })
    }

    /// Returns the bytes of the output that are ready.
    fn unread(&self) -> &[u8] {
        let batch = self.rewriter.batch();
        window(batch, self.read, batch.len())
    }

    fn consume(&mut self, count: usize) {
        self.read = self.read.saturating_add(count);
        self.output_bytes = self.output_bytes.saturating_add(count as u64);
    }

    /// Makes more output if none is ready. Returns `false` at the verified end of the input.
    fn fill(&mut self) -> Result<bool, Error> {
        if self.read >= self.rewriter.batch().len() && !self.ended {
            self.read = 0;
            self.ended = !self.rewriter.advance()?;
        }
        Ok(!self.ended)
    }
}

impl<R: Read> Read for Conversion<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() || !self.fill()? {
            return Ok(0);
        }
        let count = self.unread().read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R> fmt::Debug for Conversion<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversion").field("changes", &self.changes).finish_non_exhaustive()
    }
}
