//! The dump engine: a table of contents of 10,000 entries, and the inspection of 50 MB of data in each compression,
//! beside `pg_restore -f /dev/null`, which decodes the same.

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{Compression, Header};
use appsnap::pgdump::toc::{self, Entry, Section, Toc};
use appsnap::pgdump::{FormatVersion, inspect};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use appsnap_tests::dumps::{DumpBuilder, compressions, version_for};

const DATA_BYTES: usize = 50 << 20;

/// The entries of a large schema, each with the SQL of an index, an owner and dependencies.
fn toc(count: u32, header: &Header) -> Vec<u8> {
    let names: Vec<String> = (1..=count).map(|id| format!("module$entity_{id}")).collect();
    let statements: Vec<String> = names
        .iter()
        .map(|name| {
            format!("CREATE INDEX \"idx_{name}\" ON public.\"{name}\" USING btree (id, changeddate DESC, owner);\n")
        })
        .collect();
    let dependencies = [1, 2];
    let entries: Vec<Entry<'_>> = (1..=count)
        .zip(names.iter().zip(&statements))
        .map(|(id, (name, sql))| {
            let mut entry = Entry::new(id, b"INDEX", name.as_bytes());
            entry.definition = Some(sql.as_bytes());
            entry.drop_statement = Some(b"DROP INDEX public.\"idx\";\n");
            entry.namespace = Some(b"public");
            entry.owner = Some(b"mxowner");
            entry.tablespace = Some(b"");
            entry.section = Section::PostData;
            entry.set_dependencies(&dependencies);
            entry
        })
        .collect();
    let mut bytes = Vec::new();
    toc::encode(entries, header, &mut bytes).unwrap();
    bytes
}

/// Rows of typical business data: numbers, short words, dates, a hash.
fn rows(bytes: usize) -> Vec<u8> {
    let words = ["open", "closed", "in progress", "customer", "supplier", "invoice", "order", "Amsterdam", "Rotterdam"];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut text = String::with_capacity(bytes + 200);
    for row in 0_u64.. {
        if text.len() >= bytes {
            break;
        }
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let word = |shift: u32| words[(state >> shift) as usize % words.len()];
        let (day, amount) = (state % 28 + 1, state % 1_000_000);
        let (first, second) = (word(3), word(9));
        writeln!(
            text,
            "{row}\t{first}\t{second} {}\t2026-03-{day:02} 12:00:00\t{amount}.00\t\\N\t{state:016x}",
            word(21)
        )
        .unwrap();
    }
    text.into_bytes()
}

fn dump(compression: Compression) -> Vec<u8> {
    let mut builder = DumpBuilder::new(version_for(FormatVersion::V1_14, compression), compression);
    let columns = "id, status, subject, changed, amount, note, digest";
    for table in 0..5 {
        builder.table(&format!("table_{table}"), columns, &rows(DATA_BYTES / 5));
    }
    builder.build()
}

fn table_of_contents(c: &mut Criterion) {
    let header = Header::new(FormatVersion::V1_16);
    let bytes = toc(10_000, &header);
    let mut group = c.benchmark_group("toc");
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("parse_10000_entries", |b| {
        b.iter(|| Toc::parse(&header, black_box(&bytes), &Limits::untrusted()).unwrap().0.len());
    });
    let parsed = Toc::parse(&header, &bytes, &Limits::untrusted()).unwrap().0;
    group.bench_function("encode_10000_entries", |b| {
        b.iter(|| {
            let mut out = Vec::with_capacity(bytes.len());
            toc::encode(black_box(&parsed).entries(), &header, &mut out).unwrap();
            out.len()
        });
    });
    group.finish();
}

fn inspection(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let pg_restore =
        ["/usr/bin", "/usr/local/bin"].iter().map(|bin| Path::new(bin).join("pg_restore")).find(|tool| tool.is_file());
    let mut group = c.benchmark_group("inspect_50mb");
    group.sample_size(10).throughput(Throughput::Bytes(DATA_BYTES as u64));
    for compression in compressions() {
        let bytes = dump(compression);
        group.bench_with_input(BenchmarkId::new("appsnap", compression.name()), &bytes, |b, bytes| {
            b.iter(|| inspect(&bytes[..], &Limits::untrusted(), &mut NoObserver).unwrap().uncompressed_bytes());
        });
        let path = folder.path().join("peer.dump");
        std::fs::write(&path, &bytes).unwrap();
        let Some(tool) = &pg_restore else { continue };
        let run = || Command::new(tool).args(["-f", "/dev/null"]).arg(&path).output().unwrap().status.success();
        if run() {
            group.bench_function(BenchmarkId::new("pg_restore", compression.name()), |b| b.iter(run));
        }
    }
    group.finish();
}

criterion_group!(benches, table_of_contents, inspection);
criterion_main!(benches);
