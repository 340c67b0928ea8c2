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
use appsnap::check::{CheckOptions, Profile, Report, check, check_at};
use appsnap::diagnostic::Code;
use appsnap::io::Parallelism;
use appsnap::observe::NoObserver;

/// Checks by a built-in profile, without a target.
fn checked(source: impl Read, profile: &str) -> Report {
    checked_with(source, profile, &CheckOptions::new())
}

/// Checks on one thread and on several: the reports are the same.
fn checked_with(mut source: impl Read, profile: &str, options: &CheckOptions) -> Report {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).unwrap();
    let profile = Profile::by_name(profile).unwrap();
    let report = check(&bytes[..], &profile, options, &mut NoObserver).unwrap();
    let expected = (serde_json::to_value(&report).unwrap(), format!("{report:?}"));
    let options = options.clone().with_parallelism(Parallelism::threads(2));
    let other = check_at(&bytes, &profile, &options, &mut NoObserver).unwrap();
    assert_eq!((serde_json::to_value(&other).unwrap(), format!("{other:?}")), expected);
    report
}

fn limited(limits: &Limits) -> CheckOptions {
    CheckOptions::new().with_limits(limits.clone())
}

/// The codes that occur.
fn codes(report: &Report) -> Vec<Code> {
    report.findings().counts().map(|(code, _)| code).collect()
}
