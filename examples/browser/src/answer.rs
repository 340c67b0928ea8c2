//! Reads the request and writes the answer.
//!
//! The one argument of a program is a request in JSON, its standard output is the answer in JSON, and each line of its
//! standard error is the name of the phase that begins.

use std::io::Write;
use std::process::ExitCode;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{Failure, Outcome};

/// Writes the answer to the request that the argument is. An error is an answer as well.
pub(crate) fn answer<R: DeserializeOwned>(work: impl FnOnce(&R) -> Outcome<Value>) -> ExitCode {
    let answer = request().and_then(|request| work(&request));
    let answer = answer.unwrap_or_else(|failure| json!({ "kind": "error", "message": failure.to_string() }));
    match writeln!(std::io::stdout(), "{answer}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn request<R: DeserializeOwned>() -> Outcome<R> {
    let misused = |why: String| Failure::environment("the request", why);
    let argument = std::env::args().nth(1).ok_or_else(|| misused("there is none".to_owned()))?;
    serde_json::from_str(&argument).map_err(|error| misused(error.to_string()))
}
