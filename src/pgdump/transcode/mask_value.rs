//! Computes masked values: keyed hashes that keep the form of a type, and redacted text.

use sha2::{Digest, Sha256};

use super::table_definition::ColumnKind;

/// The block length of SHA-256 (FIPS 180-4), for HMAC (RFC 2104).
const BLOCK_BYTES: usize = 64;
/// The digits of a hashed text: 128 bits, so that different values stay different.
const HASH_DIGITS: usize = 32;
/// Rounds of the permutation of integers. Four are enough for a pseudorandom permutation (Luby and Rackoff).
const ROUNDS: u8 = 6;

/// The key of a hash: HMAC-SHA-256 with the key already fed.
#[derive(Clone)]
pub(super) struct HashKey {
    inner: Sha256,
    outer: Sha256,
}

impl HashKey {
    pub(super) fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK_BYTES];
        if key.len() > BLOCK_BYTES {
            let digest = Sha256::digest(key);
            block.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
        } else {
            block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        }
        let padded = |pad: u8| Sha256::new().chain_update(block.map(|byte| byte ^ pad));
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    fn digest(&self, value: &[u8]) -> [u8; 32] {
        let inner = self.inner.clone().chain_update(value).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }

    /// Returns the hash of a value in the form of its column. `None` means that the column's type is not known.
    pub(super) fn hash(&self, value: &[u8], kind: Option<ColumnKind>) -> Vec<u8> {
        match kind {
            Some(ColumnKind::Integer) => self.integer(value),
            Some(ColumnKind::Uuid) => Some(self.uuid(value)),
            Some(ColumnKind::Bytea) => Some([b"\\x".as_slice(), self.hex(value).as_bytes()].concat()),
            Some(ColumnKind::Text(max_chars)) => {
                let mut digits = self.hex(value).into_bytes();
                digits.truncate(
                    max_chars.map_or(HASH_DIGITS, |max| {
                        usize::try_from(max).map_or(HASH_DIGITS, |max| max.min(HASH_DIGITS))
                    }),
                );
                Some(digits)
            }
            // The form of the value decides, so that it stays what it is.
            Some(ColumnKind::Other) | None if is_uuid(value) => Some(self.uuid(value)),
            Some(ColumnKind::Other) | None => self.integer(value),
        }
        .unwrap_or_else(|| self.hex(value).into_bytes())
    }

    fn hex(&self, value: &[u8]) -> String {
        hex(self.digest(value).split_at(HASH_DIGITS / 2).0)
    }

    fn uuid(&self, value: &[u8]) -> Vec<u8> {
        let digits = self.hex(value).into_bytes();
        let mut uuid = Vec::with_capacity(36);
        for (index, digit) in digits.into_iter().enumerate() {
            if matches!(index, 8 | 12 | 16 | 20) {
                uuid.push(b'-');
            }
            uuid.push(digit);
        }
        uuid
    }

    /// Permutes an integer among those with as many digits that fit the same types, so that keys stay different and in range.
    fn integer(&self, value: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(value).ok()?;
        let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
        let magnitude: u64 = digits.parse().ok()?;
        if magnitude.to_string() != digits {
            return None;
        }
        let Some((low, high)) = domain(magnitude) else { return Some(value.to_vec()) };
        let permuted = low.checked_add(self.permuted(magnitude.checked_sub(low)?, high.checked_sub(low)?))?;
        // There is no negative zero.
        let permuted = if permuted == 0 && sign == "-" { magnitude } else { permuted };
        Some(format!("{sign}{permuted}").into_bytes())
    }

    /// Permutes a number from 0 to `max` by a Feistel network that is repeated until the result is in range.
    fn permuted(&self, number: u64, max: u64) -> u64 {
        let bits = 64_u32.saturating_sub(max.leading_zeros()).max(2);
        let half_bits = bits.div_ceil(2);
        let mask = 1_u64.checked_shl(half_bits).map_or(u64::MAX, |above| above.wrapping_sub(1));
        let mut number = number;
        loop {
            let (mut left, mut right) = ((number >> half_bits) & mask, number & mask);
            for round in 0..ROUNDS {
                let mut input = [0; 18];
                let (head, tail) = input.split_at_mut(2);
                let [low, ..] = half_bits.to_le_bytes();
                head.copy_from_slice(&[round, low]);
                let (first, second) = tail.split_at_mut(8);
                first.copy_from_slice(&right.to_le_bytes());
                second.copy_from_slice(&max.to_le_bytes());
                let [a, b, c, d, e, f, g, h, ..] = self.digest(&input);
                let mixed = left ^ (u64::from_le_bytes([a, b, c, d, e, f, g, h]) & mask);
                (left, right) = (right, mixed);
            }
            number = (left << half_bits) | right;
            if number <= max {
                return number;
            }
        }
    }
}

