//! A small HTTP service around snapshots: how a blocking library lives in an asynchronous program.
//!
//! ```text
//! service --store /srv/snapshots --files /srv/app/data/files --database /srv/app/mx.dump
//! curl -T backup.tar.gz http://127.0.0.1:8080/snapshots
//! curl http://127.0.0.1:8080/snapshots/ID/documents
//! curl http://127.0.0.1:8080/snapshots/ID/documents/UUID -o invoice.pdf
//! curl http://127.0.0.1:8080/live -o now.tar.gz
//! ```
//!
//! | request | answer |
//! |---|---|
//! | `POST` or `PUT /snapshots` | 201 with the check's report, 422 with its findings, 413 too large, 415 no snapshot |
//! | `GET /snapshots` | what is in the store |
//! | `GET /snapshots/ID` | the archive |
//! | `GET /snapshots/ID/documents` | its documents, from the index |
//! | `GET /snapshots/ID/documents/UUID` | one document, by reading its range of the archive |
//! | `GET /live` | the app's data, packed while the client takes it |

#[path = "../../support/mod.rs"]
mod support;

mod answer;
mod body;
mod patient;
mod routes;
mod store;
mod upload;
mod work;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use appsnap::check::Profile;
use axum::Router;
use clap::Parser;
use clap::builder::PossibleValuesParser;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use patient::Patient;
use support::{Failure, InFile, Outcome};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Takes snapshots in, checks them, and gives them out again, whole or a document at a time.
#[derive(Parser)]
struct Args {
    /// Where uploaded snapshots are kept.
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The files folder of an app, to be packed for `/live`.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// A dump of the app's database, to be packed for `/live`.
    #[arg(long, value_name = "DUMP")]
    database: Option<PathBuf>,
    /// What uploads are judged by.
    #[arg(long, value_name = "NAME", default_value = "mendix-cloud",
          value_parser = PossibleValuesParser::new(Profile::BUILT_IN))]
    profile: String,
    /// The largest upload that is taken.
    #[arg(long, value_name = "N", default_value_t = 8 << 30)]
    max_upload_bytes: u64,
    /// Plain bytes of an upload that are read at most.
    #[arg(long, value_name = "N", default_value_t = 64 << 30)]
    max_total_bytes: u64,
    /// Uploads that are checked at the same time, and steps of downloads that are taken at the same time.
    #[arg(long, value_name = "N", default_value_t = usize::from(support::default_threads()))]
    workers: usize,
    /// Uploads and downloads at the same time; others wait.
    #[arg(long, value_name = "N", default_value_t = 64)]
    max_transfers: usize,
    /// Connections at the same time; others wait to be accepted.
    #[arg(long, value_name = "N", default_value_t = 1024)]
    max_connections: usize,
    /// How long a client may send or take nothing before it is given up, and wait for its turn.
    #[arg(long, value_name = "N", default_value_t = 30)]
    patience_seconds: u64,
}

fn main() -> ExitCode {
    support::run_with_own_signals(|args: &Args| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            // Every job and every step has a slot of its own; the others are for short writes of uploads.
            .max_blocking_threads(2 * args.workers.max(1) + 4)
            .enable_all()
            .build()
            .map_err(|error| Failure::environment("the runtime", error))?;
        runtime.block_on(serve(args))
    })
}

async fn serve(args: &Args) -> Outcome {
    std::fs::create_dir_all(&args.store).in_file(&args.store)?;
    let failed = |error| Failure::environment(args.listen.to_string(), error);
    let listener = TcpListener::bind(args.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    support::print(&format!("listening on http://{address}\n"))?;
    let patience = Duration::from_secs(args.patience_seconds);
    let router = routes::router(routes::Service::new(args)?);
    tokio::select! {
        () = accept(listener, router, args.max_connections, patience) => Ok(()),
        // What is under way has no name on the disk yet, so there is nothing to tidy up.
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(failed),
    }
}

/// Serves connections, so many at a time; each has to bring a whole request head in time.
async fn accept(listener: TcpListener, router: Router, max_connections: usize, patience: Duration) {
    let places = Arc::new(Semaphore::new(max_connections));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // No more files can be opened, or the client is gone already.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let mut connection = http1::Builder::new();
            connection.timer(TokioTimer::new()).header_read_timeout(patience);
            // An error here is a client that went away or spoke no HTTP; there is nobody to tell.
            let _ = connection.serve_connection(TokioIo::new(Patient::new(stream, patience)), service).await;
            drop(place);
        });
    }
}
