//! Asks which backups a policy keeps, until when, and why. `cargo run --example plan_retention`

use std::error::Error;

use appsnap::jiff::{Timestamp, ToSpan};
use appsnap::retention::{Backup, presets};

fn main() -> Result<(), Box<dyn Error>> {
    // One backup every night for two months.
    let now: Timestamp = "2026-05-01T12:00:00Z".parse()?;
    let nights = (0..60).map(|night| now - (24 * night + 11).hours());
    let backups: Vec<_> = nights.map(|taken_at| Backup::new(taken_at.to_string(), taken_at)).collect();

    let policy = presets::mendix_cloud();
    let plan = policy.plan(&backups, now);
    for decision in plan.decisions() {
        let id = decision.backup().id();
        match decision.expires_at() {
            Some(until) => {
                let reasons: Vec<_> = decision.reasons().map(|reason| reason.to_string()).collect();
                println!("keep {id} until {until}: {}", reasons.join(", "));
            }
            None => println!("delete {id}"),
        }
    }
    Ok(())
}
