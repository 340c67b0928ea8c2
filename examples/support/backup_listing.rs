//! Reads lists of backups from files, as pages of one listing, and groups them.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use appsnap::catalog::{self, Listing, ListingFormat, Record};
use appsnap::diagnostic::Severity;
use appsnap::jiff::tz::TimeZone;
use appsnap::retention::Backup;
use serde_json::Value;

use crate::backup_name::Name;
use crate::support::{Common, Failure, InFile, Outcome, is_dash, shown, tell};

/// The backups of a listing, and the platform's records of them.
#[derive(Default)]
pub(crate) struct Listed {
    pub(crate) backups: Vec<Backup<Name>>,
    pub(crate) records: Vec<Record>,
    /// The findings about the listing, as JSON.
    pub(crate) warnings: Value,
}

/// Reads pages of a listing. The backups of each group are a series: by these keys, or by default as the program or
/// platform groups them itself.
pub(crate) fn read(
    paths: &[PathBuf],
    keys: Option<&[String]>,
    zone: Option<&TimeZone>,
    Common { quiet, verbose, .. }: Common,
) -> Outcome<Listed> {
    let mut whole: Option<Listing> = None;
    let mut numbers = HashSet::new();
    for path in paths {
        let bytes = bytes(path)?;
        let page = catalog::read(&bytes).map_err(|error| Failure::input(shown(path), error))?;
        if page.format == ListingFormat::Own {
            collect_numbers(&bytes, &mut numbers);
        }
        match &mut whole {
            None => whole = Some(page),
            Some(whole) => whole.append(page).map_err(|error| Failure::input(shown(path), error))?,
        }
    }
    let Some(listing) = whole else { return Ok(Listed::default()) };
    let listing = match zone {
        Some(zone) => listing.in_zone(zone),
        None => listing,
    };
    let diagnostics = listing.diagnostics();
    for found in diagnostics.iter().filter(|found| !quiet && (verbose || found.severity() > Severity::Info)) {
        tell(format_args!("{found}; {}", found.code().help()));
    }
    let warnings = serde_json::to_value(&diagnostics).map_err(|error| Failure::environment("JSON", error))?;
    let name = |id: String| match id.parse() {
        Ok(number) if numbers.contains(&number) => Name::Number(number),
        _ => Name::Text(id),
    };
    let mut backups: Vec<_> = listing.to_backups().into_iter().map(|backup| backup.map_id(name)).collect();
    if let Some(keys) = keys {
        group(&mut backups, &listing.records, keys)?;
    }
    Ok(Listed { backups, records: listing.records, warnings })
}

fn bytes(path: &Path) -> Outcome<Vec<u8>> {
    if !is_dash(path) {
        return std::fs::read(path).in_file(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).in_file(path)?;
    Ok(bytes)
}

fn group(backups: &mut [Backup<Name>], records: &[Record], keys: &[String]) -> Outcome {
    let keys: Vec<&str> = keys.iter().map(String::as_str).filter(|key| !key.is_empty() && *key != "none").collect();
    if let Some(key) = keys.iter().find(|key| records.iter().all(|record| record.value_of(key).is_none())) {
        let known = "environment, host, paths, tag, series, origin, model-version, or a member of the listing";
        let message = format!("no backup has the key {key:?}: group by what the listing contains, such as {known}");
        return Err(Failure::environment("--group-by", message));
    }
    let mut groups = records.iter().map(|record| record.group_by(&keys));
    Backup::group_by(backups, |_| groups.next().flatten());
    Ok(())
}

/// Collects the ids that are numbers, which remain numbers in the output.
fn collect_numbers(bytes: &[u8], numbers: &mut HashSet<u64>) {
    fn visit(value: &Value, numbers: &mut HashSet<u64>) {
        match value {
            Value::Array(list) => list.iter().for_each(|value| visit(value, numbers)),
            Value::Object(members) => {
                numbers.extend(members.get("id").and_then(Value::as_u64));
                members.values().filter(|member| member.is_array()).for_each(|member| visit(member, numbers));
            }
            _ => {}
        }
    }
    let pages = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    pages.map_while(Result::ok).for_each(|page| visit(&page, numbers));
}
