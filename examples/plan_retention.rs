//! Asks which backups a policy keeps, until when, and why. `cargo run --example plan_retention`

use std::error::Error;

use appsnap::jiff::{Timestamp, ToSpan};
use appsnap::retention::{Backup, presets};

fn main() -> Result<(), Box<dyn Error>> {
    // One backup every night for two months.
    let now: Timestamp = "2026-05-01T12:00:00Z".parse()?;
    let nights = (11_i64..).step_by(24).take(60).filter_map(|hours| now.checked_sub(hours.hours()).ok());
    let backups: Vec<_> = nights.map(|taken_at| Backup::new(taken_at.to_string(), taken_at)).collect();

    let policy = presets::mendix_cloud();
    let plan = policy.plan(&backups, now);
    for decision in plan.decisions() {
        let id = decision.backup().id();
        if decision.keeps() {
            let reasons: Vec<_> = decision.reasons().map(|reason| reason.to_string()).collect();
            println!("keep {id}: {}", reasons.join(", "));
        } else {
            println!("delete {id}");
        }
    }
    Ok(())
}
