//! Decides which backups a policy keeps, until when and why, with advice about restoring them, and compares policies; or
//! simulates a policy under a schedule, and draws a calendar.
#![allow(clippy::indexing_slicing, reason = "indexing JSON yields null or adds the member")]

#[path = "support/backup_calendar.rs"]
mod backup_calendar;
#[path = "support/backup_change.rs"]
mod backup_change;
#[path = "support/backup_history.rs"]
mod backup_history;
#[path = "support/backup_listing.rs"]
mod backup_listing;
#[path = "support/backup_name.rs"]
mod backup_name;
#[path = "support/backup_picture.rs"]
mod backup_picture;
#[path = "support/backup_plan.rs"]
mod backup_plan;
#[path = "support/backup_restore.rs"]
mod backup_restore;
mod support;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::catalog::advice::Circumstance;
use appsnap::catalog::{Provider, Record, platformsh};
use appsnap::jiff::{SignedDuration, Timestamp};
use appsnap::retention::plan::RetentionPlan;
use appsnap::retention::schedule::{Region, Schedule};
use appsnap::retention::simulate::Simulation;
use appsnap::retention::{Backup, Error, Period, Policy, presets};
use backup_history::History;
use backup_listing::Listed;
use backup_name::Name;
use backup_picture::Panel;
use backup_plan::{explanation_json, plan_json, plan_text};
use clap::Parser;
use serde_json::{Value, json};
use support::{Common, Failure, InFile, Outcome, output, parse_size, shown, tell};

/// Decide which backups stay, until when, and why.
#[derive(Parser)]
#[command(
    after_help = "Example:\n  retention --policy restic:daily=7,weekly=4 --backups snapshots.json --zone Europe/Amsterdam"
)]
struct Args {
    /// A preset such as `mendix-cloud`, options such as `restic:last=3,daily=7`, or a JSON file.
    #[arg(long)]
    policy: String,
    /// The backups: an array of objects with id and `taken_at`, or a listing of Mendix, Squidex, Platform.sh, restic,
    /// borg, Proxmox or kopia. Several files are pages of one listing; `-` is standard input.
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "simulate")]
    backups: Vec<PathBuf>,
    /// The instant as of which to decide, or from which to simulate; by default the present one.
    #[arg(long, value_name = "RFC3339")]
    now: Option<Timestamp>,
    /// The time zone in which days are counted; by default that of the policy.
    #[arg(long, value_name = "IANA_NAME", conflicts_with = "region")]
    zone: Option<String>,
    /// A region of Mendix Cloud: its time zone, and its nightly window as the schedule.
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// Decide about each group of backups on its own: `environment`, `host`, `paths`, `tag`, or another member of the
    /// listing; separate several with commas. `none` makes all backups one group. By default, backups are grouped as
    /// their platform or program does.
    #[arg(long, value_name = "KEY", value_delimiter = ',', conflicts_with = "simulate")]
    group_by: Option<Vec<String>>,
    /// List what has to be downloaded within this time to outlive its rules, such as `2 weeks`.
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["simulate", "explain"])]
    expiring: Option<Period>,
    /// Explain the decision about one backup.
    #[arg(long, value_name = "ID", conflicts_with = "simulate")]
    explain: Option<String>,
    /// A fact about the environment into which a listed backup is to be restored; separate several with commas.
    #[arg(long, value_name = "WHAT", value_parser = backup_restore::known(), value_delimiter = ',',
          conflicts_with = "simulate")]
    target: Vec<Circumstance>,
    /// The model version that is deployed to that environment.
    #[arg(long, value_name = "V", conflicts_with = "simulate")]
    deployed_model: Option<String>,
    /// Another policy: what changing to it would delete and when, or its simulation over the same days.
    #[arg(long, value_name = "POLICY", conflicts_with = "explain")]
    compare: Option<String>,
    /// Simulate the policy over this number of days, without any backups.
    #[arg(long, value_name = "DAYS", value_parser = days(), conflicts_with = "backups")]
    simulate: Option<u32>,
    /// The schedule of the simulation; by default every day at 02:00.
    #[arg(long, value_name = "REGION_OR_CRON", requires = "simulate", conflicts_with = "backups")]
    schedule: Option<String>,
    /// The size of each backup of the simulation.
    #[arg(long, value_name = "SIZE", requires = "simulate", conflicts_with = "backups", value_parser = parse_size)]
    backup_bytes: Option<u64>,
    /// Draw the decisions, or the simulation, as a picture.
    #[arg(long, value_name = "FILE", conflicts_with = "explain")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// At most a century: more is probably a mistake.
