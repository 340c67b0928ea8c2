//! Comparisons of the decoder with zlib: the same output, the same acceptance, the same number of bytes.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::decoder::{HISTORY_BYTES, Inflated};
use super::*;

// miniz_oxide, flate2's other backend, accepts more than zlib and returns less before the damage.
#[cfg(feature = "zlib-rs")]
mod judged;

/// The outcome of decoding all of a stream.
#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    output: Vec<u8>,
    used: usize,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ended,
    NeedsInput,
    Damaged,
}

/// Decodes with one buffer that holds everything; receives input and room in steps of these numbers of bytes.
fn decode(stream: &[u8], room: usize, (inputs, outputs): (usize, usize)) -> Decoded {
    let mut inflate = Inflate::new();
    let mut output = vec![0; room];
    let (mut used, mut made) = (0, 0);
    loop {
        let input = &stream[used..stream.len().min(used + inputs)];
        let end = room.min(made + outputs);
        let step = inflate.decode(input, &mut output[..end], made);
        used += step.used;
        made += step.made;
        let end = match step.need {
            Ok(Need::Nothing) => End::Ended,
            Ok(Need::Room) if made == room => panic!("{room} bytes are not enough"),
            Ok(Need::Room) => continue,
            Ok(Need::Input) if used < stream.len() => {
                assert_eq!(step.used, input.len());
                continue;
            }
            Ok(Need::Input) => End::NeedsInput,
            Err(error) => {
                assert_eq!(inflate.decode(&[], &mut [], 0), Inflated { used: 0, made: 0, need: Err(error) });
                End::Damaged
            }
        };
        output.truncate(made);
        return Decoded { output, used, end };
    }
}

/// Decodes with a window of its own.
fn decode_in_window(stream: &[u8], inputs: usize) -> Decoded {
    let mut window = InflateWindow::new(HISTORY_BYTES);
    let (mut used, mut output) = (0, Vec::new());
    loop {
        let step = window.decode(&stream[used..stream.len().min(used + inputs)]);
        used += step.used;
        output.extend_from_slice(window.output());
        assert_eq!(window.output().len(), step.made);
        let end = match step.need {
            Ok(Need::Nothing) => End::Ended,
            Ok(Need::Input) if used == stream.len() => End::NeedsInput,
            Ok(_) => continue,
            Err(_) => End::Damaged,
        };
        return Decoded { output, used, end };
    }
}

/// Decodes with zlib-rs, or with miniz_oxide in a build without it.
fn expected(stream: &[u8], has_header: bool) -> Decoded {
    let mut inflate = Decompress::new(has_header);
    let mut output = vec![0; 1 << 16];
    let mut made = 0;
    loop {
        if made == output.len() {
            output.resize(output.len() * 2, 0);
        }
        let before = inflate.total_in() as usize;
        let status = inflate.decompress(&stream[before..], &mut output[made..], FlushDecompress::None);
        let is_idle = inflate.total_in() as usize == before && inflate.total_out() as usize == made;
        made = inflate.total_out() as usize;
        let end = match status {
            Ok(Status::StreamEnd) => End::Ended,
            Ok(_) if made < output.len() && (is_idle || inflate.total_in() as usize == stream.len()) => End::NeedsInput,
            Ok(_) => continue,
            Err(_) => End::Damaged,
        };
        output.truncate(made);
        return Decoded { output, used: inflate.total_in() as usize, end };
    }
}

fn deflated(bytes: &[u8], level: u32, flush: FlushCompress) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(level), false);
    let mut stream = Vec::with_capacity(bytes.len() * 2 + 1000);
    compress.compress_vec(bytes, &mut stream, flush).unwrap();
    stream
}

/// Text, noise and repetitions of every period.
fn sample(random: &mut fastrand::Rng, len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::with_capacity(len + 1000);
    while bytes.len() < len {
        match random.u8(..8) {
            0 => {
                let count = random.usize(1..400);
                bytes.extend(std::iter::repeat_with(|| random.u8(..)).take(count));
            }
            1 => {
                let period = random.usize(1..40);
                let count = random.usize(1..600);
                for _ in 0..count {
                    bytes.push(bytes.len().checked_sub(period).map_or(7, |at| bytes[at]));
                }
            }
            2 if !bytes.is_empty() => {
                let at = random.usize(..bytes.len());
                let end = bytes.len().min(at + random.usize(1..300));
                bytes.extend_from_within(at..end);
            }
            _ => {
                let count = random.usize(1..30);
                bytes.extend(
                    std::iter::repeat_with(|| b"etaoin shrdlu,.\n{}\"0123456789"[random.usize(..29)]).take(count),
                );
            }
        }
    }
    bytes.truncate(len);
    bytes
}

