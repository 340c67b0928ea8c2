//! Header and table of contents: what was read is written as it was.

use appsnap::pgdump::raw::Header;
use appsnap::pgdump::toc::{self, Toc};
use appsnap::pgdump::{FormatVersion, Identity};

use super::limits;

pub fn dump_head(data: &[u8]) {
    assert!(!Identity::of(data).name().is_empty());
    let Ok((header, len)) = Header::parse(data, &limits()) else { return };
    let (head, rest) = data.split_at(len);
    let mut encoded = Vec::new();
    header.encode(&mut encoded).expect("a header that was read can be written");
    let (again, again_len) = Header::parse(&encoded, &limits()).expect("a header that was written can be read");
    assert_eq!((&again, again_len), (&header, encoded.len()));
    // Only a zero with a minus sign, and texts of a negative length, can be written in more than one way.
    assert_eq!(encoded.len(), head.len());
    let Ok((toc, len)) = Toc::parse(&header, rest, &limits()) else { return };
    let mut encoded = Vec::new();
    toc::encode(toc.entries(), &header, &mut encoded).expect("entries that were read can be written");
    let (again, again_len) = Toc::parse(&header, &encoded, &limits()).expect("written entries");
    assert_eq!(again_len, encoded.len());
    assert!(again.entries().eq(toc.entries()), "other entries came back");
    assert!(len <= rest.len());
    for entry in toc.entries() {
        assert_eq!(toc.get(entry.id), Some(entry), "an entry is not found by its id");
        let shown = entry.to_string();
        assert!(shown.chars().all(|c| (' '..='~').contains(&c)), "{shown:?}");
        assert!(entry.dependencies().count() <= rest.len());
    }
    for listed in toc.listed() {
        let mut line = Vec::new();
        listed.write_list_line(&mut line);
        assert!(!line.is_empty());
    }
    // Every version either says the same or refuses.
    for version in FormatVersion::ALL {
        let header = Header::new(*version).with_sizes(header.int_bytes(), header.offset_bytes());
        let header = header.expect("the sizes were read");
        let _ = toc::encode(toc.entries(), &header, &mut Vec::new());
    }
}
