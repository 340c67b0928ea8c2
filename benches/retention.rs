//! The time of a plan over 10,000 and over 1,000,000 backups. The target for the latter is 300 ms.

use std::hint::black_box;
use std::time::Duration;

use appsnap::retention::{Backup, Origin, Policy, presets};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};

const NOW: &str = "2026-11-20T12:00:00Z";

/// One backup every ten minutes on average, in no order. A million are about nineteen years.
fn backups(count: u64) -> Vec<Backup<u64>> {
    let now: Timestamp = NOW.parse().expect("a constant");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let span_seconds = count * 600;
    let backup = |id| {
        let age = SignedDuration::from_secs(i64::try_from(random() % span_seconds).expect("within nineteen years"));
        let origin = if random().is_multiple_of(20) { Origin::Manual } else { Origin::Automatic };
        Backup::new(id, now - age).with_origin(origin)
    };
    (0..count).map(backup).collect()
}

fn policies() -> Vec<Policy> {
    let mendix = presets::mendix_cloud().with_name("mendix-cloud in Europe/Dublin");
    let named = [
        "restic:last=3,daily=7,weekly=4,monthly=12,yearly=2,within=1y5m7d2h",
        "restic:hourly=unlimited,daily=unlimited,weekly=unlimited,monthly=unlimited,yearly=unlimited",
        "borg:hourly=24,daily=30,weekly=52,monthly=120,yearly=-1",
        "proxmox:last=3,hourly=24,daily=30,weekly=52,monthly=120,yearly=20",
    ];
    let mut policies = vec![mendix.in_zone("Europe/Dublin").expect("a time zone"), presets::platformsh_advanced()];
    policies.extend(named.map(|name| presets::by_name(name).expect("a policy of this crate")));
    policies
}

fn plan(criterion: &mut Criterion) {
    let now = NOW.parse().expect("a constant");
    for count in [10_000, 1_000_000] {
        let backups = backups(count);
        let mut group = criterion.benchmark_group(format!("plan {count} backups"));
        group.sample_size(10).measurement_time(Duration::from_secs(3)).throughput(Throughput::Elements(count));
        for policy in policies() {
            group.bench_with_input(BenchmarkId::from_parameter(policy.name()), &policy, |bencher, policy| {
                bencher.iter(|| black_box(policy.plan(&backups, now).kept_count()));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, plan);
criterion_main!(benches);
