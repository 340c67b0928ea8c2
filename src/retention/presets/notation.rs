//! The `key=value,key=value` notation of the policies that take options.

use super::super::Error;

const WHAT: &str = "policy";

/// One option, with the slices of the text that it came from.
#[derive(Clone, Copy)]
pub(super) struct Opt<'t> {
    whole: &'t str,
    pub(super) key: &'t str,
    pub(super) value: &'t str,
}

/// Splits `options`, a part of `whole`. No option may stand twice, but for those in `repeatable`.
pub(super) fn options<'t>(whole: &'t str, options: &'t str, repeatable: &[&str]) -> Result<Vec<Opt<'t>>, Error> {
    let mut found: Vec<Opt<'t>> = Vec::new();
    for part in options.split(',').filter(|_| !options.is_empty()) {
        let Some((key, value)) = part.split_once('=') else {
            return Err(Error::syntax(WHAT, whole, part, "is not of the form name=value"));
        };
        let key = key.trim();
        let option = Opt { whole, key: key.strip_prefix("keep-").unwrap_or(key), value: value.trim() };
        if found.iter().any(|earlier| earlier.key == option.key) && !repeatable.contains(&option.key) {
            return Err(Error::syntax(WHAT, whole, key, "stands twice"));
        }
        found.push(option);
    }
    Ok(found)
}

impl<'t> Opt<'t> {
    pub(super) fn wrong_key(&self, known: &str) -> Error {
        Error::syntax(WHAT, self.whole, self.key, format!("is not an option: known are {known}"))
    }

    pub(super) fn wrong_value(&self, part: &'t str, reason: &str) -> Error {
        Error::syntax(WHAT, self.whole, part, format!("is wrong for {}: {reason}", self.key))
    }

    /// A count, or nothing for one of the `unlimited` words.
    pub(super) fn count(&self, unlimited: &[&str]) -> Result<super::super::Count, Error> {
        use super::super::Count;
        if unlimited.contains(&self.value) {
            return Ok(Count::Unlimited);
        }
        let digits = !self.value.is_empty() && self.value.bytes().all(|byte| byte.is_ascii_digit());
        let number = self.value.parse().ok().filter(|_| digits);
        number.map(Count::AtMost).ok_or_else(|| {
            let words: String = unlimited.iter().map(|word| format!(" or `{word}`")).collect();
            self.wrong_value(self.value, &format!("give a count from 0 to {}{words}", u32::MAX))
        })
    }

    /// Pairs of number and unit such as `1y5m7d2h`.
    pub(super) fn quantities(&self, units: &str) -> Result<Vec<(u32, char)>, Error> {
        let mut rest = self.value;
        let mut found = Vec::new();
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, behind) = rest.split_at(digits);
            let hint = format!("give numbers with units of {units}, such as 7d");
            let number = number.parse().map_err(|_| self.wrong_value(rest, &hint))?;
            let unit = behind.chars().next().filter(|unit| units.contains(*unit));
            let unit = unit.ok_or_else(|| self.wrong_value(rest, &hint))?;
            found.push((number, unit));
            rest = behind.get(unit.len_utf8()..).unwrap_or("");
        }
        if found.is_empty() { Err(self.wrong_value(self.value, "it is empty")) } else { Ok(found) }
    }
}
