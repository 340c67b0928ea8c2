//! Conversion: what comes out is a sound dump with the same contents.

use std::collections::BTreeMap;
use std::io::Read;

use appsnap::error::FinishError;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::transcode::Transcoder;
use appsnap::pgdump::{self, Dump, FormatVersion};

use super::limits;
use crate::archive::read::describe;
use crate::control;
use appsnap_tests::readers::Portions;

/// CRC32 and length of every stream, by dump id and number of the large object.
type Streams = BTreeMap<(u32, Option<u32>), (u32, u64)>;

fn streams(dump: &[u8]) -> Option<Streams> {
    let mut dump = Dump::open(dump, &limits()).ok()?;
    let mut all = Streams::new();
    loop {
        let Some(mut stream) = dump.next_stream().ok()? else { return Some(all) };
        let key = (stream.entry().id, stream.oid());
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        all.insert(key, (crc32fast::hash(&bytes), bytes.len() as u64));
    }
}

/// The control byte selects the version, the compression and the options.
pub fn transcode(data: &[u8]) {
    let (control, dump) = control::split(data);
    let versions = FormatVersion::ALL;
    let index = usize::from(data.first().copied().unwrap_or(0) & 0x0f);
    let mut transcoder = Transcoder::to(versions[versions.len() - 1 - index % versions.len()]);
    if control.has(0x10) {
        transcoder = transcoder.with_compression(Compression::None);
    } else if control.has(0x20) {
        transcoder = transcoder.with_compression(Compression::GZIP);
    }
    if control.has(0x40) {
        transcoder = transcoder.without_access_rights().without_owners();
    }
    let result = transcoder.convert(dump, Vec::new(), &limits(), &mut NoObserver);
    let slowly = transcoder.convert(Portions::single(dump), Vec::new(), &limits(), &mut NoObserver);
    let (converted, conversion, again) = match (result, slowly) {
        (Ok((converted, conversion)), Ok((again, _))) => (converted, conversion, again),
        (result, slowly) => {
            let message = |error: FinishError<Vec<u8>, pgdump::Error>| describe(error.error());
            assert_eq!(result.map(|_| ()).map_err(message), slowly.map(|_| ()).map_err(message));
            return;
        }
    };
    assert!(converted == again, "portions of the input change the output");
    assert_eq!(conversion.output_bytes, converted.len() as u64);
    // Copied data is not decoded, so a dump that is damaged inside may convert.
    let Ok(before) = pgdump::inspect(dump, &limits(), &mut NoObserver) else { return };
    let plan = transcoder.plan(dump, &limits()).expect("it was planned before");
    if let Some(promised) = plan.output_bytes(before.data_end_bytes) {
        assert_eq!(promised, converted.len() as u64, "another length than was promised");
    }
    let after = pgdump::inspect(converted.as_slice(), &limits(), &mut NoObserver);
    let after = after.unwrap_or_else(|error| panic!("a sound dump becomes one that is not: {}", describe(&error)));
    assert_eq!(after.toc.len(), conversion.changes.entries_out_count);
    assert_eq!(before.toc.len(), conversion.changes.entries_in_count);
    let mut expected = streams(dump).expect("a sound dump");
    for dropped in conversion.changes.entries.iter().filter(|change| change.kind.is_dropped()) {
        expected.retain(|(id, _), _| *id != dropped.id);
    }
    assert_eq!(streams(&converted).expect("a sound dump"), expected, "other contents");
}
