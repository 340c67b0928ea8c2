//! Checks an upload, and keeps it if it is good.

use std::io::{self, Seek};
use std::time::Duration;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, Report, Verdict, check};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::finding::{Finding, status_of};
use crate::record::Record;
use crate::store::{Kept, Store};
use crate::upload::Upload;
use crate::work::Wanted;

/// The rules for uploads.
pub struct Rules {
    pub profile: Profile,
    /// Bounds for what an upload holds, the data in its dump included.
    pub limits: Limits,
    pub max_upload_bytes: u64,
    /// Room to leave on the disk of the store.
    pub min_free_bytes: u64,
    /// The time that a client may send or take nothing.
    pub patience: Duration,
}

/// Checks the upload and keeps it, or refuses it with a report.
///
/// Ends soon after the result is no longer wanted.
pub fn judge(
    upload: Upload,
    name: Option<String>,
    rules: &Rules,
    store: &Store,
    mut wanted: Wanted,
) -> Result<(Kept, Record), Answer> {
    let mut file = upload.file.as_file().try_clone().map_err(Answer::internal)?;
    file.rewind().map_err(Answer::internal)?;
    let options = CheckOptions::new().with_limits(rules.limits.clone());
    let source = wanted.reading(io::BufReader::with_capacity(64 << 10, file));
    let report = check(source, &rules.profile, &options, &mut wanted).map_err(Answer::of_input)?;
    if report.contents().kind == "custom-dump" {
        return Err(Answer::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, with_finding(&report, &Finding::bare_dump())?));
    }
    if report.contents().kind != "snapshot" || report.verdict() == Verdict::Reject {
        return Err(Answer::refused(status_of(&report), as_json(&report)?));
    }
    let record = Record {
        name,
        upload_sha256: upload.sha256,
        uploaded_at: Timestamp::now().to_string(),
        report: as_json(&report)?,
    };
    Ok((store.keep(upload.file, &record, &mut wanted)?, record))
}

fn as_json(report: &Report) -> Result<Value, Answer> {
    serde_json::to_value(report).map_err(Answer::internal)
}

/// Returns a report that rejects for a reason of the service.
fn with_finding(report: &Report, finding: &Finding) -> Result<Value, Answer> {
    let mut report = as_json(report)?;
    report["verdict"] = "reject".into();
    if let Some(findings) = report["findings"].as_array_mut() {
        findings.insert(0, json!(finding));
    }
    report["counts"][finding.code()] = 1.into();
    Ok(report)
}
