//! Examines a backup of Squidex for the page, as the command `check` does.

mod answer;
#[path = "../../support/backup_squidex.rs"]
mod backup_squidex;
mod request;
mod support;

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::request::Check;
use crate::support::{Outcome, Progress, command_limits};

fn main() -> ExitCode {
    answer::answer(examine)
}

/// Returns the report about the file of the request. The answer `other` is for a file that is no backup of Squidex.
fn examine(request: &Check) -> Outcome<Value> {
    // The profiles are those of a platform that restores no such archive.
    let described = backup_squidex::examine_path(&request.path, &command_limits(), &mut Progress)?;
    Ok(described.map_or_else(
        || json!({ "kind": "other" }),
        |described| json!({ "kind": "squidex", "report": described.report_json(&[]) }),
    ))
}
