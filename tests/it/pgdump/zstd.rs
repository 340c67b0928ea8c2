//! The decoder of Zstandard frames, beside the zstd program and another decoder.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{Compression, DataElement, Header};
use appsnap::pgdump::toc::{self, DataState, Entry};
use appsnap::pgdump::{Dump, Error, FormatVersion};

use crate::support::archives::noise;
use crate::support::dumps::compressed;
use crate::support::tools::tool;

/// A dump whose only stream, of a table with INSERT statements, is `frame`.
fn dump_of(frame: &[u8]) -> Vec<u8> {
    let mut header = Header::new(FormatVersion::V1_16);
    header.compression = Compression::Zstd;
    let mut data = Entry::new(7, b"TABLE DATA", b"t");
    data.data = DataState::NotSet;
    let mut dump = Vec::new();
    header.encode(&mut dump).unwrap();
    toc::encode([data], &header, &mut dump).unwrap();
    let mut put = |element: DataElement<'_>| element.encode(&header, &mut dump).unwrap();
    put(DataElement::TableData { id: 7 });
    for chunk in frame.chunks(30_000) {
        put(DataElement::Chunk { len_bytes: chunk.len() as u32 });
        put(DataElement::Bytes(chunk));
    }
    put(DataElement::StreamEnd);
    put(DataElement::TableDataEnd);
    dump
}

/// Decodes `frame` in parts of `part_bytes`.
fn decoded(frame: &[u8], part_bytes: usize) -> Result<Vec<u8>, Error> {
    let dump = dump_of(frame);
    let mut dump = Dump::open(&dump[..], &Limits::untrusted())?;
    let mut content = Vec::new();
    let mut stream = dump.next_stream()?.expect("a stream");
    let mut part = vec![0; part_bytes];
    loop {
        let count = stream.read(&mut part).map_err(|error| error.downcast::<Error>().unwrap())?;
        if count == 0 {
            break;
        }
        content.extend_from_slice(&part[..count]);
    }
    let inspection = dump.finish(&mut NoObserver)?;
    assert_eq!(inspection.uncompressed_bytes(), content.len() as u64);
    Ok(content)
}

/// Contents that lead to every kind of block: no repetition, nothing but repetition, and everything in between.
fn contents() -> Vec<Vec<u8>> {
    let random = noise(3, 300_000);
    let words: Vec<u8> = random
        .chunks(4)
        .zip(0..)
        .flat_map(|(bits, row)| format!("{row}\torder {}\t{}\n", bits[0] % 7, u16::from(bits[1]) * 100).into_bytes())
        .collect();
    let few = random.iter().map(|byte| byte % 3).collect();
    let skewed = random.iter().map(|byte| if *byte < 240 { b' ' } else { *byte }).collect();
    let periods = (0..200_000_u32).map(|index| (index % (3 + index / 20_000)) as u8).collect();
    let far = [&random[..150_000], &words[..400_000], &random[..150_000]].concat();
    let mut all = vec![Vec::new(), b"a".to_vec(), vec![0; 400_000], words.clone(), random, few, skewed, periods, far];
    all.extend([2, 7, 30, 100, 300, 1000, 3000, 10_000, 131_072, 131_073].map(|len| words[..len].to_vec()));
    all
}

#[test]
fn frames_of_the_zstd_program_are_decoded() {
    let Some(zstd) = tool("zstd") else { return };
    for content in contents() {
        for options in [
            &["-1"][..],
            &["-3", "--no-check"],
            &["-3", "--check"],
            &["-9"],
            &["-19"],
            &["--fast=5"],
            &["-3", "--long=22"],
        ] {
            let mut run = Command::new(&zstd)
                .args(options)
                .args(["-q", "-c"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = run.stdin.take().unwrap();
            let copy = content.clone();
            let writer = std::thread::spawn(move || stdin.write_all(&copy).unwrap());
            let frame = run.wait_with_output().unwrap().stdout;
            writer.join().unwrap();
            let found = decoded(&frame, 70_000).unwrap_or_else(|error| panic!("{options:?}: {error}"));
            assert!(found == content, "{options:?}, {} bytes", content.len());
        }
    }
}

#[test]
fn content_does_not_depend_on_the_parts_it_is_read_in() {
    for content in contents().into_iter().filter(|content| content.len() < 20_000) {
        let frame = compressed(Compression::Zstd, &content);
        for part_bytes in [1, 13, 4096] {
            assert!(decoded(&frame, part_bytes).unwrap() == content);
        }
    }
}

#[test]
fn a_damaged_frame_is_refused_or_decoded_as_another_decoder_does() {
    let random = noise(9, 40_000);
    let mut random =
        random.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]) as usize);
    let (mut same, mut refused) = (0, 0);
    for content in contents().into_iter().filter(|content| (2..5000).contains(&content.len())) {
        // Without its checksum, which would tell all damage.
        let mut frame = compressed(Compression::Zstd, &content);
        assert_eq!(frame[4] & 4, 4);
        frame[4] &= !4;
        frame.truncate(frame.len() - 4);
        for _ in 0..300 {
            let mut damaged = frame.clone();
            for _ in 0..2 {
                damaged[random.next().unwrap() % frame.len()] ^= 1 << (random.next().unwrap() % 8);
            }
            let Ok(found) = decoded(&damaged, 70_000) else {
                refused += 1;
                continue;
            };
            let mut expected = Vec::new();
            let mut other = ruzstd::decoding::StreamingDecoder::new(&damaged[..]).unwrap();
            other.read_to_end(&mut expected).unwrap();
            assert!(found == expected);
            same += 1;
        }
    }
    assert!(same > 20 && refused > 20, "{same} {refused}");
}

#[test]
fn a_frame_ends_where_it_says() {
    let content = b"0123456789".repeat(500);
    let frame = compressed(Compression::Zstd, &content);
    for len in 0..frame.len() {
        assert!(decoded(&frame[..len], 70_000).unwrap_err().is_bad_input(), "{len}");
    }
    assert!(decoded(&[&frame[..], b"x"].concat(), 70_000).unwrap_err().is_bad_input());
}
