//! Sizes in bytes, with units, for people.

/// The units, in bytes.
const UNITS: [(&str, u64); 9] = [
    ("", 1),
    ("b", 1),
    ("kb", 1000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
];

/// Parses a number of bytes: `1000000`, `10MB` or `8GiB`.
pub fn parse(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = unit.trim().to_ascii_lowercase();
    let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let bytes = number.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    bytes.ok_or_else(|| "expected a whole number of bytes, with or without a unit: 1000000, 10MB, 8GiB".to_owned())
}

/// Formats a number of bytes: bytes below 1,000, else one decimal place and a unit.
pub fn format(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut shown = format!("{bytes} bytes");
    for unit in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        shown = format!("{value:.1} {unit}");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{format, parse};

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [("0", 0), ("1000", 1000), ("10MB", 10_000_000), ("8GiB", 8 << 30), ("1 kib", 1024)] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "MB", "1.5GB", "-1", "1 parsec", "99999999999GiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_with_units() {
        let shown = [999, 1000, 8 << 30].map(format);
        assert_eq!(shown, ["999 bytes", "1.0 kB", "8.6 GB"]);
    }
}
