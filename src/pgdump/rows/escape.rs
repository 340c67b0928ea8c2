//! The escapes of COPY text and of `bytea` values.

/// Resolves the escapes of COPY's text format: letters, up to three octal digits, `x` and up to two hexadecimal digits.
/// Any other escaped character represents itself.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(escaped) = rest.next() else {
            out.push(b'\\');
            break;
        };
        out.push(match escaped {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'0'..=b'7' => {
                let mut value = escaped & 7;
                for _ in 0..2 {
                    let Some(digit) = rest.next_if(|digit| (b'0'..=b'7').contains(digit)) else { break };
                    // PostgreSQL, too, keeps the low byte only.
                    value = (value << 3) | (digit & 7);
                }
                value
            }
            b'x' if rest.peek().copied().is_some_and(|digit| hex_digit(digit).is_some()) => {
                let mut value = 0;
                for _ in 0..2 {
                    let Some(digit) = rest.peek().copied().and_then(hex_digit) else { break };
                    rest.next();
                    value = (value << 4) | digit;
                }
                value
            }
            other => other,
        });
    }
    out
}

/// Appends a value in COPY's text format, as PostgreSQL writes it (`CopyAttributeOutText` in copyto.c).
///
/// Encodings in which a byte of a character can be a backslash are written by clients only, and pg_dump refuses them.
pub(in crate::pgdump) fn escape_into(value: &[u8], out: &mut Vec<u8>) {
    for byte in value {
        let letter = match byte {
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x0b => b'v',
            b'\\' => b'\\',
            other => {
                out.push(*other);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', letter]);
    }
}

/// Decodes a `bytea` value in hexadecimal (`\x6869`) or escape form (`hi\000\\`). Returns `None` if it is neither.
pub(super) fn bytea(text: &[u8]) -> Option<Vec<u8>> {
    if let Some(digits) = text.strip_prefix(b"\\x") {
        let (pairs, rest) = digits.as_chunks::<2>();
        let byte = |[high, low]: &[u8; 2]| Some((hex_digit(*high)? << 4) | hex_digit(*low)?);
        return pairs.iter().map(byte).collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        match rest {
            [] => return Some(out),
            [b'\\', b'\\', after @ ..] => {
                out.push(b'\\');
                rest = after;
            }
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] => {
                out.push(((a & 7) << 6) | ((b & 7) << 3) | (c & 7));
                rest = after;
            }
            [b'\\', ..] => return None,
            [byte, after @ ..] => {
                out.push(*byte);
                rest = after;
            }
        }
    }
}

const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit & 0x0f),
        b'a'..=b'f' | b'A'..=b'F' => Some((digit & 0x0f).wrapping_add(9)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(unescaped(b"a\\tb\\nc\\\\d\\101\\x41z\\.\\bx\\777\\xg\\"), b"a\tb\nc\\dAAz.\x08x\xffxg\\");
    }

    #[test]
    fn escaped_values_are_read_back() {
        let value: Vec<u8> = (1..=255).collect();
        let mut text = Vec::new();
        escape_into(&value, &mut text);
        assert_eq!(unescaped(&text), value);
        assert!(!text.contains(&b'\t') && !text.contains(&b'\n'));
    }

    #[test]
    fn byte_strings_are_decoded_in_both_forms() {
        assert_eq!(bytea(b"\\x89a"), None);
        assert_eq!(bytea(b"\\x89aFff").unwrap(), [0x89, 0xaf, 0xff]);
        assert_eq!(bytea(b"\\x").unwrap(), b"");
        assert_eq!(bytea(b"a\\\\b\\000\\377").unwrap(), b"a\\b\0\xff");
        for bad in [&b"\\xzz"[..], b"\\", b"\\400", b"\\12", b"\\n"] {
            assert_eq!(bytea(bad), None, "{}", bad.escape_ascii());
        }
    }
}
