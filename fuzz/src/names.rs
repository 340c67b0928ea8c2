//! Small parsers: member names, ids, `.metadata`, and what a file is.

use std::collections::BTreeMap;

use appsnap::layout::{MemberName, escaped};
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::{DocumentId, Limits, detect as detection};
use serde_json::value::RawValue;

pub fn layout(data: &[u8]) {
    let shown = escaped(data).to_string();
    assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && shown.len() < 600, "{shown:?}");
    if let Ok(id) = DocumentId::parse(data) {
        assert_eq!(id.to_string().as_bytes(), data.to_ascii_lowercase());
    }
    let Ok(name) = MemberName::parse(data) else { return };
    let text = name.to_string();
    assert_eq!(MemberName::parse(text.as_bytes()), Ok(name));
    assert!(!text.contains("..") && !text.starts_with('/'));
    // Letter case, a leading `./` and a missing folder aside, the name is that of the input.
    let last = |name: &[u8]| name.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_ascii_lowercase();
    assert_eq!(last(data), last(text.as_bytes()), "{text} for {shown}");
}

pub fn metadata(data: &[u8]) {
    let Ok((metadata, _)) = Metadata::parse(data, &Limits::untrusted()) else { return };
    let text = metadata.render();
    let (again, _) = Metadata::parse(&text, &Limits::untrusted()).expect("rendered metadata");
    assert_eq!(again, metadata);
    assert_eq!(again.render(), text);
    // Nothing is accepted that another JSON parser would not take for an object with these members.
    let text = std::str::from_utf8(data).expect("UTF-8").trim_start_matches('\u{feff}');
    let object = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text).expect("an object");
    for (name, number) in [("dumpSize", metadata.dump_size_bytes()), ("filesSize", metadata.files_size_bytes())] {
        let stated = object
            .get(name)
            .map(|value| serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned()));
        assert_eq!(number.map(|number| number.to_string()), stated.map(|text| canonical(&text)), "{name}");
    }
}

/// A decimal number without leading zeros.
fn canonical(text: &str) -> String {
    let digits = text.trim_start_matches('0');
    if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
}

pub fn detect(data: &[u8]) {
    let found = detection::identify(data);
    assert!(!found.name().is_empty());
    let shown = found.to_string();
    assert!(shown.chars().all(|c| (' '..='~').contains(&c)), "{shown:?}");
    let head = &data[..data.len().min(detection::HEAD_BYTES as usize)];
    assert_eq!(detection::identify(head), found, "more than the head was looked at");
    if appsnap::pgdump::inspect(data, &Limits::untrusted().with_max_decompressed_bytes(1 << 20), &mut NoObserver)
        .is_ok()
    {
        // pg_dump ends its own texts with plain line feeds; a dump without any is none of its making.
        let has_own_text = head.windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r');
        assert!(found.is_custom_dump() || !has_own_text, "a sound dump is {shown}");
    }
}
