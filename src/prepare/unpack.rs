//! Extraction with a conversion of the dump: [`extract_converted`].

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

/// Extracts all entries that `reader` has not read yet, as [`extract`](crate::snapshot::extract()) does, and converts the
/// dump before the destination appears: for a PostgreSQL server that cannot read it as it is.
///
/// There must be room for both dumps. The limits of the reader bound the dump as well.
///
/// ```
/// # use std::fs::File;
/// # let folder = tempfile::tempdir()?;
/// # let destination = folder.path().join("restored");
/// use appsnap::observe::NoObserver;
/// use appsnap::pgdump::{FormatVersion, transcode::Transcoder};
/// use appsnap::prepare::extract_converted;
/// use appsnap::snapshot::extract::ExtractOptions;
/// use appsnap::snapshot::{ReadOptions, SnapshotReader};
///
/// let archive = File::open("examples/data/quickstart.tar.gz")?;
/// let mut reader = SnapshotReader::new(archive, &ReadOptions::new());
/// let (options, older) = (ExtractOptions::new(), Transcoder::to(FormatVersion::V1_13));
/// let (report, conversion) = extract_converted(&mut reader, &destination, &options, &older, &mut NoObserver)?;
/// assert_eq!(report.documents_count(), 2);
/// assert_eq!(conversion.changes.to, FormatVersion::V1_13);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns an error in the cases of [`extract`](crate::snapshot::extract()), if there is no dump to convert, and if the
/// dump is damaged or cannot be converted. The destination does not change then.
pub fn extract_converted<R: Read>(
    reader: &mut SnapshotReader<R>,
    destination: &Path,
    options: &ExtractOptions,
    transcoder: &Transcoder,
    observer: &mut dyn Observer,
) -> Result<(ExtractReport, ConversionReport)> {
    let staging = Staging::create(destination, options.if_exists())?;
    let inner = options.with_if_exists(IfExists::Replace);
    let report = extract(reader, staging.content(), &inner, observer)?;
    if report.database_bytes().is_none() {
        return Err(error::nothing_to_convert());
    }
    proceed(observer, &Event::Phase(Phase::ConvertingDump))?;
    let conversion = convert(staging.content(), transcoder, reader.limits(), observer)
        .and_then(|report| sync(staging.content(), options.durability()).map(|()| report))
        .map_err(|error| error.within(DATABASE))?;
    staging.commit(options.durability())?;
    Ok((report, conversion))
}

/// Converts the dump in `folder`.
fn convert(
    folder: &Path,
    transcoder: &Transcoder,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<ConversionReport> {
    let (from, to) = (folder.join(DATABASE), folder.join(CONVERTED));
    let mut output = BufWriter::with_capacity(BUFFER_BYTES, File::create_new(&to).map_err(failed)?);
    let input = File::open(&from).map_err(failed)?;
    let (_, mut report) = transcoder.plan(input, limits)?.run(&mut output, observer)?;
    let mut output = output.into_inner().map_err(|error| failed(error.into_error()))?;
    report.write_offsets(&mut output)?;
    fs::rename(&to, &from).map_err(failed)?;
    Ok(report)
}

/// Syncs the dump, as extracted files are.
fn sync(folder: &Path, durability: Durability) -> Result<()> {
    if durability == Durability::System {
        return Ok(());
    }
    // Only a file that is open for writing can be synced everywhere.
    File::options().write(true).open(folder.join(DATABASE)).and_then(|file| file.sync_all()).map_err(failed)
}

fn failed(error: std::io::Error) -> Error {
    Error::io("converting the dump", error)
}
