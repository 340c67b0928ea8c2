//! Accepts connections, serves them, and lets those in progress end when the service ends.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::log;
use crate::patient::Patient;
use crate::routes;
use crate::service::Service;
use crate::settings::Settings;
use crate::shutdown::Signals;
use crate::start::{Refused, Start};

/// Serves requests until a signal, and then those that are in progress.
///
/// Returns failure if some of them did not end in time.
pub async fn serve(start: Start, settings: &Settings) -> Result<ExitCode, Refused> {
    let failed = |error| Refused::new(format!("--listen {:?}", settings.listen), error);
    let mut signals = Signals::listen().map_err(|error| Refused::new("signals", error))?;
    let listener = TcpListener::from_std(start.listener).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let service =
        Service::new(start.store, start.check_page, settings).map_err(|error| Refused::new("settings", error))?;
    log::print(&format!("listening on http://{address}\n"));

    let graceful = GracefulShutdown::new();
    let signal = tokio::select! {
        never = accept(listener, routes::router(service), settings, &graceful) => never,
        signal = signals.next() => signal,
    };
    log::event(&json!({ "event": "shutdown", "signal": signal, "grace_seconds": settings.grace_seconds }));
    let reason = tokio::select! {
        () = graceful.shutdown() => {
            log::event(&json!({ "event": "stopped" }));
            return Ok(ExitCode::SUCCESS);
        }
        () = sleep(settings.grace()) => "the time for requests in progress is over",
        _ = signals.next() => "a second signal",
    };
    log::event(&json!({ "event": "stopped", "error": format!("requests in progress were cut off: {reason}") }));
    Ok(ExitCode::FAILURE)
}

/// Serves connections, so many at a time; each has to send a whole request head in time.
async fn accept(
    listener: TcpListener,
    router: Router,
    settings: &Settings,
    graceful: &GracefulShutdown,
) -> &'static str {
    let places = Arc::new(Semaphore::new(settings.max_connections.into()));
    let patience = settings.patience();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return "no more connections" };
        let Ok((stream, _)) = listener.accept().await else {
            // No more files can be opened, or the client has gone already.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let mut connection = http1::Builder::new();
        connection.timer(TokioTimer::new()).header_read_timeout(patience);
        let service = TowerToHyperService::new(router.clone());
        let stream = TokioIo::new(Patient::new(stream, patience));
        let connection = graceful.watch(connection.serve_connection(stream, service));
        tokio::spawn(async move {
            // An error here is a client that went away or spoke no HTTP: there is no one to answer.
            let _ = connection.await;
            drop(place);
        });
    }
}
