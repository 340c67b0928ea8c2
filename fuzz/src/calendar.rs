//! Retention: any policy, any set of backups; the plan is a function of the set, and deletes nothing twice.

use std::collections::BTreeSet;

use appsnap::retention::{Backup, Origin, Policy, Status, presets};
use arbitrary::{Arbitrary, Result, Unstructured};
use jiff::Timestamp;

/// The presets that plans are made of, with the programs' own notation among them.
pub const PRESETS: [&str; 12] = [
    "mendix-cloud",
    "mendix-cloud-2021",
    "mendix-on-azure",
    "squidex",
    "squidex-quota",
    "platformsh-basic",
    "platformsh-advanced",
    "platformsh-premium",
    "restic:last=3,daily=7,weekly=4,monthly=12,yearly=2,within=1y5m7d2h",
    "borg:daily=7,weekly=4,monthly=6",
    "proxmox:last=3,daily=7,weekly=4",
    "kopia:latest=5,hourly=10,daily=7,weekly=4,monthly=12,annual=3",
];

/// A policy text after its length, then backups.
fn plan_input(data: &[u8]) -> Result<(Policy, Vec<Backup<u16>>, Timestamp)> {
    let mut u = Unstructured::new(data);
    let index = u.int_in_range(0..=PRESETS.len())?;
    let policy = match PRESETS.get(index) {
        // A preset whose notation this version does not know is a finding.
        Some(name) => presets::by_name(name).unwrap_or_else(|error| panic!("{name}: {error}")),
        None => {
            let text = <&str>::arbitrary(&mut u)?;
            Policy::from_json(text).map_err(|_| arbitrary::Error::IncorrectFormat)?
        }
    };
    let now = instant(&mut u)?;
    let mut backups = Vec::new();
    for id in 0..u.int_in_range(0..=64_u16)? {
        let at = if u.ratio(1, 4)? { instant(&mut u)? } else { near(&mut u, now)? };
        backups.push(
            Backup::new(id, at)
                .with_origin(*u.choose(&[Origin::Automatic, Origin::Manual, Origin::Uploaded])?)
                .with_status(*u.choose(&[Status::Completed, Status::Completed, Status::Failed, Status::Running])?)
                .with_protected(u.ratio(1, 16)?),
        );
    }
    Ok((policy, backups, now))
}

/// Any instant there is.
fn instant(u: &mut Unstructured<'_>) -> Result<Timestamp> {
    let (least, most) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let second = if u.ratio(1, 8)? { u.int_in_range(least..=most)? } else { u.int_in_range(0..=4_102_444_800)? };
    Timestamp::from_second(second).map_err(|_| arbitrary::Error::IncorrectFormat)
}

/// An instant within some years of another.
fn near(u: &mut Unstructured<'_>, now: Timestamp) -> Result<Timestamp> {
    let second = now.as_second().saturating_sub(u.int_in_range(-86_400 * 30..=86_400 * 1500)?);
    Timestamp::from_second(second).map_err(|_| arbitrary::Error::IncorrectFormat)
}

fn kept(policy: &Policy, backups: &[Backup<u16>], now: Timestamp) -> BTreeSet<u16> {
    policy.plan(backups, now).kept().map(|decision| *decision.backup().id()).collect()
}

pub fn retention_plan(data: &[u8]) {
    let Ok((policy, backups, now)) = plan_input(data) else { return };
    let plan = policy.plan(&backups, now);
    let stays = kept(&policy, &backups, now);
    for decision in plan.decisions() {
        let is_held = decision.reasons().count() + decision.guards().count() > 0;
        assert_eq!(decision.keeps(), is_held || decision.is_kept_without_rules(), "{decision:?}");
        for reason in decision.reasons() {
            assert!(!reason.to_string().is_empty() || reason.rule().name().is_empty());
        }
        let _ = decision.expires_at();
    }
    let mut reversed = backups.clone();
    reversed.reverse();
    assert_eq!(stays, kept(&policy, &reversed, now), "the order of the backups matters");
    // What stays once, stays: applying a plan twice deletes nothing more, for rules that count on their own.
    let rest = backups.iter().filter(|backup| stays.contains(backup.id())).cloned().collect::<Vec<_>>();
    assert_eq!(stays, kept(&policy, &rest, now), "a second application deletes more");
    for index in 0..backups.len().min(3) {
        let explained = plan.explain(index).map(|explanation| explanation.to_string());
        assert!(explained.is_none_or(|text| !text.is_empty()));
    }
}

/// Policies as text: what is accepted is written as something that means the same.
pub fn policy_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = presets::by_name(text).map(|policy| policy.rules().len());
    match Policy::from_json(text) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(policy) => {
            let written = serde_json::to_string(&policy).expect("a policy can be written");
            assert_eq!(Policy::from_json(&written).expect("a written policy"), policy);
            let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
            let backups = ["2024-02-29T23:30:00Z", "2026-10-25T00:30:00Z", "2026-11-20T02:00:00Z"]
                .map(|text| Backup::new(1, at(text)));
            let now = at("2026-11-20T12:00:00Z");
            assert_eq!(policy.plan(&backups, now).decisions().count(), 3);
        }
    }
}
