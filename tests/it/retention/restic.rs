//! restic's answers: each option by hand, and large random sets against a straightforward model.

use std::collections::BTreeMap;

use appsnap::retention::{Backup, presets};
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{at, automatic, kept, reasons};

/// The reasons that `restic:options` gives for backups taken at `instants`, as of a day after the last.
fn judge(options: &str, instants: &[&str]) -> Vec<Vec<String>> {
    let policy = presets::by_name(&format!("restic:{options}")).unwrap();
    let backups = automatic(instants);
    let now = backups.iter().map(Backup::taken_at).max().unwrap() + SignedDuration::from_hours(24);
    reasons(&policy.plan(&backups, now))
}

#[test]
fn last_keeps_the_newest_and_counts_each() {
    let days = ["2026-11-01T01:00:00Z", "2026-11-02T01:00:00Z", "2026-11-02T02:00:00Z"];
    assert_eq!(judge("last=2", &days), [vec![], vec!["last snapshot"], vec!["last snapshot"]]);
    assert_eq!(judge("last=unlimited", &days).concat().len(), 3);
}

#[test]
fn hourly_keeps_the_newest_of_each_hour() {
    let times = ["2026-11-02T00:10:00Z", "2026-11-02T01:10:00Z", "2026-11-02T01:50:00Z", "2026-11-02T03:00:00Z"];
    let expected = [vec![], vec![], vec!["hourly snapshot"], vec!["hourly snapshot"]];
    assert_eq!(judge("hourly=2", &times), expected);
}

#[test]
fn daily_weekly_monthly_and_yearly_count_on_their_own() {
    let times = ["2024-12-31T01:00:00Z", "2025-12-28T01:00:00Z", "2025-12-29T01:00:00Z", "2026-01-01T01:00:00Z"];
    let newest = vec!["daily snapshot", "weekly snapshot", "monthly snapshot", "yearly snapshot"];
    let reasons = judge("daily=1,weekly=2,monthly=2,yearly=2", &times);
    // 29 December and 1 January share an ISO week, but neither a month nor a year.
    assert_eq!(reasons, [vec![], vec!["weekly snapshot"], vec!["monthly snapshot", "yearly snapshot"], newest]);
}

#[test]
fn the_last_days_of_one_year_and_the_first_of_it_are_different_weeks() {
    let times = ["2024-01-01T01:00:00Z", "2024-12-29T01:00:00Z", "2024-12-30T01:00:00Z"];
    // 1 January and 30 December of 2024 are both in a week 1, of different years.
    let weekly = vec!["weekly snapshot"];
    assert_eq!(judge("weekly=3", &times), [weekly.clone(), weekly.clone(), weekly]);
}

#[test]
fn the_oldest_fills_a_count_that_is_not_used_up() {
    let times = ["2026-11-02T01:00:00Z", "2026-11-02T02:00:00Z", "2026-11-03T01:00:00Z"];
    let (oldest, daily) = (vec!["oldest daily snapshot"], vec!["daily snapshot"]);
    assert_eq!(judge("daily=3", &times), [oldest, daily.clone(), daily.clone()]);
    assert_eq!(judge("daily=2", &times), [vec![], daily.clone(), daily]);
    assert_eq!(judge("monthly=2", &times)[0], ["oldest monthly snapshot"]);
}

#[test]
fn the_oldest_fills_a_span_that_it_lies_in() {
    let times = ["2026-11-02T01:00:00Z", "2026-11-02T02:00:00Z", "2026-11-03T01:00:00Z"];
    let daily = vec!["daily within 2d"];
    assert_eq!(judge("within-daily=2d", &times), [vec!["oldest daily within 2d"], daily.clone(), daily]);
    assert_eq!(judge("within-daily=1d", &times), [vec![], vec!["daily within 1d"], vec!["daily within 1d"]]);
}

#[test]
fn within_reaches_strictly_less_far_than_its_span() {
    let times = ["2026-11-01T01:00:00Z", "2026-11-01T01:00:01Z", "2026-11-03T01:00:00Z"];
    let within = vec!["within 2d"];
    assert_eq!(judge("within=2d", &times), [vec![], within.clone(), within]);
    assert_eq!(judge("within=1y5m7d2h", &times)[0], ["within 1y5m7d2h"]);
}

