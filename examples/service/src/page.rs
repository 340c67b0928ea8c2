//! The page at `/`: four files that are part of the program.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::service::Service;

/// Everything comes from this service, and nothing is run or loaded but these files.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// Adds the files of the page to the router.
pub fn routes(router: Router<Service>) -> Router<Service> {
    router
        .route("/", get(async || file("text/html; charset=utf-8", include_str!("page/index.html"))))
        .route("/style.css", get(async || file("text/css; charset=utf-8", include_str!("page/style.css"))))
        .route("/script.js", get(async || file("text/javascript; charset=utf-8", include_str!("page/script.js"))))
        .route("/icon.svg", get(async || file("image/svg+xml", include_str!("page/icon.svg"))))
}

fn file(content_type: &'static str, content: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, content_type), (header::CONTENT_SECURITY_POLICY, POLICY)], content)
}
