//! The notation `key=value,key=value` of policies that take options.

use super::super::super::error::Error;
use super::super::super::policy::Count;

pub(super) const WHAT: &str = "policy";

/// An option, as slices of the text.
#[derive(Clone, Copy)]
pub(super) struct Assignment<'t> {
    whole: &'t str,
    pub(super) key: &'t str,
    pub(super) value: &'t str,
    /// The separator of the elements of a list.
    separator: char,
}

/// Splits `options`, a part of `whole`. Only the options in `repeatable` may appear more than once.
///
/// Options are written `daily=7,weekly=4`, each optionally with `keep-`, or as on the command line of the program:
/// `--keep-daily 7 --keep-weekly=4`.
pub(super) fn assignments<'t>(
    whole: &'t str,
    options: &'t str,
    repeatable: &[&str],
) -> Result<Vec<Assignment<'t>>, Error> {
    let is_command_line = options.trim_start().starts_with("--");
    let pairs = if is_command_line { words(whole, options) } else { pairs(whole, options) };
    let separator = if is_command_line { ',' } else { '+' };
    let mut found: Vec<Assignment<'t>> = Vec::new();
    for (key, value) in pairs? {
        let option = Assignment { whole, key: key.strip_prefix("keep-").unwrap_or(key), value, separator };
        if found.iter().any(|earlier| earlier.key == option.key) && !repeatable.contains(&option.key) {
            return Err(Error::syntax(WHAT, whole, key, "appears twice: remove one of them"));
        }
        found.push(option);
    }
    Ok(found)
}

type Pairs<'t> = Vec<(&'t str, &'t str)>;

fn pairs<'t>(whole: &'t str, options: &'t str) -> Result<Pairs<'t>, Error> {
    let parts = options.split(',').filter(|_| !options.trim().is_empty());
    let pair = |part: &'t str| {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| Error::syntax(WHAT, whole, part, "is not an option: write name=value"))?;
        Ok((key.trim(), value.trim()))
    };
    parts.map(pair).collect()
}

/// Splits options as on a command line.
fn words<'t>(whole: &'t str, options: &'t str) -> Result<Pairs<'t>, Error> {
    let mut words = options.split_whitespace();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        for option in word.split(",--") {
            let key = option.strip_prefix("--").unwrap_or(option);
            found.push(match key.split_once('=') {
                Some(pair) => pair,
                None => {
                    let value = words.next().filter(|value| !value.starts_with("--"));
                    (key, value.ok_or_else(|| Error::syntax(WHAT, whole, key, "has no value: write one after it"))?)
                }
            });
        }
    }
    Ok(found)
}

impl<'t> Assignment<'t> {
    /// The elements of a value that is a list: `a+b`, or on a command line `a,b`.
    pub(super) fn list(&self) -> impl Iterator<Item = String> + use<'t> {
        self.value.split(self.separator).map(str::to_owned)
    }

    pub(super) fn wrong_key(&self, known: &str) -> Error {
        Error::syntax(WHAT, self.whole, self.key, format!("is not a known option: known are {known}"))
    }

    pub(super) fn wrong_value(&self, part: &'t str, reason: &str) -> Error {
        Error::syntax(WHAT, self.whole, part, format!("is wrong for {}: {reason}", self.key))
    }

    /// The value as a count, which can be one of the `unlimited` words.
    pub(super) fn count(&self, unlimited: &[&str]) -> Result<Count, Error> {
        if unlimited.contains(&self.value) {
            return Ok(Count::Unlimited);
        }
        let digits = !self.value.is_empty() && self.value.bytes().all(|byte| byte.is_ascii_digit());
        let number = self.value.parse().ok().filter(|_| digits);
        number.map(Count::AtMost).ok_or_else(|| {
            let words: String = unlimited.iter().map(|word| format!(" or `{word}`")).collect();
            self.wrong_value(self.value, &format!("write a count from 0 to {}{words}", u32::MAX))
        })
    }

    /// The value as pairs of number and unit, such as `1y5m7d2h`.
    pub(super) fn quantities(&self, units: &str) -> Result<Vec<(u32, char)>, Error> {
        let mut rest = self.value;
        let mut found = Vec::new();
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, after) = rest.split_at(digits);
            let hint = format!("write numbers with the units {units}, such as 7d");
            let number = number.parse().map_err(|_| self.wrong_value(rest, &hint))?;
            let mut remaining = after.chars();
            let unit = remaining.next().filter(|unit| units.contains(*unit));
            found.push((number, unit.ok_or_else(|| self.wrong_value(rest, &hint))?));
            rest = remaining.as_str();
        }
        if found.is_empty() { Err(self.wrong_value(self.value, "write a value")) } else { Ok(found) }
    }
}