#[test]
fn months_are_subtracted_running_over_the_end() {
    // 31 May less three months is 3 March.
    let times = ["2026-03-03T12:00:00Z", "2026-03-03T12:00:01Z", "2026-05-31T12:00:00Z"];
    assert_eq!(judge("within=3m", &times)[..2], [vec![], vec!["within 3m"]]);
    // And with two days on top 1 March: months and days are subtracted before anything is normalised.
    let times = ["2026-03-01T12:00:00Z", "2026-03-01T12:00:01Z", "2026-05-31T12:00:00Z"];
    assert_eq!(judge("within=3m2d", &times)[..2], [vec![], vec!["within 3m2d"]]);
}

#[test]
fn each_within_rule_keeps_the_newest_of_its_period_uncounted() {
    let times = [
        "2026-09-30T10:00:00Z",
        "2026-10-30T10:00:00Z",
        "2026-10-31T10:00:00Z",
        "2026-11-01T10:10:00Z",
        "2026-11-01T10:20:00Z",
    ];
    let newest =
        vec!["hourly within 1h", "daily within 2d", "weekly within 14d", "monthly within 3m", "yearly within 1y"];
    let options = "within-hourly=1h,within-daily=2d,within-weekly=14d,within-monthly=3m,within-yearly=1y";
    let reasons = judge(options, &times);
    assert_eq!(reasons[4], newest);
    assert_eq!(reasons[3], Vec::<String>::new());
    assert_eq!(reasons[2], ["daily within 2d", "monthly within 3m"]);
    assert_eq!(reasons[1], Vec::<String>::new());
    assert_eq!(reasons[0], ["monthly within 3m", "oldest yearly within 1y"]);
}

#[test]
fn every_tag_of_a_list_must_be_there_and_lists_are_alternatives() {
    let backups = vec![
        Backup::new(0, at("2026-11-01T01:00:00Z")).with_tags(["foo"]),
        Backup::new(1, at("2026-11-02T01:00:00Z")).with_tags(["bar", "foo"]),
        Backup::new(2, at("2026-11-03T01:00:00Z")),
    ];
    let now = at("2026-11-04T00:00:00Z");
    let judge = |options: &str| {
        let policy = presets::by_name(&format!("restic:{options}")).unwrap();
        reasons(&policy.plan(&backups, now))
    };
    assert_eq!(judge("tag=foo+bar"), [vec![], vec!["has tags [foo, bar]"], vec![]]);
    assert_eq!(judge("tag=foo,tag=bar"), [vec!["has tags [foo]"], vec!["has tags [foo]", "has tags [bar]"], vec![]]);
    assert_eq!(judge("tag="), [vec![], vec![], vec!["has tags []"]]);
}

#[test]
fn a_snapshot_of_the_future_takes_a_place_but_is_never_the_reference() {
    let times = ["2026-11-01T01:00:00Z", "2026-11-03T01:00:00Z", "2027-01-01T00:00:00Z"];
    let now = at("2026-11-04T00:00:00Z");
    let backups = automatic(&times);
    let judge = |options: &str| {
        let policy = presets::by_name(&format!("restic:{options}")).unwrap();
        kept(&policy.plan(&backups, now))
    };
    assert_eq!(judge("last=1"), [2]);
    assert_eq!(judge("within=1d"), [1, 2]);
    assert_eq!(judge("within=2d1h"), [0, 1, 2]);
}

