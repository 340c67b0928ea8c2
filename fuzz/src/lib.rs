//! Bodies of the fuzz targets, and their seeds.
//!
//! A body takes any bytes and panics when a promise of the crate is broken. `fuzz_targets/` holds three lines for each,
//! `tests/replay.rs` runs every seed through its body on a stable compiler.

pub mod archive;
mod calendar;
mod compression;
mod control;
mod lists;
mod names;
pub mod pgdump;
pub mod seeds;
mod tape;
pub mod verdict;
mod zips;

/// A number that follows from an input, so that portions of it can be repeated.
fn seed(bytes: &[u8]) -> u64 {
    crc32fast::hash(bytes).into()
}

/// One fuzz target.
pub struct Target {
    /// The name of its program and its dictionary.
    pub name: &'static str,
    /// The assertion for any bytes.
    pub body: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets, by name.
pub const TARGETS: &[Target] = &[
    Target { name: "catalog_listing", body: lists::catalog_listing, seeds: seeds::listings },
    Target { name: "check", body: verdict::check, seeds: seeds::checks },
    Target { name: "copy_rows", body: pgdump::rows::copy_rows, seeds: seeds::dumps::copy_rows },
    Target { name: "detect", body: names::detect, seeds: seeds::detect },
    Target { name: "diff", body: archive::diff::compare, seeds: seeds::diffs },
    Target { name: "dump_head", body: pgdump::head::dump_head, seeds: seeds::dumps::heads },
    Target { name: "gzip_members", body: compression::gzip_members, seeds: seeds::gzip_members },
    Target { name: "inspect", body: pgdump::inspect::inspect, seeds: seeds::dumps::whole },
    Target { name: "layout", body: names::layout, seeds: seeds::names },
    Target { name: "metadata", body: names::metadata, seeds: seeds::metadata },
    Target { name: "open_index", body: archive::index::open_index, seeds: seeds::indexes },
    Target { name: "open_sidecar", body: archive::sidecar::open_sidecar, seeds: seeds::sidecars },
    Target { name: "pax_records", body: tape::pax_records, seeds: seeds::pax_records },
    Target { name: "policy_json", body: calendar::policy_json, seeds: seeds::policies },
    Target { name: "random_access", body: archive::write::random_access, seeds: seeds::contents },
    Target { name: "read_snapshot", body: archive::read::read_snapshot, seeds: seeds::snapshots },
    Target { name: "retention_plan", body: calendar::retention_plan, seeds: seeds::plans },
    Target { name: "rework", body: archive::rework::rework, seeds: seeds::rework },
    Target { name: "squidex_archive", body: zips::squidex_archive, seeds: seeds::zips::squidex_archives },
    Target { name: "tar_differential", body: tape::tar_differential, seeds: seeds::tars },
    Target { name: "transcode", body: pgdump::transcode::transcode, seeds: seeds::dumps::conversions },
    Target { name: "write_read", body: archive::write::write_read, seeds: seeds::contents },
    Target { name: "zip_archive", body: zips::zip_archive, seeds: seeds::zips::zip_archives },
];

/// The target of that name.
///
/// # Panics
/// When there is none.
pub fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target is called {name}"))
}

/// Makes a program of a target: a fuzzer under cargo-fuzz, else one that replays the files it is given.
#[macro_export]
macro_rules! fuzz {
    ($name:literal) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| ($crate::target($name).body)(data));

        #[cfg(not(fuzzing))]
        fn main() {
            for path in std::env::args_os().skip(1) {
                ($crate::target($name).body)(&std::fs::read(&path).expect("a file of input"));
            }
        }
    };
}
