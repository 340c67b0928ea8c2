//! A small HTTP service around snapshots: how a blocking library lives in an asynchronous program.
//!
//! `README.md` lists the requests and the settings.
//!
//! The library blocks. Every call into it runs on a thread that may block (`work.rs`), a few at a time. Uploads and
//! downloads move in steps (`upload.rs`, `body.rs`), so that a slow client holds no thread. A client that goes away drops
//! the future that serves it, and with it the temporary file (`incoming.rs`); a check that is under way ends at its next
//! read.

mod answer;
mod body;
mod download;
mod finding;
mod guard;
mod hashing;
mod health;
mod incoming;
mod judge;
mod kind;
mod live;
mod log;
mod page;
mod patient;
mod record;
mod representation;
mod room;
mod routes;
mod server;
mod service;
mod settings;
mod shutdown;
#[path = "../../support/size.rs"]
mod size;
mod snapshots;
mod start;
mod store;
mod stored;
mod upload;
mod work;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use settings::Settings;
use start::{Refused, Start};

/// Time for checks and file writes that are still under way when the service ends.
const LAST_JOBS: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    match run(&Settings::parse()) {
        Ok(code) => code,
        Err(refused) => {
            // The standard error may be closed.
            let _ = writeln!(std::io::stderr(), "error: {refused}");
            ExitCode::from(2)
        }
    }
}

fn run(settings: &Settings) -> Result<ExitCode, Refused> {
    let start = Start::prepare(settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Every job and every step has a slot of its own; the others are for short writes of uploads.
        .max_blocking_threads(2 * usize::from(settings.workers) + 4)
        .enable_all()
        .build()
        .map_err(|error| Refused::new("the runtime", error))?;
    let ended = runtime.block_on(server::serve(start, settings));
    runtime.shutdown_timeout(LAST_JOBS);
    ended
}
