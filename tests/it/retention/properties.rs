//! Properties of every policy over every set.

use appsnap::retention::plan::Expiry;
use appsnap::retention::policy::{Count, Counting, ExpiryStart, Guard, Keep, Pick, Select, SpanEnd, Unit};
use appsnap::retention::{Backup, Calendar, Origin, Period, Policy, Rule, Status};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{ZONES, at, calendar, kept};

const NOW: &str = "2026-11-20T12:00:00Z";
/// The largest change of a zone's offset in these years, and so the most by which a wall clock can disorder dates.
const LARGEST_SHIFT: SignedDuration = SignedDuration::from_hours(1);

fn period() -> impl Strategy<Value = Period> {
    prop_oneof![
        (0..40_u32).prop_map(Period::days),
        (0..15_u32).prop_map(Period::months),
        (0..60_u32).prop_map(Period::hours)
    ]
}

fn unit() -> impl Strategy<Value = Unit> {
    use Unit::{Day, HalfYear, Hour, Minute, Month, Quarter, Second, Week, WeekQuarter, Year};
    prop::sample::select(vec![Second, Minute, Hour, Day, Week, Month, Quarter, WeekQuarter, HalfYear, Year])
}

fn keep() -> impl Strategy<Value = Keep> {
    let of = || prop_oneof![Just(SpanEnd::Now), Just(SpanEnd::Newest), Just(SpanEnd::At(at(NOW)))];
    let count = || prop_oneof![4 => (0..6_u32).prop_map(Count::AtMost), 1 => Just(Count::Unlimited)];
    prop_oneof![
        period().prop_map(Keep::span),
        (period(), of()).prop_map(|(span, of)| Keep::For { span, anchor: ExpiryStart::Created, of }),
        count().prop_map(Keep::Last),
        (period(), of()).prop_map(|(span, of)| Keep::Within { span, of }),
        (count(), period(), of()).prop_map(|(last, span, of)| Keep::LastWithin { last, span, of }),
        Just(Keep::Forever),
    ]
}

