//! Extraction with a conversion of the dump: [`Unpack`].

use std::fs::{self, File};
use std::io::{BufWriter, Read};
use std::path::Path;

use super::error::{self, Result};
use crate::error::Error;
use crate::limits::Limits;
use crate::observe::{Event, Observer, Phase, proceed};
use crate::pgdump::transcode::{ConversionReport, Transcoder};
use crate::snapshot::extract::{Durability, ExtractOptions, ExtractReport, IfExists, Staging};
use crate::snapshot::{SnapshotReader, extract};

const BUFFER_BYTES: usize = 256 << 10;
/// Name of the dump of an extraction, and of the converted one until it is complete.
const DATABASE: &str = "db.backup";
const CONVERTED: &str = "db.backup.converted";

/// An extraction that converts the dump, for a PostgreSQL server that cannot read it as it is.
///
/// ```
/// # use std::fs::File;
/// # let folder = tempfile::tempdir()?;
/// # let destination = folder.path().join("restored");
/// use appsnap::Limits;
/// use appsnap::observe::NoObserver;
/// use appsnap::pgdump::{FormatVersion, transcode::Transcoder};
/// use appsnap::prepare::Unpack;
/// use appsnap::snapshot::extract::ExtractOptions;
/// use appsnap::snapshot::{ReadOptions, SnapshotReader};
///
/// let archive = File::open("examples/data/quickstart.tar.gz")?;
/// let mut reader = SnapshotReader::new(archive, &ReadOptions::new());
/// let unpack = Unpack::new(&ExtractOptions::new(), Transcoder::to(FormatVersion::V1_13), &Limits::trusted());
/// let (report, conversion) = unpack.extract(&mut reader, &destination, &mut NoObserver)?;
/// assert_eq!(report.documents_count(), 2);
/// assert_eq!(conversion.changes.to, FormatVersion::V1_13);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Unpack {
    options: ExtractOptions,
    transcoder: Transcoder,
    limits: Limits,
}

impl Unpack {
    /// Creates an extraction; `limits` bound the reading of the dump.
    #[must_use]
    pub fn new(options: &ExtractOptions, transcoder: Transcoder, limits: &Limits) -> Self {
        Self { options: *options, transcoder, limits: limits.clone() }
    }

    /// Extracts all entries that `reader` has not read yet, as [`extract`](crate::snapshot::extract()) does, and converts
    /// the dump before the destination appears. There must be room for both dumps.
    ///
    /// # Errors
    /// Returns an error in the cases of [`extract`](crate::snapshot::extract()), if there is no dump to convert, and if the
    /// dump is damaged or cannot be converted. The destination does not change then.
    pub fn extract<R: Read>(
        &self,
        reader: &mut SnapshotReader<R>,
        destination: &Path,
        observer: &mut dyn Observer,
    ) -> Result<(ExtractReport, ConversionReport)> {
        let staging = Staging::create(destination, self.options.if_exists())?;
        let inner = self.options.with_if_exists(IfExists::Replace);
        let report = extract(reader, staging.content(), &inner, observer)?;
        if report.database_bytes().is_none() {
            return Err(error::nothing_to_convert());
        }
        proceed(observer, &Event::Phase(Phase::ConvertingDump))?;
        let conversion = self.convert(staging.content(), observer).map_err(|error| error.within(DATABASE))?;
        staging.commit(self.options.durability())?;
        Ok((report, conversion))
    }

    fn convert(&self, folder: &Path, observer: &mut dyn Observer) -> Result<ConversionReport> {
        let (from, to) = (folder.join(DATABASE), folder.join(CONVERTED));
        let failed = |error| Error::io("converting the dump", error);
        let mut output = BufWriter::with_capacity(BUFFER_BYTES, File::create_new(&to).map_err(failed)?);
        let input = File::open(&from).map_err(failed)?;
        let (_, report) = self.transcoder.plan(input, &self.limits)?.run(&mut output, observer)?;
        let output = output.into_inner().map_err(|error| failed(error.into_error()))?;
        if self.options.durability() != Durability::System {
            output.sync_all().map_err(failed)?;
        }
        fs::rename(&to, &from).map_err(failed)?;
        Ok(report)
    }
}
