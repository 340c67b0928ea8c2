//! Dumps in directory and tar format, and custom dumps in other files, read as dumps in custom format.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, Verdict, check};
use appsnap::io::Parallelism;
use appsnap::observe::NoObserver;
use appsnap::pgdump::forms::JoinedDump;
use appsnap::pgdump::toc::Offsets;
use appsnap::pgdump::transcode::Transcoder;
use appsnap::pgdump::{Dump, FormatVersion, inspect};
use appsnap::source::dump::{DumpOptions, DumpReader};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::{TempDir, tempdir};

use crate::support::readers::Stutter;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pgdump").join(name)
}

/// The dumps of one small database, made by pg_dump 15 and 17, that this build can decode.
fn dumps() -> Vec<PathBuf> {
    let mut names = vec!["pg15-directory", "pg15.tar", "pg17-directory", "pg17.tar"];
    if cfg!(feature = "lz4") {
        names.push("pg17-directory-lz4");
    }
    if cfg!(feature = "zstd") {
        names.push("pg17-directory-zstd");
    }
    names.into_iter().map(data).collect()
}

fn options() -> DumpOptions {
    DumpOptions::new().with_spool_dir(std::env::temp_dir())
}

fn joined(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    DumpReader::open(path, &options()).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// The OID and content of every stream.
fn streams(dump: impl Read) -> Vec<(Option<u32>, Vec<u8>)> {
    let mut dump = Dump::open(dump, &Limits::untrusted()).unwrap();
    let mut streams = Vec::new();
    while let Some(mut stream) = dump.next_stream().unwrap() {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        streams.push((stream.oid(), bytes));
    }
    dump.finish(&mut NoObserver).unwrap();
    streams
}

/// A folder that tests may change.
fn copied(name: &str) -> TempDir {
    let folder = tempdir().unwrap();
    for entry in fs::read_dir(data(name)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

fn named(folder: &Path, ends: &str) -> PathBuf {
    let mut paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.find(|path| path.to_str().unwrap().ends_with(ends)).unwrap()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    gzipped_at(bytes, 6)
}

fn gzipped_at(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn error(path: &Path) -> String {
    let opened = DumpReader::open(path, &options());
    let read = opened.and_then(|dump| Ok(inspect(dump, &Limits::untrusted(), &mut NoObserver)?));
    let error = read.expect_err("the dump is refused");
    assert!(error.is_bad_input() || error.is_limit(), "{error:?}");
    error.to_string()
}

#[test]
fn every_form_has_the_same_streams() {
    let rows = b"1\tAda\tada@example.org\n2\tTab\\there\t\\N\n3\t\tx@example.org\n\\.\n\n\n";
    for path in dumps() {
        let bytes = joined(&path);
        let found = streams(&bytes[..]);
        assert_eq!(found[0], (None, rows.to_vec()), "{path:?}");
        assert_eq!(found[1..], [(Some(50001), b"hello".to_vec()), (Some(50002), Vec::new())], "{path:?}");
        let inspection = inspect(Stutter::new(&bytes[..], 7), &Limits::untrusted(), &mut NoObserver).unwrap();
        assert_eq!(inspection.offsets, Offsets::Set, "{path:?}");
        assert!(!inspection.has_anomalies(), "{path:?}: {:?}", inspection.diagnostics);
    }
}

#[test]
fn the_bytes_do_not_depend_on_threads_or_seeking() {
    let folder = copied("pg15-directory");
    // Large enough for the threads.
    let rows: String =
        (0..200_000_u64).map(|n| format!("{n}\t{}\t\\N\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let text = format!("{rows}\\.\n\n\n");
    fs::write(named(folder.path(), ".dat.gz").with_file_name("x"), b"an extra file").unwrap();
    let table = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let table =
        table.into_iter().find(|path| path.file_name().unwrap().as_encoded_bytes()[0].is_ascii_digit()).unwrap();
    fs::write(&table, gzipped(text.as_bytes())).unwrap();

    let limits = Limits::untrusted();
    let expected = joined(folder.path());
    assert_eq!(streams(&expected[..])[0].1, text.as_bytes());
    for threads in [1, 2, 8] {
        let mut dump = JoinedDump::open(folder.path().to_path_buf(), &limits)
            .unwrap()
            .with_parallelism(Parallelism::threads(threads));
        assert_eq!(dump.len_bytes(), expected.len() as u64);
        for position in [0, 100_000, expected.len() - 3, 5, expected.len() + 7] {
            dump.seek(SeekFrom::Start(position as u64)).unwrap();
            let mut rest = Vec::new();
            dump.read_to_end(&mut rest).unwrap();
            assert!(rest == expected[position.min(expected.len())..], "{threads} threads, byte {position}");
        }
    }
}

#[test]
fn joined_dumps_convert_without_recompression() {
    for path in dumps() {
        let limits = Limits::untrusted();
        let (mut output, reader) = (Vec::new(), DumpReader::open(&path, &options()).unwrap());
        let (_, report) =
            Transcoder::to(FormatVersion::V1_14).convert(reader, &mut output, &limits, &mut NoObserver).unwrap();
        let is_newer = ["lz4", "zstd"].iter().any(|name| path.to_str().unwrap().ends_with(name));
        assert_eq!(report.changes.recompressed, is_newer, "{path:?}");
        assert_eq!(streams(&output[..]), streams(&joined(&path)[..]), "{path:?}");
    }
}

#[test]
fn custom_dumps_are_found_in_compressed_files_and_tars() {
    let folder = tempdir().unwrap();
    let dump = fs::read(data("pg17-lo-acl.dump")).unwrap();
    let of_folder: Vec<(String, Vec<u8>)> = fs::read_dir(data("pg17-directory"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (format!("mydump/{}", path.file_name().unwrap().to_str().unwrap()), fs::read(&path).unwrap()))
        .collect();
    let of_folder: Vec<(&str, &[u8])> =
        of_folder.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let directory = joined(&data("pg17-directory"));
    let mut files = vec![
        ("dump.gz", "gzip", gzipped(&dump), &dump),
        ("members.gz", "gzip", [gzipped(&dump[..100]), gzipped(&dump[100..])].concat(), &dump),
        ("alone.tar", "custom", tar(&[("db.dump", &dump)]), &dump),
        ("alone.tar.gz", "custom", gzipped(&tar(&[("x/db.dump", &dump)])), &dump),
        ("compressed.tar", "gzip", tar(&[("db.dump.gz", &gzipped(&dump))]), &dump),
        ("folder.tar", "tar", tar(&of_folder), &directory),
        ("folder.tar.gz", "tar", gzipped(&tar(&of_folder)), &directory),
    ];
    if cfg!(feature = "zstd") {
        files.push(("dump.zst", "zstd", stored_zstd(&dump), &dump));
    }
    if cfg!(feature = "lz4") {
        files.push(("dump.lz4", "lz4", stored_lz4(&dump), &dump));
    }
    for (name, form, bytes, expected) in files {
        let path = folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let mut reader = DumpReader::open(&path, &options()).unwrap();
        assert_eq!(reader.form(), form, "{name}");
        let mut found = Vec::new();
        reader.read_to_end(&mut found).unwrap();
        assert!(found == *expected, "{name}");

        // From a pipe, and again from the start after spooling.
        let piped = DumpReader::from_reader(std::io::Cursor::new(bytes.clone()), &options()).unwrap();
        let mut piped = piped.into_seekable(&options()).unwrap();
        for _ in 0..2 {
            piped.rewind().unwrap();
            found.clear();
            piped.read_to_end(&mut found).unwrap();
            assert!(found == *expected, "{name} from a pipe");
        }

        // Damage is an error with the dump to blame, wherever it is.
        for cut in [bytes.len() / 2, bytes.len() - 9, bytes.len() - 1] {
            fs::write(&path, &bytes[..cut]).unwrap();
            let is_sound = DumpReader::open(&path, &options())
                .and_then(|dump| Ok(inspect(dump, &Limits::untrusted(), &mut NoObserver)?));
            match is_sound {
                Ok(_) => assert!(name.ends_with("tar"), "{name} cut to {cut} bytes: only the padding of a tar may be"),
                Err(error) => assert!(error.is_bad_input(), "{name} cut to {cut} bytes: {error:?}"),
            }
        }
    }
}

#[test]
fn wrappers_that_end_early_or_late_are_refused() {
    let folder = tempdir().unwrap();
    let dump = fs::read(data("pg17-lo-acl.dump")).unwrap();
    let mut files = vec![("gz", gzipped(&dump))];
    if cfg!(feature = "lz4") {
        files.push(("lz4", stored_lz4(&dump)));
        files.push(("two.lz4", [stored_lz4(&dump[..700]), stored_lz4(&dump[700..])].concat()));
    }
    if cfg!(feature = "zstd") {
        files.push(("zst", zstd_frame(&dump)));
        files.push(("two.zst", [zstd_frame(&dump[..700]), zstd_frame(&dump[700..])].concat()));
    }
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        assert!(joined(&path) == dump, "{name}");
        for cut in [1, 3, 4, 5, 8, 20] {
            fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
            error(&path);
        }
        fs::write(&path, [&bytes[..], b"trailing bytes"].concat()).unwrap();
        error(&path);
        // As deep as honest input goes, and not without end.
        let mut wrapped = bytes;
        for _ in 0..20 {
            wrapped = gzipped(&wrapped);
        }
        fs::write(&path, wrapped).unwrap();
        error(&path);
    }
}

/// Frames as other programs write them: compressed, with checksums, without the length of the content, one after the other.
#[test]
#[cfg(all(feature = "lz4", feature = "zstd"))]
fn wrappers_of_several_frames_are_verified() {
    use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    let lz4 = |bytes: &[u8], blocks| {
        let info = FrameInfo::new().block_mode(blocks).block_checksums(true).content_checksum(true);
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| compress_to_vec(bytes, CompressionLevel::Fastest);
    let folder = tempdir().unwrap();
    let dump = fs::read(data("pg17-lo-acl.dump")).unwrap();
    let (first, second) = dump.split_at(700);
    let skipped = |magic: u8| [&[magic, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"skip!"].concat();
    let lz4_frames = [lz4(first, BlockMode::Linked), lz4(second, BlockMode::Independent)];
    let zstd_frames = [zstd(first), zstd(second)];
    for (name, frames) in [("lz4", lz4_frames), ("zst", zstd_frames)] {
        let path = folder.path().join(name);
        let [first, second] = frames;
        let bytes = [first.clone(), skipped(0x50), skipped(0x5f), second.clone(), skipped(0x51)].concat();
        fs::write(&path, &bytes).unwrap();
        assert!(joined(&path) == dump, "{name}");
        // The checksums of both frames, and a frame that is skipped and ends early.
        for at in [first.len() - 1, first.len() + 26 + second.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert!(error(&path).contains("damaged"), "{name}");
        }
        for cut in [1, 5, 6, 12] {
            fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
            assert!(error(&path).contains("truncated"), "{name}");
        }
    }

    // A window of 128 MiB, and the number of a dictionary (RFC 8878, section 3.1.1.1).
    let path = folder.path().join("large.zst");
    fs::write(&path, [0x28, 0xb5, 0x2f, 0xfd, 0, (27 - 10) << 3, 1, 0, 0]).unwrap();
    assert!(error(&path).contains("max_window_bytes"));
    fs::write(&path, [0x28, 0xb5, 0x2f, 0xfd, 1, 0x58, 7, 1, 0, 0]).unwrap();
    assert!(error(&path).contains("cannot be decompressed"));
}

/// One frame of stored blocks.
fn zstd_frame(bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    let count = bytes.chunks(100_000).count();
    for (index, block) in bytes.chunks(100_000).enumerate() {
        let is_last = u32::from(index + 1 == count);
        file.extend_from_slice(&((u32::try_from(block.len()).unwrap() << 3) | is_last).to_le_bytes()[..3]);
        file.extend_from_slice(block);
    }
    file
}

/// One frame with a stored block, and a skippable frame after it.
fn stored_zstd(bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    file.extend_from_slice(&((u32::try_from(bytes.len()).unwrap() << 3) | 1).to_le_bytes()[..3]);
    file.extend_from_slice(bytes);
    file.extend_from_slice(&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    file
}

/// One frame with stored blocks.
fn stored_lz4(bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0];
    for block in bytes.chunks(60_000) {
        file.extend_from_slice(&(u32::try_from(block.len()).unwrap() | (1 << 31)).to_le_bytes());
        file.extend_from_slice(block);
    }
    file.extend_from_slice(&[0; 4]);
    file
}

#[test]
fn missing_and_foreign_files_are_named() {
    for (ends, expected) in
        [("toc.dat", "toc.dat is missing"), ("50001.dat.gz", "blob_50001.dat is missing"), (".toc", "blobs_")]
    {
        let folder = copied("pg17-directory");
        let path = named(folder.path(), ends);
        fs::remove_file(&path).unwrap();
        let error = error(folder.path());
        assert!(error.contains(expected), "{error}");
    }
    let folder = copied("pg17-directory");
    let blob = named(folder.path(), "50001.dat.gz");
    fs::write(blob.with_extension(""), "hello").unwrap();
    let both = error(folder.path());
    assert!(both.contains("both blob_50001.dat and blob_50001.dat.gz exist"), "{both}");
}

/// A gzip member with every optional field in its header.
fn member(bytes: &[u8], level: u32) -> Vec<u8> {
    let builder = flate2::GzBuilder::new().filename("rows").comment("a part").extra(vec![0x1f, 0x8b, 8, 0]);
    let mut encoder = builder.mtime(7).write(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// COPY text of this many rows.
fn rows(count: u64) -> Vec<u8> {
    let rows: String = (0..count).map(|n| format!("{n}\t{}\t\\N\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    format!("{rows}\\.\n\n\n").into_bytes()
}

#[test]
fn gzip_members_become_one_stream_of_the_stated_length() {
    let folder = copied("pg17-directory");
    let table = named(folder.path(), &format!("{}.gz", first_table(folder.path())));
    let limits = Limits::untrusted();
    for count in [3, 60_000] {
        let text = rows(count);
        for cuts in
            [vec![10], vec![0, 1, 1, 2, text.len() - 1, text.len()], (0..40).map(|n| text.len() * n / 40).collect()]
        {
            let mut file = Vec::new();
            let mut start = 0;
            for (index, end) in cuts.iter().copied().chain([text.len()]).enumerate() {
                let (part, level) = (&text[start..end], index as u32 % 10);
                file.extend(if index % 3 == 2 { member(part, level) } else { gzipped_at(part, level) });
                start = end;
            }
            fs::write(&table, &file).unwrap();
            let expected = joined(folder.path());
            assert!(streams(&expected[..])[0].1 == text, "{count} rows in {} members", cuts.len() + 1);
            for threads in [0, 1, 2, 8] {
                let dump = JoinedDump::open(folder.path().to_path_buf(), &limits).unwrap();
                let mut dump = dump.with_parallelism(Parallelism::threads(threads));
                assert_eq!(dump.len_bytes(), expected.len() as u64);
                for position in [0, expected.len() / 2, 0] {
                    dump.seek(SeekFrom::Start(position as u64)).unwrap();
                    let mut rest = Vec::new();
                    dump.read_to_end(&mut rest).unwrap();
                    assert!(rest == expected[position..], "{count} rows, {threads} threads, byte {position}");
                }
            }
        }
    }
    // Every member is verified, and nothing else may follow.
    let text = rows(1000);
    let parts = [gzipped(&text[..5000]), member(&text[5000..], 6)];
    for (index, bit) in [(parts[0].len() - 8, 0), (parts[0].len() - 1, 7), (parts[0].len() + 1, 3), (700, 2)] {
        let mut file = parts.concat();
        file[index] ^= 1 << bit;
        fs::write(&table, file).unwrap();
        assert!(error(folder.path()).contains(".dat.gz"), "byte {index}");
    }
    for surplus in [&[0; 512][..], b"x", &parts[0][..9], &parts[0][..parts[0].len() - 1]] {
        fs::write(&table, [&parts.concat(), surplus].concat()).unwrap();
        assert!(error(folder.path()).contains(".dat.gz"), "{} bytes more", surplus.len());
    }
    let few = limits.with_max_entries(30);
    fs::write(&table, [gzipped(&text), gzipped(b"").repeat(40)].concat()).unwrap();
    let mut dump = JoinedDump::open(folder.path().to_path_buf(), &few).unwrap();
    assert!(appsnap::Error::from(dump.read_to_end(&mut Vec::new()).unwrap_err()).is_limit());
}

/// Writes the content of a file again, with another suffix.
fn rewrite(file: &Path, suffix: &str, bytes: &[u8]) {
    fs::remove_file(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let stem = name.split(".dat").next().unwrap();
    fs::write(file.with_file_name(format!("{stem}.dat{suffix}")), bytes).unwrap();
}

#[test]
fn files_in_several_compressions_become_one_dump() {
    let text = rows(60_000);
    let mut forms: Vec<(&str, Vec<u8>)> = vec![(".gz", gzipped(&text)), ("", text.clone())];
    if cfg!(feature = "lz4") {
        forms.push((".lz4", stored_lz4(&text)));
    }
    if cfg!(feature = "zstd") {
        forms.push((".zst", zstd_frame(&text)));
    }
    for name in dumps().iter().filter(|path| path.is_dir()).map(|path| path.file_name().unwrap().to_str().unwrap()) {
        for (suffix, bytes) in &forms {
            let folder = copied(name);
            let table = first_table(folder.path());
            let found = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
            let table = found.into_iter().find(|path| path.to_str().unwrap().contains(&format!("/{table}"))).unwrap();
            rewrite(&table, suffix, bytes);
            let (dump, what) = (joined(folder.path()), format!("{name} with {suffix}"));
            let found = streams(&dump[..]);
            assert!(found[0].1 == text, "{what}");
            assert_eq!(found[1..], [(Some(50001), b"hello".to_vec()), (Some(50002), Vec::new())], "{what}");
            let inspection = inspect(&dump[..], &Limits::untrusted(), &mut NoObserver).unwrap();
            assert_eq!(inspection.offsets, Offsets::Set, "{what}");
            assert!(!inspection.has_anomalies(), "{what}: {:?}", inspection.diagnostics);
            let own = name.rsplit_once('-').map_or("gzip", |(_, algorithm)| algorithm);
            let own = if own == "directory" { "gzip" } else { own };
            let expected = match *suffix {
                // Only the dump of another compression changes.
                "" => own,
                ".gz" => "gzip",
                ".lz4" if own == "lz4" => "lz4",
                ".zst" if own == "zstd" => "zstd",
                _ => "gzip",
            };
            assert_eq!(inspection.header.compression.name(), expected, "{what}");
            for threads in [1, 2, 8] {
                let opened = JoinedDump::open(folder.path().to_path_buf(), &Limits::untrusted()).unwrap();
                let mut opened = opened.with_parallelism(Parallelism::threads(threads));
                assert_eq!(opened.len_bytes(), dump.len() as u64, "{what}");
                opened.seek(SeekFrom::Start(dump.len() as u64 / 2)).unwrap();
                let mut rest = Vec::new();
                opened.read_to_end(&mut rest).unwrap();
                assert!(rest == dump[dump.len() / 2..], "{what}, {threads} threads");
            }
        }
    }
}

#[test]
#[cfg(feature = "zstd")]
fn damage_of_a_recompressed_file_is_found() {
    let folder = copied("pg17-directory");
    let blob = named(folder.path(), "50001.dat.gz");
    let sound = zstd_frame(b"hello");
    rewrite(&blob, ".zst", &sound);
    joined(folder.path());
    let blob = named(folder.path(), "50001.dat.zst");
    for len in 1..sound.len() {
        fs::write(&blob, &sound[..len]).unwrap();
        assert!(error(folder.path()).contains("blob_50001.dat.zst"), "{len} bytes");
    }
    fs::write(&blob, [&sound[..], b"x"].concat()).unwrap();
    assert!(error(folder.path()).contains("blob_50001.dat.zst"));
    // The length is known from the first pass.
    fs::write(&blob, &sound).unwrap();
    for other in [&b"he"[..], b"hello, world!"] {
        let mut dump = JoinedDump::open(folder.path().to_path_buf(), &Limits::untrusted()).unwrap();
        fs::write(&blob, zstd_frame(other)).unwrap();
        let failed = dump.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(failed.to_string().contains("has changed"), "{failed}");
        fs::write(&blob, &sound).unwrap();
    }
}

#[test]
fn damage_of_files_is_found_and_the_file_is_named() {
    let folder = copied("pg17-directory");
    let blob = named(folder.path(), "50001.dat.gz");
    let (original, expected) = (fs::read(&blob).unwrap(), streams(&joined(folder.path())[..]));
    for len in 1..original.len() {
        fs::write(&blob, &original[..len]).unwrap();
        let error = error(folder.path());
        assert!(error.contains("blob_50001.dat.gz"), "{len} bytes: {error}");
    }
    for (index, byte) in original.iter().enumerate() {
        // The time, the extra flags and the system of a gzip header have no meaning.
        if (4..10).contains(&index) {
            continue;
        }
        for bit in 0..8 {
            // One flag says that the content is text, which has no meaning either.
            if (index, bit) == (3, 0) {
                continue;
            }
            let mut damaged = original.clone();
            damaged[index] = byte ^ (1 << bit);
            fs::write(&blob, &damaged).unwrap();
            let opened = DumpReader::open(folder.path(), &options());
            match opened.and_then(|dump| Ok(inspect(dump, &Limits::untrusted(), &mut NoObserver)?)) {
                // The last bits of deflate data are padding.
                Ok(_) => assert_eq!(streams(&joined(folder.path())[..]), expected),
                Err(error) => {
                    assert!(error.to_string().contains("blob_50001.dat.gz"), "byte {index}, bit {bit}: {error}")
                }
            }
        }
    }
    fs::write(&blob, [&original, &b"x"[..]].concat()).unwrap();
    assert!(error(folder.path()).contains("blob_50001.dat.gz"));
}

#[test]
fn lists_and_names_that_lead_elsewhere_are_refused() {
    for list in [
        "50001 ../blob_50001.dat\n",
        "50001 /etc/passwd\n",
        "50001 blob_50002.dat\n",
        "50001\n",
        "50001 blob_50001.dat",
    ] {
        let folder = copied("pg17-directory");
        fs::write(named(folder.path(), ".toc"), list).unwrap();
        error(folder.path());
    }
    let folder = copied("pg17-directory");
    fs::write(named(folder.path(), ".toc"), "50001 blob_50001.dat\n50001 blob_50001.dat\n").unwrap();
    assert!(error(folder.path()).contains("listed twice"));
    // The name of a table's file in the table of contents.
    let folder = copied("pg17-directory");
    let toc = fs::read(folder.path().join("toc.dat")).unwrap();
    let name = named(folder.path(), ".dat.gz").file_name().unwrap().to_str().unwrap().replace(".gz", "");
    let name = if name.starts_with("blob") { first_table(folder.path()) } else { name };
    let at = toc.windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
    let mut changed = toc.clone();
    changed[at..at + name.len()].copy_from_slice(&b"../../../x"[..name.len()]);
    fs::write(folder.path().join("toc.dat"), changed).unwrap();
    assert!(error(folder.path()).contains("pg_dump names no file"));
}

fn first_table(folder: &Path) -> String {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.into_iter().find(|name| name.as_bytes()[0].is_ascii_digit()).unwrap().replace(".gz", "")
}

#[cfg(unix)]
#[test]
fn links_and_fifos_in_a_folder_are_refused_at_once() {
    use std::os::unix::fs::symlink;
    let folder = copied("pg17-directory");
    let blob = named(folder.path(), "50001.dat.gz");
    let elsewhere = tempdir().unwrap();
    fs::rename(&blob, elsewhere.path().join("x")).unwrap();
    symlink(elsewhere.path().join("x"), &blob).unwrap();
    assert!(error(folder.path()).contains("not part of a dump"));
    fs::remove_file(&blob).unwrap();
    if let Some(mkfifo) = crate::support::tools::tool("mkfifo") {
        assert!(std::process::Command::new(mkfifo).arg(&blob).status().unwrap().success());
        assert!(error(folder.path()).contains("not part of a dump"));
    }
}

#[test]
fn limits_bound_what_is_read_into_memory() {
    let folder = copied("pg17-directory");
    let limits = Limits::untrusted().with_max_toc_bytes(100);
    assert!(JoinedDump::open(folder.path().to_path_buf(), &limits).unwrap_err().is_limit());
    let limits = Limits::untrusted().with_max_decompressed_bytes(10);
    let mut dump = JoinedDump::open(folder.path().to_path_buf(), &limits).unwrap();
    let failed = dump.read_to_end(&mut Vec::new()).unwrap_err();
    assert!(appsnap::Error::from(failed).is_limit());
    // Each table of contents in a bomb is parsed as it is inflated.
    let toc = fs::read(folder.path().join("toc.dat")).unwrap();
    fs::remove_file(folder.path().join("toc.dat")).unwrap();
    fs::write(folder.path().join("toc.dat.gz"), gzipped(&[toc, vec![0; 50 << 20]].concat())).unwrap();
    assert!(error(folder.path()).contains("bytes follow the table of contents"));
}

#[test]
fn a_file_that_changes_between_two_passes_is_noticed() {
    let folder = copied("pg17-directory");
    let mut dump = JoinedDump::open(folder.path().to_path_buf(), &Limits::untrusted()).unwrap();
    dump.read_to_end(&mut Vec::new()).unwrap();
    let blob = named(folder.path(), "50001.dat.gz");
    let other = gzipped(b"h3llo");
    assert_eq!(other.len() as u64, fs::metadata(&blob).unwrap().len());
    fs::write(&blob, other).unwrap();
    dump.rewind().unwrap();
    let failed = dump.read_to_end(&mut Vec::new()).unwrap_err();
    assert!(failed.to_string().contains("has changed"), "{failed}");
}

#[test]
fn a_check_reports_damage_as_findings() {
    let judged = |path: &Path| {
        let dump = DumpReader::open(path, &options()).unwrap();
        check(dump, &Profile::format(), &CheckOptions::new(), &mut NoObserver).unwrap()
    };
    assert_ne!(judged(&data("pg15-directory")).verdict(), Verdict::Reject, "{}", judged(&data("pg15-directory")));
    let folder = copied("pg15-directory");
    let blob = named(folder.path(), "50001.dat.gz");
    let mut bytes = fs::read(&blob).unwrap();
    bytes[12] ^= 1;
    fs::write(&blob, bytes).unwrap();
    let report = judged(folder.path());
    assert_eq!(report.verdict(), Verdict::Reject);
    assert!(report.to_string().contains("D005") && report.to_string().contains("blob_50001"), "{report}");
}

#[test]
fn other_files_are_no_dumps() {
    let folder = tempdir().unwrap();
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("text", b"hello".to_vec()),
        ("text.gz", gzipped(b"hello")),
        ("script.sql", b"--\n-- PostgreSQL database dump\n--\n\n".to_vec()),
        ("two.tar", tar(&[("a/toc.dat", b"x"), ("b/toc.dat", b"y")])),
        ("deep.gz", gzipped(&gzipped(&gzipped(&gzipped(&gzipped(b"PGDMP")))))),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
        error(&folder.path().join(name));
    }
    // A tar needs a second look, so a stream of it needs a place.
    let stream = File::open(data("pg17.tar")).unwrap();
    assert!(DumpReader::from_reader(stream, &DumpOptions::new()).unwrap_err().is_misuse());
}
