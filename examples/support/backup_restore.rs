//! Advice from the platforms' documentation about restoring a listed backup.

use std::fmt::Write;

use appsnap::catalog::advice::{Advice, Advisory, Circumstance, Operation};
use appsnap::catalog::{Provider, Record};
use appsnap::diagnostic::Severity;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};

/// The facts about the target environment that the command line accepts.
const KNOWN: [(&str, Circumstance); 8] = [
    ("free-app", Circumstance::FreeApp),
    ("never-deployed", Circumstance::NeverDeployed),
    ("app-running", Circumstance::AppRunning),
    ("other-app", Circumstance::OtherApp),
    ("other-environment", Circumstance::OtherEnvironment),
    ("other-namespace", Circumstance::OtherNamespace),
    ("other-cluster", Circumstance::OtherCluster),
    ("inactive-environment", Circumstance::InactiveEnvironment),
];

/// Parses one of them.
pub(crate) fn known() -> impl TypedValueParser<Value = Circumstance> {
    let circumstance =
        |name: String| KNOWN.iter().find(|(known, _)| *known == name).map(|(_, circumstance)| *circumstance);
    PossibleValuesParser::new(KNOWN.map(|(name, _)| name)).try_map(move |name| circumstance(name).ok_or("not known"))
}

/// Returns `true` if there is documentation about restoring backups of a platform.
pub(crate) fn has_advice(provider: Provider) -> bool {
    let is_platform = [
        Provider::MendixCloud,
        Provider::MendixCloudV3,
        Provider::MendixOnAzure,
        Provider::Squidex,
        Provider::PlatformSh,
    ];
    is_platform.contains(&provider)
}

/// Returns the advice about restoring a backup, or `None` if there is no documentation about it.
pub(crate) fn advisory(record: &Record, known: &[Circumstance], deployed_model: Option<&str>) -> Option<Advisory> {
    if !has_advice(record.provider) {
        return None;
    }
    let mut restore = Operation::restore(record.provider).of(record);
    for known in known {
        restore = restore.with(*known);
    }
    if let Some(version) = deployed_model {
        restore = restore.with_deployed_model(version);
    }
    Some(restore.advise())
}

pub(crate) fn json(record: &Record, advisory: &Advisory) -> Value {
    let advice = advisory.iter().map(|advice| {
        json!({
            "code": advice.code().id(),
            "name": advice.code().name(),
            "severity": word(advice.severity(), "refusal"),
            "message": advice.kind().to_string(),
            "remedy": advice.kind().help(),
            "source": advice.source(),
            "year": advice.published_year(),
        })
    });
    json!({
        "allowed": advisory.is_allowed(),
        "restorable": record.restorable,
        "live": record.live,
        "advice": advice.collect::<Vec<_>>(),
    })
}

/// The name of a severity; an error is what the platform refuses.
fn word(severity: Severity, refused: &'static str) -> &'static str {
    if severity == Severity::Error { refused } else { severity.name() }
}

/// Advice about all of the backups, and then a paragraph for each.
pub(crate) fn text(judged: &[(&Record, Advisory)]) -> String {
    let Some((_, first)) = judged.first() else { return String::new() };
    let is_common = |advice: &Advice| judged.iter().all(|(_, advisory)| advisory.iter().any(|other| other == advice));
    let line = |advice: &Advice| {
        let word = match advice.severity() {
            Severity::Info => "note",
            severity => word(severity, "refused"),
        };
        format!("  {word}: {advice}\n")
    };
    let mut text = String::from("\nrestoring them\n");
    let hoists = judged.len() > 1;
    text.extend(first.iter().filter(|advice| hoists && is_common(advice)).map(line));
    for (record, advisory) in judged {
        let verdict = if advisory.is_allowed() { "allowed" } else { "refused" };
        let live = match record.live {
            Some(true) => ", live",
            Some(false) => ", consistent",
            None => "",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}: {verdict}{live}", record.id.escape_debug());
        text.extend(advisory.iter().filter(|advice| !hoists || !is_common(advice)).map(line));
    }
    text
}
