//! Feeds the dump to pg_restore, converted on the way, and extracts the documents meanwhile.

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use appsnap::Limits;
use appsnap::io::Parallelism;
use appsnap::pgdump::toc::Entry;
use appsnap::pgdump::transcode::{ConversionReport, Transcoder};

use crate::bucket_files::Delivered;
use crate::input::Input;
use crate::ledger::Ledger;
use crate::meter::{Meter, OfDump};
use crate::server::Server;
use crate::support::{Failure, InFile, Outcome, shown};
use crate::tools::{Job, Tool};

/// Bytes that are written to pg_restore at once.
const BUFFER_BYTES: usize = 256 << 10;

/// The output of a restore.
pub struct Feed<'a> {
    pub input: &'a Input,
    pub server: &'a Server,
    pub tool: &'a Tool,
    pub transcoder: &'a Transcoder,
    /// The new database.
    pub database: &'a str,
    pub role: Option<&'a str>,
    pub jobs: u32,
    /// The folder for temporary files.
    pub spool_dir: PathBuf,
    /// The destination of the documents.
    pub documents: Option<&'a Ledger>,
    pub limits: &'a Limits,
}

impl Feed<'_> {
    /// Does both at the same time. If one fails, the other is ended.
    pub fn run(&self, meter: &Meter) -> Outcome<(ConversionReport, Option<Delivered>)> {
        let input = self.input;
        let (dump, documents) = std::thread::scope(|scope| {
            let extraction = self.documents.map(|destination| {
                scope.spawn(move || {
                    let extracted = input.deliver(destination, Parallelism::INLINE, meter);
                    extracted.inspect_err(|_| meter.stop())
                })
            });
            let dump = self.dump(meter).inspect_err(|_| meter.stop());
            let extracted = extraction.map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(Failure::environment("extracting the documents", "a thread panicked")))
            });
            (dump, extracted.transpose())
        });
        meter.finish();
        // The one that was ended has nothing to say.
        match (dump, documents) {
            (Ok(conversion), Ok(documents)) => Ok((conversion, documents)),
            (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
            (Err(dump), Err(documents)) => Err(if dump.to_string().contains("cancelled") { documents } else { dump }),
        }
    }

    fn dump(&self, meter: &Meter) -> Outcome<ConversionReport> {
        let list = tempfile::NamedTempFile::new_in(&self.spool_dir).in_file(&self.spool_dir)?;
        self.input.dump(|source| {
            let conversion = self.transcoder.plan(source, self.limits).in_file(self.input.path())?;
            // A role that owns nothing of the server may not comment on what initdb created.
            let is_foreign = |entry: &Entry<'_>| entry.desc == b"COMMENT" && entry.tag == b"EXTENSION plpgsql";
            let needs_list = !self.server.is_superuser && conversion.toc().entries().any(|entry| is_foreign(&entry));
            if needs_list {
                let mut lines = Vec::new();
                for entry in conversion.toc().entries().filter(|entry| !is_foreign(entry)) {
                    entry.write_list_line(&mut lines);
                }
                io::Write::write_all(&mut list.as_file(), &lines).in_file(list.path())?;
            }
            let job = |input| Job {
                tool: self.tool,
                database: self.database,
                role: self.role,
                jobs: self.jobs,
                input,
                list: needs_list.then(|| list.path()),
            };
            if self.jobs > 1 && !self.tool.needs_filter(self.server.major) {
                let mut spool = tempfile::NamedTempFile::new_in(&self.spool_dir).in_file(&self.spool_dir)?;
                let report = conversion.run(spool.as_file_mut(), &mut OfDump(meter.clone()));
                let (file, mut report) = report.map_err(|error| self.spool_failure(error.into()))?;
                // Each connection finds its tables without reading those before them.
                report.write_offsets(file).map_err(|error| self.spool_failure(error))?;
                let (running, _) = job(Some(spool.path())).start(self.server, meter)?;
                return running.wait().map(|()| report);
            }
            let (running, stdin) = job(None).start(self.server, meter)?;
            let Some(stdin) = stdin else {
                running.kill();
                return Err(Failure::environment("pg_restore", "it has no standard input"));
            };
            let mut sink = BufWriter::with_capacity(BUFFER_BYTES, stdin);
            let fed = conversion.run(&mut sink, &mut OfDump(meter.clone()));
            let fed = fed.map(|(_, report)| report).map_err(appsnap::pgdump::Error::from);
            let flushed = sink.flush();
            // Without the buffer: what is in it after an error is of no use.
            drop(sink.into_parts());
            match (fed, flushed) {
                (Ok(report), Ok(())) => running.wait().map(|()| report),
                // pg_restore has ended, and knows why.
                (Err(error), _) if is_broken_pipe(&error) => Err(running.wait().err().unwrap_or_else(ended_early)),
                (Ok(_), Err(_)) => Err(running.wait().err().unwrap_or_else(ended_early)),
                (Err(error), _) => {
                    running.kill();
                    Err(error).in_file(self.input.path())
                }
            }
        })
    }

    fn spool_failure(&self, error: appsnap::pgdump::Error) -> Failure {
        if error.is_io() {
            Failure::environment(format!("the spool in {}", shown(&self.spool_dir)), appsnap::Error::from(error))
        } else {
            match Err::<(), _>(error).in_file(self.input.path()) {
                Err(failure) => failure,
                Ok(()) => ended_early(),
            }
        }
    }
}

fn ended_early() -> Failure {
    Failure::environment("pg_restore", "it ended before it had read the whole dump")
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return true;
        }
        cause = error.source();
    }
    false
}
