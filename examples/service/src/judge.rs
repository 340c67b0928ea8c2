//! Checks an upload, and keeps it if it is good.

use std::io::{self, Seek};
use std::time::Duration;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, Verdict, check};
use jiff::Timestamp;
use serde_json::json;

use crate::answer::Answer;
use crate::finding::status_of;
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
    if report.verdict() == Verdict::Reject {
        return Err(Answer::refused(status_of(&report), json!(report)));
    }
    let record =
        Record { name, upload_sha256: upload.sha256, uploaded_at: Timestamp::now().to_string(), report: json!(report) };
    Ok((store.keep(upload.file, &record, &mut wanted)?, record))
}
