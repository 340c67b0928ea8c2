//! The first Sunday of November 2026 as each region's nightly run sees it, under three readings of "Sunday".

use appsnap::retention::plan::Decision;
use appsnap::retention::schedule::{Region, Schedule};
use appsnap::retention::{Backup, Calendar, presets};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::at;

/// The starts of the nightly runs that count as of the first Sunday of November.
fn monthlies(region: Region, calendar: Calendar) -> Vec<String> {
    let policy = presets::mendix_cloud().with_calendar(calendar);
    let schedule = Schedule::region(region);
    let (from, to) = (at("2026-10-25T00:00:00Z"), at("2026-11-30T00:00:00Z"));
    let runs: Vec<_> = schedule.runs(from).map(|window| window.start).take_while(|at| *at < to).collect();
    let backups: Vec<_> = runs.iter().enumerate().map(|(id, at)| Backup::new(id, *at)).collect();
    let plan = policy.plan(&backups, to);
    let monthly =
        plan.decisions().filter(|decision| decision.reasons().any(|reason| reason.rule().name() == "monthly"));
    monthly.map(|decision| decision.backup().taken_at().to_string()).collect()
}

/// Regions, and the instants by UTC day, by local civil day and by night.
type Row = (&'static [&'static str], &'static [&'static str], &'static [&'static str], &'static [&'static str]);

#[test]
fn the_table_of_november_2026() {
    let table: [Row; 7] = [
        (&["Singapore"], &["2026-11-01T17:00:00Z"], &["2026-10-31T17:00:00Z"], &["2026-11-01T17:00:00Z"]),
        (&["Tokyo"], &["2026-11-01T16:00:00Z"], &["2026-10-31T16:00:00Z"], &["2026-11-01T16:00:00Z"]),
        (&["Mumbai"], &["2026-11-01T19:30:00Z"], &["2026-10-31T19:30:00Z"], &["2026-11-01T19:30:00Z"]),
        (&["Frankfurt"], &["2026-11-01T00:00:00Z"], &["2026-11-01T00:00:00Z"], &["2026-11-02T00:00:00Z"]),
        (&["N. Virginia"], &["2026-11-01T05:00:00Z"], &["2026-11-01T05:00:00Z"], &["2026-11-02T05:00:00Z"]),
        (
            &["Oregon"],
            &["2026-11-01T07:00:00Z"],
            &["2026-11-01T07:00:00Z", "2026-11-02T07:00:00Z"],
            &["2026-11-02T07:00:00Z"],
        ),
        (&["Dublin", "London"], &["2026-11-01T23:00:00Z"], &["2026-11-01T23:00:00Z"], &["2026-11-01T23:00:00Z"]),
    ];
    for (names, utc, civil, night) in table {
        for name in names {
            let region = Region::named(name).unwrap();
            let local = Calendar::in_zone(region.zone_name).unwrap();
            assert_eq!(monthlies(region, Calendar::utc().with_civil_days()), utc, "{name}, UTC day");
            assert_eq!(monthlies(region, local.clone().with_civil_days()), civil, "{name}, local civil day");
            assert_eq!(monthlies(region, local), night, "{name}, night of");
        }
    }
    let region = Region::named("Sao Paulo").unwrap();
    let local = Calendar::in_zone(region.zone_name).unwrap();
    assert_eq!(monthlies(region, Calendar::utc().with_civil_days()), ["2026-11-01T00:00:00Z"]);
    assert_eq!(monthlies(region, local.clone().with_civil_days()), ["2026-11-02T00:00:00Z"]);
    assert_eq!(monthlies(region, local), ["2026-11-02T00:00:00Z"]);
}

/// The number of nightly runs of a region that belong to `date`.
fn runs_of(region: Region, reading: fn(Calendar) -> Calendar, date: Date) -> usize {
    let calendar = reading(Calendar::in_zone(region.zone_name).unwrap());
    let policy = presets::mendix_cloud().with_calendar(calendar);
    let schedule = Schedule::region(region);
    let noon: Timestamp = format!("{date}T12:00:00Z").parse().unwrap();
    let span = SignedDuration::from_hours(60);
    let runs: Vec<_> = schedule.runs(noon - span).take_while(|window| window.start < noon + span).enumerate().collect();
    let backups: Vec<_> = runs.iter().map(|(id, window)| Backup::new(*id, window.start)).collect();
    let plan = policy.plan(&backups, noon + span);
    let of_sunday = |decision: &Decision<'_, usize>| {
        decision.reasons().any(|reason| reason.bucket().is_some_and(|bucket| bucket.start().date() == date))
    };
    plan.decisions().filter(of_sunday).count()
}

#[test]
fn civil_days_lose_and_double_sundays_where_nights_do_not() {
    use jiff::civil::date;
    for (name, lost, doubled) in [
        ("Dublin", date(2026, 3, 29), date(2026, 10, 25)),
        ("London", date(2026, 3, 29), date(2026, 10, 25)),
        ("Oregon", date(2026, 3, 8), date(2026, 11, 1)),
    ] {
        let region = Region::named(name).unwrap();
        assert_eq!(runs_of(region, Calendar::with_civil_days, lost), 0, "{name}");
        assert_eq!(runs_of(region, Calendar::with_civil_days, doubled), 2, "{name}");
        assert_eq!(runs_of(region, |nights| nights, lost), 1, "{name}");
        assert_eq!(runs_of(region, |nights| nights, doubled), 1, "{name}");
    }
}

#[test]
fn every_region_has_one_run_for_every_night_of_a_sunday() {
    for region in Region::all() {
        let mut sunday = jiff::civil::date(2026, 1, 4);
        while sunday.year() == 2026 {
            assert_eq!(runs_of(region, |nights| nights, sunday), 1, "{} {sunday}", region.name);
            sunday = sunday.saturating_add(jiff::Span::new().weeks(1));
        }
    }
}
