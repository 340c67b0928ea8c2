//! Whether a listed backup may be restored, as the platforms' documentation says.

use std::fmt::Write;

use appsnap::catalog::advice::{Advice, Advisory, Circumstance, Operation, Product, Severity, Subject, Target, advise};
use appsnap::catalog::{Host, Record};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};

/// What may be said on the command line of the environment that a backup is to be restored into.
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

/// Reads one of them.
pub fn known() -> impl TypedValueParser<Value = Circumstance> {
    let circumstance =
        |name: String| KNOWN.iter().find(|(known, _)| *known == name).map(|(_, circumstance)| *circumstance);
    PossibleValuesParser::new(KNOWN.map(|(name, _)| name)).try_map(move |name| circumstance(name).ok_or("not known"))
}

/// What there is to know about restoring one backup; `None` when no platform lists it.
pub fn advisory(record: &Record, known: &[Circumstance], deployed_model: Option<&str>) -> Option<Advisory> {
    let product = match record.host {
        Host::MendixCloud => Product::MendixCloud,
        Host::MendixOnAzure => Product::MendixOnAzure,
        Host::Squidex => Product::Squidex,
        Host::PlatformSh => Product::PlatformSh,
        _ => return None,
    };
    let mut target = Target::new(product, Operation::Restore);
    for known in known {
        target = target.with(*known);
    }
    if let Some(version) = deployed_model {
        target = target.with_model_version(version);
    }
    Some(advise(&Subject::of(record), &target))
}

pub fn json(record: &Record, advisory: &Advisory) -> Value {
    let advice = advisory.iter().map(|advice| {
        json!({
            "severity": advice.severity(),
            "message": advice.matter().to_string(),
            "remedy": advice.matter().remedy(),
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

/// What holds for all of the backups, and then one paragraph for each.
pub fn text(judged: &[(&Record, Advisory)]) -> String {
    let Some((_, first)) = judged.first() else { return String::new() };
    let is_common = |advice: &Advice| judged.iter().all(|(_, advisory)| advisory.iter().any(|other| other == advice));
    let line = |advice: &Advice| {
        let word = match advice.severity() {
            Severity::Refusal => "refused",
            Severity::Warning => "warning",
            _ => "note",
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