fn days() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=36_500)
}

fn main() -> ExitCode {
    support::run(|args: &Args| match args.simulate {
        Some(days) => simulate(args, days),
        None => decide(args),
    })
}

/// An error about something on the command line.
fn misused(error: Error) -> Failure {
    Failure::environment("usage", error)
}

/// Returns the policy with that name, or in that file, in this crate's form or in that of Upsun.
fn policy(args: &Args, name: &str) -> Outcome<Policy> {
    let path = Path::new(name);
    let is_file = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) || path.is_file();
    let policy = if is_file { policy_in(path)? } else { presets::by_name(name).map_err(misused)? };
    let region = args.region.as_deref().map(Region::named).transpose().map_err(misused)?;
    match args.zone.as_deref().or(region.map(|region| region.zone_name)) {
        Some(zone) => policy.in_zone(zone).map_err(misused),
        None => Ok(policy),
    }
}

fn policy_in(path: &Path) -> Outcome<Policy> {
    let text = std::fs::read_to_string(path).in_file(path)?;
    let bad = |error: Error| Failure::input(shown(path), error);
    if text.contains("\"data_retention\"") {
        let mut policies = presets::upsun(&text).map_err(bad)?;
        if policies.len() > 1 {
            let known = policies.keys().cloned().collect::<Vec<_>>().join(", ");
            tell(format_args!("note: of the policies for {known}, that for production is used, or else the first"));
        }
        let production = policies.remove("production").or_else(|| Some(policies.pop_first()?.1));
        return production.ok_or_else(|| Failure::input(shown(path), "the member data_retention has no environment"));
    }
    if text.contains("\"BackupPlanName\"") {
        return presets::program::aws_backup_plan(&text).map_err(bad);
    }
    let policy = Policy::from_json(&text).map_err(bad)?;
    if policy.name().is_empty() { Ok(policy.with_name(path.display().to_string())) } else { Ok(policy) }
}

fn decide(args: &Args) -> Outcome {
    let policy = policy(args, &args.policy)?;
    let names_zone = args.zone.is_some() || args.region.is_some();
    let zone = policy.calendar().time_zone().filter(|_| names_zone);
    let Listed { backups, records, warnings } =
        backup_listing::read(&args.backups, args.group_by.as_deref(), zone, args.common)?;
    refuse_idle_facts(args, &records)?;
    let now = args.now.unwrap_or_else(Timestamp::now);
    let plan = policy.plan(&backups, now);
    let Some(id) = &args.explain else { return show_plan(args, &plan, (&backups, &records), warnings) };
    // The id as it is, or as it is displayed.
    let is_meant = |backup: &Backup<Name>| backup.id().raw() == *id || backup.id().to_string() == *id;
    let index = backups.iter().position(is_meant);
    let Some((index, explanation)) = index.and_then(|index| Some((index, plan.explain(index)?))) else {
        let files = args.backups.iter().map(|path| shown(path)).collect::<Vec<_>>().join(", ");
        return Err(Failure::environment("usage", format!("no backup in {files} has the id {id:?}")));
    };
    let record = records.get(index);
    if args.common.json {
        let mut value = explanation_json(&plan, &explanation);
        record.into_iter().for_each(|record| add_restore(&mut value, record, args));
        support::print_json(&value)
    } else {
        let lock = backup_plan::lock_text(explanation.decision());
        support::print(&(explanation.to_string() + &lock + &restore_text(record, args)))
    }
}