/// Returns the least and the greatest number with as many decimal digits that fits the same integer types. Returns `None`
/// for magnitudes that fit no type, and those of which only the negative number does.
fn domain(magnitude: u64) -> Option<(u64, u64)> {
    let mut low = 0_u64;
    let mut power = 10_u64;
    let limits = [i64::from(i16::MAX), i64::from(i32::MAX), i64::MAX].map(i64::cast_unsigned);
    loop {
        let digits_end = power.wrapping_sub(1);
        // A number of digits at which a type ends has two domains.
        let type_end = limits.into_iter().find(|limit| *limit >= low)?;
        let high = digits_end.min(type_end);
        if magnitude <= high {
            let is_only_negative = limits.iter().any(|limit| magnitude == limit.saturating_add(1));
            return (!is_only_negative).then_some((low, high));
        }
        low = high.checked_add(1)?;
        if high == digits_end {
            power = power.saturating_mul(10);
        }
    }
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Returns text of the same length and shape: letters become `x` and `X`, digits `0`, everything else stays.
pub(super) fn redacted(value: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(value) {
        Ok(text) => text
            .chars()
            .map(|c| match c {
                c if c.is_numeric() => '0',
                c if c.is_uppercase() => 'X',
                c if c.is_alphabetic() || !c.is_ascii() => 'x',
                c => c,
            })
            .collect::<String>()
            .into_bytes(),
        // In other encodings each byte is taken for a character.
        Err(_) => value
            .iter()
            .map(|byte| match byte {
                b'0'..=b'9' => b'0',
                b'A'..=b'Z' => b'X',
                b'a'..=b'z' | 0x80.. => b'x',
                other => *other,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn integer(key: &HashKey, value: &str) -> String {
        String::from_utf8(key.hash(value.as_bytes(), Some(ColumnKind::Integer))).unwrap()
    }

    #[test]
    fn digest_is_hmac_sha_256() {
        // RFC 4231, test cases 2 and 6.
        let digest = |key: &[u8], text: &[u8]| hex(&HashKey::new(key).digest(text));
        assert_eq!(
            digest(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            digest(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn integers_are_permuted_within_their_types() {
        let key = HashKey::new(b"key");
        for range in [0..=9, 10..=99, 100..=999_u64, 30_000..=32_767, 32_768..=40_000] {
            let values: BTreeSet<String> = range.clone().map(|value| integer(&key, &value.to_string())).collect();
            assert_eq!(values.len() as u64, range.end() - range.start() + 1, "{range:?}");
            for value in &values {
                assert_eq!(value.len(), range.start().to_string().len());
                assert_eq!(value.parse::<u64>().unwrap() <= 32_767, *range.end() <= 32_767);
            }
        }
        for value in ["2147483647", "1000000000", "-2147483647"] {
            integer(&key, value).parse::<i32>().unwrap();
        }
        for value in ["2147483648", "9223372036854775807", "-9223372036854775807"] {
            let hashed = integer(&key, value);
            assert!(hashed.parse::<i64>().is_ok() && hashed.parse::<i32>().is_err(), "{hashed}");
        }
        for value in ["-32768", "-2147483648", "-9223372036854775808"] {
            assert_eq!(integer(&key, value), value, "only the negative number fits");
        }
        assert_ne!(integer(&key, "123456789"), integer(&HashKey::new(b"other"), "123456789"));
        assert_eq!(integer(&key, "123456789"), integer(&key, "123456789"));
    }

    #[test]
    fn hashes_keep_the_form_of_the_type() {
        let key = HashKey::new(b"key");
        let hash = |value: &str, kind| String::from_utf8(key.hash(value.as_bytes(), kind)).unwrap();
        assert_eq!(hash("Ada", Some(ColumnKind::Text(None))).len(), 32);
        assert_eq!(hash("Ada", Some(ColumnKind::Text(Some(10)))).len(), 10);
        assert!(hash("\\x00", Some(ColumnKind::Bytea)).starts_with("\\x"));
        let uuid = "8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002";
        assert!(is_uuid(hash(uuid, None).as_bytes()) && hash(uuid, None) == hash(uuid, Some(ColumnKind::Uuid)));
        assert_eq!(hash("17", None), hash("17", Some(ColumnKind::Integer)));
        assert_eq!(hash("017", None).len(), 32);
    }

    #[test]
    fn redaction_keeps_length_and_shape() {
        let redacted = |text: &str| String::from_utf8(redacted(text.as_bytes())).unwrap();
        assert_eq!(redacted("Ada.L@Example.org +31 6-1234"), "Xxx.X@Xxxxxxx.xxx +00 0-0000");
        assert_eq!(redacted("Zoë ÅB\t日本"), "Xxx XX\txx");
        assert_eq!(super::redacted(b"caf\xe9 1"), b"xxxx 0");
    }
}
