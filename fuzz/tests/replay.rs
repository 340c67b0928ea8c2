//! Runs every seed, every regression and a few bent seeds through their targets, on any compiler.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use appsnap_fuzz::verdict::ends_in_a_verdict;
use appsnap_fuzz::{TARGETS, Target, pgdump};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder; none when there is no such folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut files = paths
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect::<Vec<_>>();
    files.sort();
    files
}

/// Runs a body over many inputs, and says at the end which of them broke it.
fn run(target: &Target, inputs: impl IntoIterator<Item = (String, Vec<u8>)>) -> Vec<String> {
    let broken = inputs.into_iter().filter(|(_, bytes)| std::panic::catch_unwind(|| (target.body)(bytes)).is_err());
    broken.map(|(name, bytes)| format!("{}: {name} of {} bytes", target.name, bytes.len())).collect()
}

fn numbered(seeds: impl IntoIterator<Item = Vec<u8>>) -> impl Iterator<Item = (String, Vec<u8>)> {
    seeds.into_iter().enumerate().map(|(number, seed)| (format!("seed {number}"), seed))
}

#[test]
fn every_seed_passes() {
    let mut broken = Vec::new();
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(seeds.len() >= 5, "{} has hardly any seeds", target.name);
        broken.extend(run(target, numbered(seeds)));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_regression_passes() {
    let folders = TARGETS.iter().map(|target| target.name).collect::<BTreeSet<_>>();
    for entry in fs::read_dir(root().join("regressions")).into_iter().flatten() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(folders.contains(name.as_str()), "regressions of {name}, which is no target");
    }
    let regressions = |target: &Target| files(&root().join("regressions").join(target.name));
    let broken = TARGETS.iter().flat_map(|target| run(target, regressions(target))).collect::<Vec<_>>();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Copies of seeds with a few bytes changed, cut or repeated.
fn bent(name: &str, seeds: &[Vec<u8>], count: usize) -> Vec<Vec<u8>> {
    let mut state = u64::from(crc32fast::hash(name.as_bytes())) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % below.max(1)
    };
    let mut bent = Vec::new();
    for _ in 0..count {
        let mut bytes = seeds[next(seeds.len())].clone();
        bytes.truncate(24 << 10);
        for _ in 0..=next(3) {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, next(256) as u8),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = next(256) as u8),
            }
        }
        bent.push(bytes);
    }
    bent
}

/// A simple fuzzer where no other one runs.
#[test]
fn bent_seeds_pass() {
    let mut broken = Vec::new();
    for target in TARGETS {
        broken.extend(run(target, numbered(bent(target.name, &(target.seeds)(), 60))));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Every file of every corpus, and mutations of it, as a file to be checked.
#[test]
fn check_of_any_file_ends_in_a_verdict() {
    fn body(file: &[u8]) {
        ends_in_a_verdict(file, pgdump::limits().with_max_total_bytes(16 << 20));
    }
    let verdict = Target { name: "check", body, seeds: Vec::new };
    let mut broken = Vec::new();
    for target in TARGETS {
        let seeds = (target.seeds)();
        let regressions = files(&root().join("regressions").join(target.name));
        // Without the control byte, which most inputs begin with.
        let contents = seeds.iter().filter_map(|seed| seed.get(1..)).map(<[u8]>::to_vec);
        let bent = bent(target.name, &seeds, 100).into_iter().chain(contents);
        broken.extend(run(&verdict, numbered(bent)).into_iter().map(|line| format!("{} as {line}", target.name)));
        broken.extend(run(&verdict, regressions));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn targets_programs_and_dictionaries_are_the_same_list() {
    let names = TARGETS.iter().map(|target| target.name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names.len(), TARGETS.len());
    let stems = |folder: &str| {
        let stem = |name: &str| name.split('.').next().unwrap().to_owned();
        files(&root().join(folder)).iter().map(|(name, _)| stem(name)).collect::<BTreeSet<_>>()
    };
    assert_eq!(stems("fuzz_targets"), names);
    assert_eq!(stems("dictionaries"), names);
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for name in &names {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not built");
    }
}
