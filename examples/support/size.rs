//! Sizes on the command line and in messages, with units.

/// The units that a size may have: the letter alone, and with `iB`, stands for a power of 1024, with `B` for one of 1000.
const UNITS: [(&str, u64); 19] = [
    ("", 1),
    ("b", 1),
    ("bytes", 1),
    ("k", 1 << 10),
    ("kib", 1 << 10),
    ("ki", 1 << 10),
    ("kb", 1_000),
    ("m", 1 << 20),
    ("mib", 1 << 20),
    ("mi", 1 << 20),
    ("mb", 1_000_000),
    ("g", 1 << 30),
    ("gib", 1 << 30),
    ("gi", 1 << 30),
    ("gb", 1_000_000_000),
    ("t", 1 << 40),
    ("tib", 1 << 40),
    ("ti", 1 << 40),
    ("tb", 1_000_000_000_000),
];

/// Parses a number of bytes with or without a unit: `1048576`, `10MB`, `10MiB`, `1.5G`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let number_len = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
    let (number, unit) = text.split_at(number_len);
    let unit = unit.trim().to_ascii_lowercase();
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(
            "the unit is unknown: write a number of bytes, or one with a unit such as 10MB, 10MiB or 10G".into()
        );
    };
    scaled(&number.replace('_', ""), *factor)
        .ok_or_else(|| "this is no size: write a number of bytes, or one with a unit such as 10MB, 10MiB or 10G".into())
}

/// Multiplies a decimal number, which may have a fraction, without rounding errors.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let has_point = whole.len() < number.len();
    if whole.is_empty() || (has_point && (fraction.is_empty() || factor == 1)) || fraction.len() > 9 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = fraction.parse::<u128>().ok()?.checked_mul(u128::from(factor))?.checked_div(scale)?;
    whole.checked_add(u64::try_from(part).ok()?)
}

/// Returns a number of bytes as messages print it: `38411008 bytes (36.6 MiB)`.
pub fn size(bytes: u64) -> String {
    match with_unit(bytes) {
        Some(short) => format!("{bytes} bytes ({short})"),
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{bytes} bytes"),
    }
}

/// Returns a number of bytes in the unit that suits it; `None` for less than 10 KiB, which is clearer in bytes.
pub fn with_unit(bytes: u64) -> Option<String> {
    let (unit, shift) = match bytes {
        0..10_240 => return None,
        10_240..0x10_0000 => ("KiB", 10),
        0x10_0000..0x4000_0000 => ("MiB", 20),
        0x4000_0000..0x100_0000_0000 => ("GiB", 30),
        _ => ("TiB", 40),
    };
    // In tenths, rounded down.
    let tenths = u128::from(bytes).saturating_mul(10) >> shift;
    Some(format!("{}.{} {unit}", tenths / 10, tenths % 10))
}