/// Refuses facts about a target that no advice looks at.
fn refuse_idle_facts(args: &Args, records: &[Record]) -> Outcome {
    let has_advice = records.iter().any(|record| backup_restore::has_advice(record.provider));
    let idle = [("--target", !args.target.is_empty()), ("--deployed-model", args.deployed_model.is_some())];
    match idle.into_iter().find(|(_, is_given)| *is_given && !has_advice) {
        Some((option, _)) => {
            let message = "there is no advice about restoring backups of this list: leave the option out";
            Err(Failure::environment(option, message))
        }
        None => Ok(()),
    }
}

fn show_plan(
    args: &Args,
    plan: &RetentionPlan<'_, Name>,
    (backups, records): (&[Backup<Name>], &[Record]),
    warnings: Value,
) -> Outcome {
    let other = args.compare.as_deref().map(|name| policy(args, name)).transpose()?;
    let other = other.as_ref().map(|other| other.plan(backups, plan.now()));
    let change = other.as_ref().map(|other| plan.change_to(other)).transpose().map_err(misused)?;
    let change = change.as_ref().zip(other.as_ref().map(|other| other.policy().name()));
    let panel = |plan: &_| Panel { policy: RetentionPlan::policy(plan), history: History::of_plan(plan) };
    let panels = [plan].into_iter().chain(other.as_ref()).map(panel).collect::<Vec<_>>();
    draw(args, &format!("as of {}", plan.now()), &panels)?;
    let beside = args.svg.as_deref().unwrap_or(Path::new("standard output"));
    if args.common.json {
        let mut value = plan_json(plan);
        let decisions = value["decisions"].as_array_mut().into_iter().flatten();
        decisions.zip(records).for_each(|(decision, record)| add_restore(decision, record, args));
        value["warnings"] = warnings;
        if let Some(span) = args.expiring {
            value["expiring"] = backup_change::expiring_json(plan, span);
        }
        if let Some((change, name)) = change {
            value["change"] = backup_change::change_json(change, name);
        }
        return support::print_json_about(beside, &value);
    }
    // The table of the platform's own command line comes first.
    let is_platformsh = records.iter().any(|record| record.provider == Provider::PlatformSh);
    let mut text = if is_platformsh { platformsh::table(records) + "\n" } else { String::new() };
    text += &plan_text(plan);
    if let Some(span) = args.expiring {
        text += &backup_change::expiring_text(plan, span);
    }
    if let Some((change, name)) = change {
        text += &backup_change::change_text(change, name, plan.now());
    }
    support::print_about(beside, &(text + &restore_text(records, args)))
}

fn add_restore(decision: &mut Value, record: &Record, args: &Args) {
    if let Some(advisory) = backup_restore::advisory(record, &args.target, args.deployed_model.as_deref()) {
        decision["restore"] = backup_restore::json(record, &advisory);
    }
}

fn restore_text<'a>(records: impl IntoIterator<Item = &'a Record>, args: &Args) -> String {
    let judge =
        |record| Some((record, backup_restore::advisory(record, &args.target, args.deployed_model.as_deref())?));
    backup_restore::text(&records.into_iter().filter_map(judge).collect::<Vec<_>>())
}

