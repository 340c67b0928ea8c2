//! The decoder of gzip members beside flate2's backend and other programs: a table of MB per second of the processor.
//!
//! `cargo bench -p appsnap-benches --bench inflate`; `-- FILE.gz ...` measures files of yours. Checksums are part of it.

mod corpus;
mod measure;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use appsnap::{Limits, gzip};
use flate2::Compression;
use flate2::bufread::{GzEncoder, MultiGzDecoder};

use corpus::Random;
use measure::{Job, alternate, is_installed, processor, shell};

const PEERS: [(&str, &str); 3] = [
    ("libdeflate-gzip", "libdeflate-gzip -dc $IN > /dev/null"),
    ("igzip", "igzip -dc $IN > /dev/null"),
    ("gzip", "gzip -dc $IN > /dev/null"),
];

/// Reads everything in portions that stay in a processor's cache; returns the number of bytes.
fn drain(mut reader: impl Read) -> u64 {
    let mut portion = vec![0; 64 << 10];
    let mut all = 0;
    loop {
        match reader.read(&mut portion).unwrap() {
            0 => return all,
            count => all += count as u64,
        }
    }
}

fn files(folder: &Path, len_bytes: usize) -> Vec<PathBuf> {
    let mut random = Random::new(3);
    let mut text = Vec::new();
    while text.len() < len_bytes {
        text.extend(corpus::text::file(&mut random, 60_000));
    }
    let mut mixed = Vec::new();
    while mixed.len() < len_bytes {
        mixed.extend(random.text(40_000));
        mixed.extend(random.noise(10_000));
    }
    let mut files = Vec::new();
    for (name, bytes) in [("text", text), ("words and noise", mixed)] {
        for level in [1, 6] {
            let path = folder.join(format!("{name}, level {level}"));
            let mut encoder = GzEncoder::new(bytes.as_slice(), Compression::new(level));
            io::copy(&mut encoder, &mut fs::File::create(&path).unwrap()).unwrap();
            files.push(path);
        }
    }
    files
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (len_bytes, rounds) = if is_bench { (100_000_000, 5) } else { (200_000, 1) };
    let folder = tempfile::tempdir().unwrap();
    let mut paths: Vec<PathBuf> =
        std::env::args_os().skip(1).filter(|argument| argument != "--bench").map(PathBuf::from).collect();
    if paths.is_empty() {
        paths = files(folder.path(), len_bytes);
    }
    println!("{}, MB of uncompressed data per second of the processor:", processor());
    for path in &paths {
        let bytes = fs::read(path).unwrap();
        let all = drain(MultiGzDecoder::new(bytes.as_slice()));
        let mut jobs = vec![
            Job::new("appsnap", || {
                assert_eq!(drain(gzip::Reader::new(bytes.as_slice(), &Limits::default())), all);
            }),
            Job::new("flate2", || assert_eq!(drain(MultiGzDecoder::new(bytes.as_slice())), all)),
        ];
        for (name, command) in PEERS.iter().filter(|(name, _)| is_bench && is_installed(name)) {
            jobs.push(Job::new(*name, || shell(command, folder.path(), "IN", path)));
        }
        let samples = alternate(rounds, &mut jobs);
        println!("{}", path.file_name().unwrap().display());
        for (job, sample) in jobs.iter().zip(&samples) {
            println!("  {:16} {:6.0}", job.name, all as f64 / 1e6 / sample.processor);
        }
    }
}
