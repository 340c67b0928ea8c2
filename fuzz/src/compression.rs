//! Gzip members against flate2: what is accepted is accepted by both, with the same bytes; of deflate streams each accepts
//! what the other does.

use std::io::{Read, Write};

use appsnap::{Limits, gzip};
use flate2::bufread::MultiGzDecoder;

use crate::archive::read::describe;
use crate::control;
use appsnap_tests::readers::{Portions, Stutter};

/// Write the right CRC32 and length after the data.
pub const SEAL: u8 = 1;

/// Nothing here is allowed to become larger.
const MAX_PLAIN_BYTES: u64 = 8 << 20;

/// One member that holds `plain`.
pub fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

/// The output and the error after it; `None` for input that inflates to too much.
fn ours(source: impl Read) -> Option<(Vec<u8>, Option<String>)> {
    let mut plain = Vec::new();
    let mut reader = gzip::Reader::new(source, &Limits::untrusted());
    let result = reader.by_ref().take(MAX_PLAIN_BYTES).read_to_end(&mut plain);
    if plain.len() as u64 == MAX_PLAIN_BYTES {
        return None;
    }
    let error = result.err().map(|error| {
        assert!(reader.read(&mut [0; 9]).is_err(), "the reader continued after an error");
        let error = error.downcast::<gzip::Error>().expect("the reader's own error");
        describe(&error)
    });
    Some((plain, error))
}

pub fn gzip_members(data: &[u8]) {
    let (control, rest) = control::split(data);
    let packed = if control.has(SEAL) { sealed(rest) } else { rest.to_vec() };
    let Some(whole) = ours(packed.as_slice()) else { return };
    assert_eq!(Some(&whole), ours(Stutter::new(packed.as_slice(), crate::seed(rest))).as_ref());
    if packed.len() <= 32 << 10 {
        assert_eq!(Some(&whole), ours(Portions::single(packed.as_slice())).as_ref());
    }
    // flate2 does not know the zero padding that tapes leave after the last member. An empty member ends in nine zeros of
    // its own; all others are padding.
    let zeros = packed.iter().rev().take_while(|&&byte| byte == 0).count();
    let theirs = (0..=zeros.min(12)).map(|kept| packed.len() - zeros + kept).find_map(|len| {
        let mut plain = Vec::new();
        MultiGzDecoder::new(&packed[..len]).take(MAX_PLAIN_BYTES).read_to_end(&mut plain).is_ok().then_some(plain)
    });
    match (whole, theirs) {
        ((plain, None), Some(theirs)) => assert!(plain == theirs, "flate2 inflates something else"),
        ((_, None), None) => panic!("accepted what flate2 refuses"),
        ((_, Some(error)), Some(_)) if control.has(SEAL) => panic!("refused what flate2 accepts: {error}"),
        // Refusing more is intended: reserved flags, a wrong CRC16, long headers.
        ((_, Some(_)), _) => {}
    }
}

/// The input as the deflate stream of one member, with the trailer that it needs.
fn sealed(deflate: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut decoder = flate2::bufread::DeflateDecoder::new(deflate);
    let inflated = decoder.by_ref().take(MAX_PLAIN_BYTES).read_to_end(&mut plain);
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    match (inflated, usize::try_from(decoder.total_in())) {
        (Ok(_), Ok(used)) => {
            member.extend(deflate.iter().take(used));
            member.extend(crc32fast::hash(&plain).to_le_bytes());
            member.extend((plain.len() as u32).to_le_bytes());
        }
        _ => member.extend(deflate),
    }
    member
}