/// Writes the picture, if there is to be one.
fn draw(args: &Args, subject: &str, panels: &[Panel<'_>]) -> Outcome {
    let Some(path) = &args.svg else { return Ok(()) };
    let inputs: Vec<_> = args.backups.iter().map(PathBuf::as_path).collect();
    output::write_text(path, &inputs, &backup_picture::svg(subject, panels))
}

/// The schedule by name, by region, or every night at two.
fn schedule(args: &Args, policy: &Policy) -> Outcome<Schedule> {
    let text = args.schedule.as_deref().or(args.region.as_deref()).unwrap_or("0 2 * * *");
    Schedule::parse(text, policy.calendar()).map_err(misused)
}

fn simulate(args: &Args, days: u32) -> Outcome {
    let policy_of = |name: &str| policy(args, name);
    let policy = policy_of(&args.policy)?;
    let schedule = schedule(args, &policy)?;
    let from = args.now.unwrap_or_else(Timestamp::now);
    let to = from
        .checked_add(SignedDuration::from_hours(i64::from(days).saturating_mul(24)))
        .map_err(|error| Failure::environment("usage", error))?;
    let play = |policy: &Policy| policy.simulate(&schedule, from..to, args.backup_bytes).map_err(misused);
    let simulation = play(&policy)?;
    let other_policy = args.compare.as_deref().map(policy_of).transpose()?;
    let other = other_policy.as_ref().map(play).transpose()?;
    let panel = |policy, simulation| Panel { policy, history: History::of_simulation(simulation) };
    let compared = other_policy.as_ref().zip(other.as_ref());
    let panels =
        [(&policy, &simulation)].into_iter().chain(compared).map(|(policy, simulation)| panel(policy, simulation));
    draw(args, &schedule.to_string(), &panels.collect::<Vec<_>>())?;
    let beside = args.svg.as_deref().unwrap_or(Path::new("standard output"));
    let difference = match &other {
        Some(other) => Some((other, simulation.difference(other).map_err(misused)?)),
        None => None,
    };
    if args.common.json {
        let mut value = simulation_json(&policy, &schedule, &simulation);
        if let Some((other, difference)) = &difference {
            let instants = |list: &[Timestamp]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
            let days = difference.days.iter().map(|(date, more)| json!({"date": date.to_string(), "retained": more}));
            value["difference"] = json!({
                "policy": other.policy(),
                "days": days.collect::<Vec<_>>(),
                "only_first": instants(&difference.only_first),
                "only_second": instants(&difference.only_second),
                "bytes": difference.bytes.map(|bytes| i64::try_from(bytes).ok()),
            });
        }
        return support::print_json_about(beside, &value);
    }
    let mut text = backup_calendar::text(&policy, &schedule, &simulation);
    if let Some((other, difference)) = &difference {
        let more = difference.days.last().map_or(0, |(_, more)| *more);
        let bytes = difference.bytes.map_or_else(String::new, |bytes| format!(" ({bytes:+} bytes)"));
        let _ = writeln!(
            text,
            "{} keeps {more:+} at the end{bytes}: {} that only it keeps, {} that only {} keeps",
            other.policy(),
            difference.only_second.len(),
            difference.only_first.len(),
            simulation.policy(),
        );
    }
    support::print_about(beside, &text)
}

fn simulation_json(policy: &Policy, schedule: &Schedule, simulation: &Simulation) -> Value {
    let days = simulation.days().iter().map(|day| {
        json!({
            "date": day.date.to_string(), "taken": day.taken_count, "refused": day.refused_count,
            "deleted": day.deleted_count,
            "retained": day.retained_count, "bytes": day.retained_bytes,
        })
    });
    let end = simulation.days().last().map(|day| day.date);
    let rule = |number: &usize| policy.rules().get(*number).map(|rule| rule.name());
    let backups = simulation.backups().iter().map(|backup| {
        json!({
            "taken_at": backup.taken_at.to_string(),
            "day": backup.day.to_string(),
            "deleted_on": backup.deleted_on.map(|date| date.to_string()),
            "rules": backup.kept_by.iter().filter_map(rule).collect::<Vec<_>>(),
        })
    });
    let gaps = end.map(|end| simulation.gaps_on(end)).unwrap_or_default();
    let gaps = gaps.iter().map(|gap| {
        json!({
            "older_at": gap.start.to_string(),
            "newer_at": gap.end.to_string(),
            "hours": gap.end.duration_since(gap.start).as_hours(),
        })
    });
    json!({
        "policy": policy.name(),
        "schedule": schedule.to_string(),
        "zone": policy.calendar().zone_name(),
        "days": days.collect::<Vec<_>>(),
        "steady": simulation.steady_since().zip(simulation.steady_counts()).map(|(since, counts)| json!({
            "since": since.to_string(), "min": counts.start(), "max": counts.end(),
        })),
        "refused": simulation.refused().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "gaps": gaps.collect::<Vec<_>>(),
        "backups": backups.collect::<Vec<_>>(),
    })
}
