//! Extension members: pax headers from records, GNU long names.

use super::header::{BLOCK, Header};

/// One pax record with the right length in front.
pub fn record(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Vec<u8> {
    let (key, value) = (key.as_ref(), value.as_ref());
    let body = key.len() + value.len() + 3;
    // The length counts its own digits, which may make it one digit longer.
    let len = (1..).map(|digits| body + digits).find(|len| len.to_string().len() + body == *len).unwrap();
    let mut bytes = format!("{len} ").into_bytes();
    bytes.extend([key, b"=", value, b"\n"].concat());
    bytes
}

/// A pax header for the next member, with these records.
pub fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    pax_raw(&records.iter().flat_map(|(key, value)| record(key, value)).collect::<Vec<_>>())
}

/// A pax header for the next member, with this payload.
pub fn pax_raw(payload: &[u8]) -> Vec<u8> {
    member(Header::ustar("PaxHeaders/x", payload.len() as u64).of_type(b'x'), payload)
}

/// A pax header for all following members, with these records.
pub fn global(records: &[(&str, &str)]) -> Vec<u8> {
    let payload = records.iter().flat_map(|(key, value)| record(key, value)).collect::<Vec<_>>();
    member(Header::ustar("pax_global_header", payload.len() as u64).of_type(b'g'), &payload)
}

/// A GNU long name with this payload.
pub fn long_name(payload: &[u8]) -> Vec<u8> {
    member(Header::gnu("././@LongLink", payload.len() as u64).of_type(b'L'), payload)
}

/// A GNU long name as GNU tar writes it, with its NUL.
pub fn long_name_of(name: &str) -> Vec<u8> {
    long_name(format!("{name}\0").as_bytes())
}

/// Header, payload and padding of one member.
pub fn member(header: Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header.render().to_vec();
    bytes.extend_from_slice(payload);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}
