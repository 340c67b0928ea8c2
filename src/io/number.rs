//! Numbers from text, without the signs and spaces that `str::parse` and other parsers accept.

/// Parses a number that consists of decimal digits only, and at least one.
pub(crate) fn decimal<N: TryFrom<u64>>(text: &[u8]) -> Option<N> {
    let digit = |value: u64, byte: &u8| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    };
    let value = text.iter().try_fold(0, digit).filter(|_| !text.is_empty())?;
    N::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_within_the_type_are_numbers() {
        assert_eq!(decimal::<u64>(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(decimal::<u64>(b"18446744073709551616"), None);
        assert_eq!((decimal::<u8>(b"255"), decimal::<u8>(b"256")), (Some(255), None));
        assert_eq!(decimal::<u64>(b"007"), Some(7));
        for text in ["", "+1", "-1", " 1", "1 ", "1.0", "1e3", "\u{661}"] {
            assert_eq!(decimal::<u64>(text.as_bytes()), None, "{text:?}");
        }
    }
}