fn select() -> impl Strategy<Value = Select> {
    let pick = || prop_oneof![Just(Pick::Newest), Just(Pick::NewestAndOldestOfAll), Just(Pick::Oldest)];
    prop_oneof![
        Just(Select::Every),
        Just(Select::Weekday(Weekday::Sunday)),
        Just(Select::nth_weekday(1, Weekday::Sunday).unwrap()),
        (unit(), 1..4_u32, pick()).prop_map(|(unit, every, pick)| {
            let every = every.try_into().unwrap();
            Select::Bucket { unit, every, pick }
        }),
        Just(Select::nth_weekday(-1, Weekday::Sunday).and_then(|last| last.in_month(10)).unwrap()),
        (unit(), unit(), pick()).prop_map(|(unit, among, pick)| Select::tiered(unit, among, pick)),
        (1..90_u32, pick()).prop_map(|(hours, pick)| Select::rolling(Period::hours(hours), pick).unwrap()),
        (1..3_u32, pick()).prop_map(|(months, pick)| Select::rolling(Period::months(months), pick).unwrap()),
        period().prop_map(|span| Select::OlderThan { span, of: SpanEnd::Now }),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let from = prop::sample::select(vec![
        |rule: Rule| rule,
        |rule: Rule| rule.with_origin(Origin::Automatic),
        |rule: Rule| rule.with_tags(["a"]),
    ]);
    (from, select(), keep()).prop_map(|(from, select, keep)| from(Rule::new("rule", keep)).with_select(select))
}

fn calendars() -> impl Strategy<Value = Calendar> {
    let zone = prop_oneof![
        4 => (0..ZONES.len()).prop_map(|zone| calendar(ZONES[zone])),
        1 => Just(Calendar::stamped()),
    ];
    let start = prop_oneof![Just(Weekday::Monday), Just(Weekday::Sunday)];
    (zone, any::<bool>(), start).prop_map(|(calendar, is_civil, start)| {
        let calendar = if is_civil { calendar.with_civil_days() } else { calendar };
        calendar.with_week_start(start)
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let guards = prop::collection::vec(prop::sample::select(Policy::default_guards()), 0..3);
    (calendars(), prop::collection::vec(rule(), 0..4), guards).prop_map(|(calendar, rules, guards)| {
        let policy = Policy::new("any").with_calendar(calendar).with_guards(guards);
        rules.into_iter().fold(policy, Policy::with_rule)
    })
}

fn backup() -> impl Strategy<Value = (Timestamp, Origin, Status, bool, bool)> {
    // Mostly the last days, some the last years, few the future; whole hours make ties.
    let hours = prop_oneof![6 => -400..0_i64, 3 => -20_000..0_i64, 1 => 0..300_i64];
    let taken_at = hours.prop_map(|hours| at(NOW) + SignedDuration::from_hours(hours));
    let origin = prop::sample::select(vec![Origin::Automatic, Origin::Manual, Origin::Uploaded]);
    let status = prop_oneof![
        6 => Just(Status::Completed),
        1 => prop::sample::select(vec![Status::Failed, Status::Running, Status::Queued]),
    ];
    (taken_at, origin, status, prop::bool::weighted(0.1), any::<bool>())
}

fn backups() -> impl Strategy<Value = Vec<Backup<usize>>> {
    prop::collection::vec(backup(), 0..60).prop_map(|parts| {
        let make = |(id, (taken_at, origin, status, protected, tagged)): (usize, (_, _, _, _, bool))| {
            let backup = Backup::new(id, taken_at).with_origin(origin).with_status(status).with_protected(protected);
            backup.with_tags(tagged.then_some("a"))
        };
        parts.into_iter().enumerate().map(make).collect()
    })
}

fn kept_sorted(policy: &Policy, backups: &[Backup<usize>]) -> Vec<usize> {
    let mut ids = kept(&policy.plan(backups, at(NOW)));
    ids.sort_unstable();
    ids
}

fn is_subset(part: &[usize], whole: &[usize]) -> bool {
    part.iter().all(|id| whole.contains(id))
}

/// A policy with the one limit of a rule raised.
fn raised(keep: &Keep, by: u32) -> Keep {
    let more = |count: Count| match count {
        Count::AtMost(count) => Count::AtMost(count.saturating_add(by)),
        other => other,
    };
    let longer = |span: Period| span.and(Period::days(by)).unwrap();
    match keep.clone() {
        Keep::For { span, anchor, of } => Keep::For { span: longer(span), anchor, of },
        Keep::Last(count) => Keep::Last(more(count)),
        Keep::Within { span, of } => Keep::Within { span: longer(span), of },
        Keep::LastWithin { last, span, of } => Keep::LastWithin { last: more(last), span: longer(span), of },
        other => other,
    }
}

fn with_rules(policy: &Policy, rules: Vec<Rule>) -> Policy {
    let bare = Policy::new(policy.name())
        .with_calendar(policy.calendar().clone())
        .with_counting(policy.counting())
        .with_guards(policy.guards().to_vec());
    rules.into_iter().fold(bare, Policy::with_rule)
}

fn with_keep(rule: &Rule, keep: Keep) -> Rule {
    let bare = Rule::new(rule.name(), keep).with_status(rule.status()).with_tags(rule.tags().to_vec());
    let bare = rule.origin().map_or(bare.clone(), |origin| bare.with_origin(origin));
    bare.with_select(rule.select())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_order_of_input_does_not_matter(policy in policy(), backups in backups(), seed in any::<u64>()) {
        let mut shuffled = backups.clone();
        shuffled.sort_by_key(|backup| (*backup.id() as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        prop_assert_eq!(kept_sorted(&policy, &backups), kept_sorted(&policy, &shuffled));
    }

    #[test]
    fn applying_a_plan_twice_changes_nothing(policy in policy(), backups in backups(), skip in any::<bool>()) {
        let policy = policy.with_counting(if skip { Counting::SkipKept } else { Counting::Independent });
        let once = kept_sorted(&policy, &backups);
        let rest: Vec<_> = backups.into_iter().filter(|backup| once.contains(backup.id())).collect();
        prop_assert_eq!(kept_sorted(&policy, &rest), once);
    }

    #[test]
    fn adding_a_backup_never_takes_another_from_a_rule_that_gives_dates(
        policy in policy(),
        backups in backups(),
        extra in backup(),
    ) {
        let rules: Vec<Rule> = policy.rules().iter().filter(|rule| !rule.depends_on_others()).cloned().collect();
        let policy = with_rules(&policy, rules).with_guards([Guard::Protected, Guard::Future, Guard::Unfinished]);
        let before = kept_sorted(&policy, &backups);
        let mut more = backups;
        more.push(Backup::new(usize::MAX, extra.0).with_origin(extra.1).with_status(extra.2));
        prop_assert!(is_subset(&before, &kept_sorted(&policy, &more)));
    }

    #[test]
    fn raising_a_limit_never_removes(policy in policy(), backups in backups(), by in 1..50_u32) {
        let before = kept_sorted(&policy, &backups);
        for raise in 0..policy.rules().len() {
            let rules = policy.rules().iter().enumerate().map(|(number, rule)| {
                let keep = if number == raise { raised(rule.keep(), by) } else { rule.keep().clone() };
                with_keep(rule, keep)
            });
            let higher = with_rules(&policy, rules.collect());
            prop_assert!(is_subset(&before, &kept_sorted(&higher, &backups)), "rule {raise} by {by}");
        }
    }

    #[test]
    fn the_newest_successful_one_stays_where_that_guard_is_set(policy in policy(), backups in backups()) {
        let policy = policy.with_guards([Guard::NewestSuccessful]);
        let plan = policy.plan(&backups, at(NOW));
        let successful = || backups.iter().filter(|backup| backup.is_completed());
        let age = |backup: &&Backup<usize>| (backup.taken_at(), std::cmp::Reverse(*backup.id()));
        let past = successful().filter(|backup| backup.taken_at() <= at(NOW)).max_by_key(age);
        if let Some(newest) = past.or_else(|| successful().max_by_key(age)) {
            prop_assert!(plan.decision(*newest.id()).unwrap().keeps());
        }
    }

    #[test]
    fn whatever_is_kept_has_a_reason_and_whatever_goes_has_none(policy in policy(), backups in backups()) {
        let plan = policy.plan(&backups, at(NOW));
        for decision in plan.decisions() {
            let reasons = decision.reasons().count() + decision.guards().count();
            let expected = reasons > 0 || decision.is_kept_without_rules();
            prop_assert_eq!(decision.keeps(), expected);
            prop_assert!(plan.explain(decision.index()).is_some_and(|text| !text.to_string().is_empty()));
        }
    }

    #[test]
    fn a_policy_survives_its_json_form(policy in policy()) {
        let text = serde_json::to_string_pretty(&policy).unwrap();
        prop_assert_eq!(Policy::from_json(&text).unwrap(), policy);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn a_later_backup_never_expires_on_an_earlier_date(
        zone in 0..ZONES.len(),
        days in 0_i64..3_000,
        second in 0_i64..86_400,
        later in 0_i64..200_000,
        months in 0..30_u32,
    ) {
        let span = Period::months(months).and(Period::days(days as u32 % 5)).unwrap();
        let early = at("2023-01-01T00:00:00Z") + SignedDuration::from_secs(days * 86_400 + second);
        let late = early + SignedDuration::from_secs(later);
        for anchor in [ExpiryStart::Created, ExpiryStart::PreviousDay, ExpiryStart::StartOfDay] {
            let policy = Policy::new("for")
                .with_calendar(calendar(ZONES[zone]))
                .with_rule(Rule::new("for", Keep::For { span, anchor, of: SpanEnd::Now }));
            let tz = TimeZone::get(ZONES[zone]).unwrap();
            let date = |taken_at| tz.to_datetime(expiry(&policy, taken_at)).date();
            prop_assert!(date(early) <= date(late), "{}", ZONES[zone]);
        }
    }

    #[test]
    fn a_later_backup_never_expires_earlier_but_where_clocks_or_months_fold(
        zone in 0..ZONES.len(),
        days in 0_i64..3_000,
        second in 0_i64..86_400,
        later in 0_i64..20_000,
        span in 0..400_u32,
        months in 0..30_u32,
    ) {
        let early = at("2023-01-01T00:00:00Z") + SignedDuration::from_secs(days * 86_400 + second);
        let late = early + SignedDuration::from_secs(later);
        let by_days = Policy::new("days").with_rule(Rule::new("for", Keep::span(Period::days(span))));
        prop_assert!(expiry(&by_days, early) <= expiry(&by_days, late));
        // A wall clock that is set back shows an hour twice: dates taken from it are out of order by that much at most,
        // and only for backups within that hour of each other.
        let by_days = by_days.with_calendar(calendar(ZONES[zone]));
        let (first, second) = (expiry(&by_days, early), expiry(&by_days, late));
        prop_assert!(first <= second || late.duration_since(early) < LARGEST_SHIFT, "{}", ZONES[zone]);
        prop_assert!(first <= second + LARGEST_SHIFT, "{}", ZONES[zone]);
        // The 29th, 30th and 31st end on the last of a shorter month, each at its own time of day.
        let by_months = Policy::new("months").with_rule(Rule::new("for", Keep::span(Period::months(months))));
        let (first, second) = (expiry(&by_months, early), expiry(&by_months, late));
        let is_clamped = |taken_at| TimeZone::UTC.to_datetime(taken_at).day() > 28;
        prop_assert!(first <= second || is_clamped(late), "{first} {second}");
        prop_assert!(first < second + SignedDuration::from_hours(24));
    }
}

fn expiry(policy: &Policy, taken_at: Timestamp) -> Timestamp {
    policy.expires_at(&Backup::new((), taken_at)).and_then(Expiry::at).unwrap()
}
