//! Asks which backups a policy keeps, until when, and why. `cargo run --example plan_retention`

use std::error::Error;

use appsnap::retention;

fn main() -> Result<(), Box<dyn Error>> {
    // One backup every night of March and April.
    let nights = (3..=4).flat_map(|month| (1..=30).map(move |day| format!("2026-{month:02}-{day:02}T01:00:00Z")));
    let mut backups = Vec::new();
    for taken_at in nights {
        backups.push(retention::Backup::new(taken_at.clone(), taken_at.parse()?));
    }

    let policy = retention::presets::mendix_cloud();
    let plan = policy.plan(&backups, "2026-05-01T12:00:00Z".parse()?);
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