fn assert_same(stream: &[u8], context: &str) {
    let zlib = expected(stream, false);
    let whole = decode(stream, zlib.output.len() + 300, (usize::MAX / 2, usize::MAX / 2));
    assert_eq!(whole.end, zlib.end, "{context}");
    assert!(whole.output == zlib.output, "{context}: {} and {} bytes", whole.output.len(), zlib.output.len());
    if whole.end != End::Damaged {
        assert_eq!(whole.used, zlib.used, "{context}");
    }
    for inputs in [1, 7, 1000] {
        let window = decode_in_window(stream, inputs);
        assert!(window.output == whole.output && window.end == whole.end, "{context}, {inputs} bytes at once");
        if window.end != End::Damaged {
            assert_eq!(window.used, whole.used, "{context}, {inputs} bytes at once");
        }
    }
    for steps in [(1, 1), (3, 1000), (1000, 1), (usize::MAX / 2, 259)] {
        let part = decode(stream, zlib.output.len() + 300, steps);
        assert!(part.output == whole.output && part.end == whole.end, "{context}, in steps of {steps:?}");
    }
}

#[test]
fn streams_of_every_level_give_what_was_compressed_however_they_are_cut() {
    let mut random = fastrand::Rng::with_seed(1);
    for level in 0..=9 {
        for len in [0, 1, 2, 10, 257, 300, 5000, 70_000] {
            let bytes = sample(&mut random, len);
            let mut stream = deflated(&bytes, level, FlushCompress::Finish);
            let end = stream.len();
            stream.extend_from_slice(b"what follows");
            let decoded = decode(&stream, len, (usize::MAX / 2, usize::MAX / 2));
            assert!(decoded.output == bytes && decoded.end == End::Ended, "level {level}, {len} bytes");
            assert_eq!(decoded.used, end, "level {level}, {len} bytes");
            assert_same(&stream, &format!("level {level}, {len} bytes"));
        }
    }
}

#[test]
fn a_flushed_stream_is_used_up_and_gives_everything() {
    let mut random = fastrand::Rng::with_seed(2);
    let bytes = sample(&mut random, 40_000);
    let stream = deflated(&bytes, 6, FlushCompress::Sync);
    let decoded = decode(&stream, 40_001, (usize::MAX / 2, usize::MAX / 2));
    assert_eq!((decoded.used, decoded.end), (stream.len(), End::NeedsInput));
    assert!(decoded.output == bytes);
}

/// Bits, the first one lowest.
#[derive(Default)]
struct Packer {
    bytes: Vec<u8>,
    count: usize,
}

impl Packer {
    fn push(&mut self, bits: u32, count: usize) {
        for bit in 0..count {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((bits >> bit & 1) as u8) << (self.count % 8);
            self.count += 1;
        }
    }
}

#[test]
fn the_window_continues_over_its_end_and_forgets_an_earlier_stream() {
    let mut random = fastrand::Rng::with_seed(5);
    let mut window = InflateWindow::new(0);
    for _ in 0..3 {
        let mut bytes = sample(&mut random, 32_768);
        // The longest distance, again and again.
        for at in 0..400_000 {
            bytes.push(bytes[at]);
        }
        let stream = deflated(&bytes, 6, FlushCompress::Finish);
        let (mut used, mut output) = (0, Vec::new());
        loop {
            let step = window.decode(&stream[used..]);
            used += step.used;
            output.extend_from_slice(window.output());
            if step.need.unwrap() == Need::Nothing {
                break;
            }
        }
        assert!(output == bytes && used == stream.len());
        window.reset();
        // A literal and a match from two bytes before: of this stream there is only one.
        let mut bits = Packer::default();
        bits.push(0b011, 3);
        bits.push(u32::from((0x30_u8 + b'a').reverse_bits()), 8);
        bits.push(0b1000000, 7);
        bits.push(0b10000, 5);
        bits.push(0, 20);
        assert_eq!(window.decode(&bits.bytes).need, Err(InflateError::TooFar));
        window.reset();
    }
}

#[test]
fn zlib_streams_are_accepted_and_refused_as_zlib_does() {
    let mut random = fastrand::Rng::with_seed(6);
    for round in 0..2000 {
        let len = random.usize(..3000);
        let bytes = sample(&mut random, len);
        let mut compress = Compress::new(Compression::new(random.u32(..10)), true);
        let mut stream = Vec::with_capacity(len * 2 + 100);
        compress.compress_vec(&bytes, &mut stream, FlushCompress::Finish).unwrap();
        match random.u8(..4) {
            0 => {}
            1 => stream[random.usize(..2)] = random.u8(..),
            2 => {
                let at = stream.len() - 1 - random.usize(..4);
                stream[at] ^= 1 << random.u8(..8);
            }
            _ => stream.truncate(random.usize(..stream.len())),
        }
        let zlib = expected(&stream, true);
        for inputs in [1, 5000] {
            let mut inflate = InflateZlib::new(0);
            let (mut used, mut output) = (0, Vec::new());
            let end = loop {
                let step = inflate.decode(&stream[used..stream.len().min(used + inputs)]);
                used += step.used;
                output.extend_from_slice(inflate.output());
                match step.need {
                    Ok(Need::Nothing) => break End::Ended,
                    Ok(Need::Input) if used == stream.len() => break End::NeedsInput,
                    Ok(_) => {}
                    Err(_) => break End::Damaged,
                }
            };
            assert!(end == zlib.end, "round {round}: {end:?} {:?}", zlib.end);
            assert!(output == zlib.output || end == End::Damaged, "round {round}");
        }
    }
}
