//! The page at `/`, whose files are part of the program, and what checks files in the browser, which is built apart.

use std::fs;
use std::io;
use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::answer::Answer;
use crate::service::Service;

/// Everything comes from this service, and nothing is run or loaded but these files.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
                      connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types worker";
/// The page that sends nothing has a policy of its own, in itself.
const CHECK_POLICY: &str = "frame-ancestors 'none'";

/// The page that `examples/browser/build` makes, and its program.
#[derive(Clone)]
pub struct CheckPage {
    page: Bytes,
    program: Bytes,
}

impl CheckPage {
    /// Reads the page from the folder into which it was built.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let read = |name: &str| fs::read(folder.join(name)).map(Bytes::from);
        Ok(Self { page: read("index.html")?, program: read("appsnap-check.wasm.gz")? })
    }
}

/// Adds the files of the page to the router.
pub fn routes(router: Router<Service>) -> Router<Service> {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    router
        .route("/", get(async || file("text/html; charset=utf-8", include_str!("page/index.html"))))
        .route("/style.css", get(async || file("text/css; charset=utf-8", include_str!("page/style.css"))))
        .route("/script.js", get(async || file(SCRIPT, include_str!("page/script.js"))))
        .route("/report.js", get(async || file(SCRIPT, include_str!("../../browser/page/report.js"))))
        .route("/checker.js", get(async || file(SCRIPT, include_str!("../../browser/page/checker.js"))))
        .route("/worker.js", get(async || file(SCRIPT, WORKER)))
        .route("/icon.svg", get(async || file("image/svg+xml", include_str!("page/icon.svg"))))
        .route("/check", get(check))
        .route("/appsnap-check.wasm.gz", get(program))
}

const WORKER: &str =
    concat!(include_str!("../../browser/page/wasi.js"), "\n", include_str!("../../browser/page/worker.js"));

fn file(content_type: &'static str, content: &'static str) -> Response {
    with_policy(content_type, POLICY, content)
}

fn with_policy(content_type: &'static str, policy: &'static str, content: impl IntoResponse) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
    ];
    (headers, content).into_response()
}

/// Returns the page that checks and sends nothing.
async fn check(State(service): State<Service>) -> Result<Response, Answer> {
    let page = service.check_page.ok_or_else(Answer::not_found)?;
    Ok(with_policy("text/html; charset=utf-8", CHECK_POLICY, page.page))
}

/// Returns the program that checks files in the browser.
async fn program(State(service): State<Service>) -> Result<Response, Answer> {
    let page = service.check_page.ok_or_else(Answer::not_found)?;
    Ok(with_policy("application/gzip", POLICY, page.program))
}
