//! Conversion of dumps with 50 MB of data each to archive version 1.14, from file to file, compared with `cat`, and its
//! memory.

mod memory;

use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::transcode::Transcoder;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use appsnap_tests::dumps::{DumpBuilder, compressions};
use memory::measured;

const DATA_BYTES: usize = 50 << 20;

/// Rows that hardly compress, so that about as many bytes are copied.
fn rows(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut digit = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes + 200);
    for row in 0_u64.. {
        if text.len() >= bytes {
            break;
        }
        write!(text, "{row}\t").unwrap();
        for _ in 0..16 {
            let mut bits = digit();
            for _ in 0..8 {
                text.push(char::from(alphabet[bits as usize % alphabet.len()]));
                bits >>= 6;
            }
        }
        text.push('\n');
    }
    text.into_bytes()
}

fn dump(compression: Compression) -> Vec<u8> {
    let mut builder = DumpBuilder::new(FormatVersion::V1_16, compression);
    for table in 0..5 {
        builder.table(&format!("table_{table}"), "id, content", &rows(DATA_BYTES / 5, table + 77));
    }
    builder.blobs((1..=2000).map(|oid| (oid, vec![7; 100])).collect());
    builder.build()
}

fn convert(from: &Path, to: &Path) -> u64 {
    let (source, sink) = (File::open(from).unwrap(), File::create(to).unwrap());
    let transcoder = Transcoder::to(FormatVersion::V1_14);
    transcoder.convert(source, sink, &Limits::untrusted(), &mut NoObserver).unwrap().1.output_bytes
}

fn conversion(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("1.16.dump"), folder.path().join("1.14.dump"));
    let mut group = c.benchmark_group("convert_to_1.14");
    group.sample_size(10).throughput(Throughput::Bytes(DATA_BYTES as u64));
    for compression in compressions() {
        std::fs::write(&from, dump(compression)).unwrap();
        let stored_bytes = from.metadata().unwrap().len();
        let (_, _, memory) = measured(|| convert(&from, &to));
        println!("{}: {stored_bytes} bytes stored, {memory:.1} MiB of memory at most", compression.name());

        group.bench_function(BenchmarkId::new("appsnap", compression.name()), |b| b.iter(|| convert(&from, &to)));
        let cat = || {
            let out = Stdio::from(File::create(&to).unwrap());
            Command::new("cat").arg(&from).stdout(out).status().is_ok_and(|status| status.success())
        };
        if cat() {
            group.bench_function(BenchmarkId::new("cat", compression.name()), |b| b.iter(cat));
        }
    }
    group.finish();
}

criterion_group!(benches, conversion);
criterion_main!(benches);