#[test]
fn without_any_snapshot_of_the_past_a_span_has_no_end() {
    let backups = automatic(&["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]);
    let policy = presets::by_name("restic:within=1h").unwrap();
    assert_eq!(kept(&policy.plan(&backups, at("2026-11-04T00:00:00Z"))), [0, 1]);
}

#[test]
fn periods_are_read_in_the_offset_of_each_snapshot() {
    let offset = |hours| Offset::from_hours(hours).unwrap();
    let (first, second) = (at("2026-11-02T22:30:00Z"), at("2026-11-02T23:30:00Z"));
    let policy = presets::by_name("restic:daily=9").unwrap();
    let now = at("2026-11-04T00:00:00Z");
    let east = [Backup::new(0, first).with_offset(offset(1)), Backup::new(1, second).with_offset(offset(1))];
    assert_eq!(reasons(&policy.plan(&east, now)), [["daily snapshot"], ["daily snapshot"]]);
    let utc = [Backup::new(0, first), Backup::new(1, second)];
    assert_eq!(reasons(&policy.plan(&utc, now)), [["oldest daily snapshot"], ["daily snapshot"]]);
}

#[test]
fn no_option_and_options_of_zero_keep_everything() {
    for options in ["", "last=0", "daily=0,within=0h"] {
        assert!(presets::by_name(&format!("restic:{options}")).unwrap().rules().is_empty(), "{options}");
    }
}

#[test]
fn wrong_options_are_named_with_their_position() {
    for (name, place, word) in [
        ("restic:last=3,dayly=7", 14, "dayly"),
        ("restic:last=-3", 12, "-3"),
        ("restic:last=4294967296", 12, "4294967296"),
        ("restic:within=7x", 14, "7x"),
        ("restic:within=1y5q", 16, "5q"),
        ("restic:last", 7, "last"),
        ("restic:last=3,,daily=1", 14, ""),
        ("restic:daily=1,daily=2", 15, "appears twice"),
    ] {
        let refused = presets::by_name(name).unwrap_err();
        assert_eq!(refused.position(), Some(place), "{name}: {refused}");
        assert!(refused.to_string().contains(word), "{name}: {refused}");
    }
}

/// The words for the periods, and how each is told from its neighbours.
type Period = (&'static str, fn(jiff::civil::DateTime) -> String);

const PERIODS: [Period; 5] = [
    ("hourly", |shown| shown.strftime("%F %H").to_string()),
    ("daily", |shown| shown.date().to_string()),
    ("weekly", |shown| format!("{:?}", (shown.date().iso_week_date().year(), shown.date().iso_week_date().week()))),
    ("monthly", |shown| shown.strftime("%Y %m").to_string()),
    ("yearly", |shown| shown.year().to_string()),
];

#[derive(Clone, Debug)]
struct Snapshot {
    at: Timestamp,
    offset: Offset,
    tags: Vec<&'static str>,
}

impl Snapshot {
    fn shown(&self) -> jiff::civil::DateTime {
        self.offset.to_datetime(self.at)
    }
}

/// Years, months, days and hours.
type Span = (i32, i32, i32, i64);

#[derive(Clone, Debug, Default)]
struct Options {
    last: u32,
    counts: [u32; 5],
    within: Span,
    withins: [Span; 5],
    tag: Option<&'static str>,
}

fn written((years, months, days, hours): Span) -> String {
    let parts = [(i64::from(years), "y"), (i64::from(months), "m"), (i64::from(days), "d"), (hours, "h")];
    parts.iter().filter(|(number, _)| *number != 0).map(|(number, unit)| format!("{number}{unit}")).collect()
}

impl Options {
    fn text(&self) -> String {
        let mut parts = vec![format!("last={}", self.last)];
        for ((word, _), count) in PERIODS.iter().zip(self.counts) {
            parts.push(format!("{word}={count}"));
        }
        let mut withins = BTreeMap::from([("within".to_owned(), self.within)]);
        withins.extend(PERIODS.iter().zip(self.withins).map(|((word, _), span)| (format!("within-{word}"), span)));
        parts.extend(
            withins
                .iter()
                .filter(|(_, span)| **span != Span::default())
                .map(|(word, span)| format!("{word}={}", written(*span))),
        );
        parts.extend(self.tag.map(|tag| format!("tag={tag}")));
        format!("restic:{}", parts.join(","))
    }

    fn is_empty(&self) -> bool {
        let counts = self.counts.iter().chain([&self.last]).all(|count| *count == 0);
        let spans = self.withins.iter().chain([&self.within]).all(|span| *span == Span::default());
        counts && spans && self.tag.is_none()
    }
}

/// The instant a span before the newest snapshot that is not in the future.
fn cutoff(snapshots: &[Snapshot], now: Timestamp, (years, months, days, hours): Span) -> Option<Timestamp> {
    let newest = snapshots.iter().filter(|snapshot| snapshot.at < now).max_by_key(|snapshot| snapshot.at)?;
    let shown = newest.shown();
    let first: Date = shown.date().first_of_month();
    let back = first.checked_sub(jiff::Span::new().months(years * 12 + months)).unwrap();
    let day = back.checked_add(jiff::Span::new().days(i32::from(shown.day()) - 1 - days)).unwrap();
    let at = newest.offset.to_timestamp(day.to_datetime(shown.time())).unwrap();
    Some(at - SignedDuration::from_hours(hours))
}

/// restic's rules one at a time, from the newest snapshot to the oldest, keeping the words of the reasons.
fn model(snapshots: &[Snapshot], options: &Options, now: Timestamp) -> Vec<Vec<String>> {
    let mut order: Vec<usize> = (0..snapshots.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(snapshots[*index].at));
    let mut reasons = vec![Vec::new(); snapshots.len()];
    if let Some(tag) = options.tag {
        for index in &order {
            if snapshots[*index].tags.contains(&tag) {
                reasons[*index].push(format!("has tags [{tag}]"));
            }
        }
    }
    if options.within != Span::default() {
        let cutoff = cutoff(snapshots, now, options.within);
        for index in order.iter().filter(|index| cutoff.is_none_or(|cutoff| snapshots[**index].at > cutoff)) {
            reasons[*index].push(format!("within {}", written(options.within)));
        }
    }
    for index in order.iter().take(options.last as usize) {
        reasons[*index].push("last snapshot".to_owned());
    }
    for ((word, period), count) in PERIODS.iter().zip(options.counts) {
        let (mut left, mut previous) = (count, None);
        for (nth, index) in order.iter().enumerate() {
            let name = period(snapshots[*index].shown());
            let (is_new, is_oldest) = (previous.as_ref() != Some(&name), nth + 1 == order.len());
            if left > 0 && (is_new || is_oldest) {
                left -= 1;
                reasons[*index].push(format!("{}{word} snapshot", if is_new { "" } else { "oldest " }));
                previous = Some(name);
            }
        }
    }
    for ((word, period), span) in PERIODS.iter().zip(options.withins) {
        if span == Span::default() {
            continue;
        }
        let (cutoff, mut previous) = (cutoff(snapshots, now, span), None);
        for (nth, index) in order.iter().enumerate() {
            let name = period(snapshots[*index].shown());
            let (is_new, is_oldest) = (previous.as_ref() != Some(&name), nth + 1 == order.len());
            if cutoff.is_none_or(|cutoff| snapshots[*index].at > cutoff) && (is_new || is_oldest) {
                reasons[*index].push(format!("{}{word} within {}", if is_new { "" } else { "oldest " }, written(span)));
                previous = Some(name);
            }
        }
    }
    reasons
}

fn snapshots() -> impl Strategy<Value = Vec<Snapshot>> {
    // Seconds around now, dense or spread over years; one in ten shares its instant with others.
    let spread = prop_oneof![Just(86_400_i64), Just(40 * 86_400), Just(4 * 365 * 86_400)];
    let snapshot =
        (0.0..1.02_f64, any::<bool>(), prop_oneof![Just(0), Just(5 * 3_600 + 1_800), Just(-8 * 3_600)], 0..4_u8);
    (spread, prop::collection::vec(snapshot, 1..400)).prop_map(|(spread, parts)| {
        let now = at(NOW);
        let make = |(place, coarse, offset, tag): (f64, bool, i32, u8)| {
            let second = (place * spread as f64) as i64 - spread;
            let second = if coarse { second - second.rem_euclid(3_600) } else { second };
            let tags = if tag == 0 { vec!["kept", "other"] } else { vec!["other"] };
            Snapshot {
                at: now + SignedDuration::from_secs(second),
                offset: Offset::from_seconds(offset).unwrap(),
                tags,
            }
        };
        parts.into_iter().map(make).collect()
    })
}

fn options() -> impl Strategy<Value = Options> {
    let count = || prop_oneof![3 => Just(0_u32), 2 => 1..6_u32, 1 => 6..500_u32];
    let span = || prop_oneof![3 => Just(Span::default()), 2 => (0..2_i32, 0..14_i32, 0..40_i32, 0..50_i64)];
    let tag = prop_oneof![3 => Just(None), 1 => Just(Some("kept"))];
    let counts = [count(), count(), count(), count(), count()];
    let spans = [span(), span(), span(), span(), span()];
    (count(), counts, span(), spans, tag).prop_map(|(last, counts, within, withins, tag)| Options {
        last,
        counts,
        within,
        withins,
        tag,
    })
}

const NOW: &str = "2027-01-02T12:00:00Z";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn random_sets_get_the_reasons_of_a_straightforward_model(snapshots in snapshots(), options in options()) {
        let policy = presets::by_name(&options.text()).unwrap();
        let backup = |(id, snapshot): (usize, &Snapshot)| {
            Backup::new(id, snapshot.at).with_offset(snapshot.offset).with_tags(snapshot.tags.iter().copied())
        };
        let backups: Vec<_> = snapshots.iter().enumerate().map(backup).collect();
        let plan = policy.plan(&backups, at(NOW));
        if options.is_empty() {
            prop_assert_eq!(plan.kept_count(), backups.len());
        } else {
            let expected = model(&snapshots, &options, at(NOW));
            let keeps: Vec<bool> = plan.decisions().map(|decision| decision.keeps()).collect();
            prop_assert_eq!(keeps, expected.iter().map(|reasons| !reasons.is_empty()).collect::<Vec<_>>());
            prop_assert_eq!(reasons(&plan), expected);
        }
    }
}
