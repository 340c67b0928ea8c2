//! Plans the retention of a listing: what stays, until when and why, and a calendar of it.

use std::fs::{self, File};
use std::io::Read;

use appsnap::catalog::{self, ListingFormat};
use appsnap::jiff::Timestamp;
use appsnap::pgdump::Identity;
use appsnap::retention::{Error, presets};
use serde_json::{Value, json};

use crate::backup_history::History;
use crate::backup_listing::{self, Listed};
use crate::backup_picture::{self, Panel};
use crate::backup_plan::plan_json;
use crate::request::Plan;
use crate::support::{Common, Failure, InFile, Outcome};

/// The largest file that is taken for a listing, which is read as a whole.
const MAX_LISTING_BYTES: u64 = 8 << 20;

/// Enough of a file to see that it is an archive, a dump, or of another known kind.
const HEAD_BYTES: u64 = 64 << 10;

/// Returns the format of the file if it is a listing of backups.
fn listing(request: &Plan) -> Outcome<Option<ListingFormat>> {
    let path = &request.path;
    let facts = fs::metadata(path).in_file(path)?;
    if !facts.is_file() || facts.len() > MAX_LISTING_BYTES {
        return Ok(None);
    }
    let mut file = File::open(path).in_file(path)?;
    let mut bytes = Vec::new();
    file.by_ref().take(HEAD_BYTES).read_to_end(&mut bytes).in_file(path)?;
    // Looking into compressed files is a matter of the check: the code for it is as large as all else here.
    if !matches!(Identity::of(&bytes), Identity::Json | Identity::Unknown) {
        return Ok(None);
    }
    file.read_to_end(&mut bytes).in_file(path)?;
    // A text that is nearly a listing is worth its error; anything else is a matter of the check.
    match catalog::detect(&bytes) {
        Ok(format) => Ok(format),
        Err(error) if is_text(&bytes) => Err(error).in_file(path),
        Err(_) => Ok(None),
    }
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'))
}

/// Returns the decisions about the listing, with a picture. The answer `other` is for a file that is no listing.
pub(crate) fn plan(request: &Plan) -> Outcome<Value> {
    let Some(format) = listing(request)? else { return Ok(json!({ "kind": "other" })) };
    let misused = |error: Error| Failure::environment("the policy", error);
    let name = request.policy.as_deref().unwrap_or_else(|| usual_policy(format));
    let mut policy = presets::by_name(name).map_err(misused)?;
    if let Some(zone) = &request.zone {
        policy = policy.in_zone(zone).map_err(misused)?;
    }
    let zone = policy.calendar().time_zone().filter(|_| request.zone.is_some());
    let quiet = Common { json: true, quiet: true, verbose: false };
    let Listed { backups, records, warnings } =
        backup_listing::read(std::slice::from_ref(&request.path), None, zone, quiet)?;
    let now = request.now.parse::<Timestamp>();
    let now = now.map_err(|error| Failure::environment("the present time", error.to_string()))?;
    let plan = policy.plan(&backups, now);
    let panel = Panel { policy: &policy, history: History::of_plan(&plan) };
    let picture = backup_picture::svg(&format!("as of {}", now.strftime("%Y-%m-%d")), &[panel]);
    let sizes: Vec<_> = backups.iter().map(|backup| backup.bytes()).collect();
    Ok(json!({
        "kind": "listing",
        "backups": records.len(),
        "format": format_name(format),
        "policy": name,
        "plan": plan_json(&plan),
        "bytes": sizes,
        "warnings": warnings,
        "picture": picture,
    }))
}

/// The policy of the platform, or a common one of the program.
const fn usual_policy(format: ListingFormat) -> &'static str {
    match format {
        ListingFormat::Squidex => "squidex",
        ListingFormat::PlatformShJson
        | ListingFormat::PlatformShCsv
        | ListingFormat::PlatformShTsv
        | ListingFormat::PlatformShTable => "platformsh-basic",
        ListingFormat::Restic => "restic:daily=7,weekly=5,monthly=12",
        ListingFormat::Borg => "borg:daily=7,weekly=4,monthly=6",
        ListingFormat::Proxmox => "proxmox:daily=7,weekly=4,monthly=6",
        ListingFormat::Kopia => "kopia:latest=10,daily=7,weekly=4,monthly=24",
        _ => "mendix-cloud",
    }
}

const fn format_name(format: ListingFormat) -> &'static str {
    match format {
        ListingFormat::MendixV1 | ListingFormat::MendixV2 => "Mendix Cloud",
        ListingFormat::Squidex => "Squidex",
        ListingFormat::PlatformShJson
        | ListingFormat::PlatformShCsv
        | ListingFormat::PlatformShTsv
        | ListingFormat::PlatformShTable => "Upsun (Platform.sh)",
        ListingFormat::Restic => "restic",
        ListingFormat::Borg => "borg",
        ListingFormat::Proxmox => "Proxmox Backup Server",
        ListingFormat::Kopia => "kopia",
        _ => "ids and times",
    }
}
