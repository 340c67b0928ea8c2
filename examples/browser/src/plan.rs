//! Plans the retention of a listing for the page, as the command `retention` does.

mod answer;
#[allow(dead_code, reason = "shared with a command that needs more of it")]
#[path = "../../support/backup_change.rs"]
mod backup_change;
#[allow(dead_code, reason = "shared with a command that needs more of it")]
#[path = "../../support/backup_history.rs"]
mod backup_history;
#[path = "../../support/backup_listing.rs"]
mod backup_listing;
#[path = "../../support/backup_name.rs"]
mod backup_name;
#[path = "../../support/backup_picture.rs"]
mod backup_picture;
#[allow(dead_code, reason = "shared with a command that needs more of it")]
#[path = "../../support/backup_plan.rs"]
mod backup_plan;
mod listing;
mod request;
mod support;

use std::process::ExitCode;

fn main() -> ExitCode {
    answer::answer(listing::plan)
}
