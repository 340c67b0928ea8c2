//! Whole dumps: portions change nothing, and copying element by element gives the same file.

use std::io::Read;

use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::BlockReader;
use appsnap::pgdump::{self, Dump, Inspection};

use super::limits;
use crate::archive::read::describe;
use crate::slicing::{OneByte, Stutter};

fn inspected(source: impl Read) -> Result<Inspection, String> {
    pgdump::inspect(source, &limits(), &mut NoObserver).map_err(|error| describe(&error))
}

fn shown(result: &Result<Inspection, String>) -> String {
    match result {
        Ok(inspection) => format!("{inspection:?}"),
        Err(error) => error.clone(),
    }
}

pub fn inspect(data: &[u8]) {
    let whole = inspected(data);
    let text = shown(&whole);
    assert_eq!(text, shown(&inspected(Stutter::new(data, data))));
    if data.len() <= 32 << 10 {
        assert_eq!(text, shown(&inspected(OneByte(data))));
    }
    match &whole {
        Err(error) => assert!(error.chars().all(|c| (' '..='~').contains(&c)), "{error:?}"),
        Ok(inspection) => {
            assert_eq!(inspection.dump_bytes, data.len() as u64);
            for finding in &inspection.diagnostics {
                let finding = finding.to_string();
                assert!(finding.chars().all(|c| (' '..='~').contains(&c)), "{finding:?}");
            }
            copied(data, inspection);
            drained(data, inspection);
        }
    }
}

/// A sound dump, copied element by element, is the same from its first block on.
fn copied(data: &[u8], inspection: &Inspection) {
    let mut blocks = BlockReader::open(data, &limits()).expect("a sound dump");
    let start = usize::try_from(blocks.data_offset_bytes()).expect("a length");
    let header = blocks.header().clone();
    let mut copy = Vec::new();
    while let Some(element) = blocks.next_element().expect("a sound dump") {
        element.encode(&header, &mut copy).expect("an element that was read can be written");
    }
    // A zero may have a sign in the input, which is never written.
    assert_eq!((start + copy.len()) as u64, inspection.data_end_bytes);
}

/// Reading streams whole, in part or not at all leads to the same report.
fn drained(data: &[u8], inspection: &Inspection) {
    let mut dump = Dump::open(data, &limits()).expect("a sound dump");
    let mut bytes = 0;
    let mut number = 0_u32;
    while let Some(mut stream) = dump.next_stream().expect("a sound dump") {
        number += 1;
        let mut plain = Vec::new();
        match number % 3 {
            0 => {}
            1 => drop(stream.by_ref().take(3).read_to_end(&mut plain).expect("a sound stream")),
            _ => drop(stream.read_to_end(&mut plain).expect("a sound stream")),
        }
        bytes += plain.len() as u64;
    }
    let again = dump.finish(&mut NoObserver).expect("a sound dump");
    assert_eq!(again.blocks, inspection.blocks);
    assert!(bytes <= inspection.uncompressed_bytes());
}
