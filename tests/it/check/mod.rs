//! Checking archives and dumps.

pub mod app;
mod command;
mod files;
mod hostile;
#[cfg(unix)]
mod live;
mod registry;
mod report;
mod verdicts;

use std::io::Read;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, Report, check};
use appsnap::diagnostic::Code;
use appsnap::observe::NoObserver;

/// Checks by a built-in profile, without a target.
fn checked(source: impl Read, profile: &str) -> Report {
    checked_with(source, profile, &CheckOptions::new())
}

fn checked_with(source: impl Read, profile: &str, options: &CheckOptions) -> Report {
    check(source, &Profile::by_name(profile).unwrap(), options, &mut NoObserver).unwrap()
}

fn limited(limits: &Limits) -> CheckOptions {
    CheckOptions::new().with_limits(limits.clone())
}

/// The codes that occur.
fn codes(report: &Report) -> Vec<Code> {
    report.findings().counts().map(|(code, _)| code).collect()
}
