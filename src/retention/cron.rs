//! Five-field cron expressions: which minutes of a wall clock they name.

use std::fmt;
use std::str::FromStr;

use super::Error;
use super::civil::{weekday_offset, ymd};

const WHAT: &str = "cron expression";

/// One field: which numbers it names, and whether it began with a star.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    /// Bit n stands for the number n.
    bits: u64,
    is_star: bool,
}

impl Field {
    const fn has(self, number: i64) -> bool {
        0 <= number && number < 64 && self.bits >> number & 1 == 1
    }
}

/// The grammar of one field.
struct Grammar {
    name: &'static str,
    min: u8,
    max: u8,
    /// Names for numbers from `min` on.
    words: &'static [&'static str],
}

const MINUTE: Grammar = Grammar { name: "a minute", min: 0, max: 59, words: &[] };
const HOUR: Grammar = Grammar { name: "an hour", min: 0, max: 23, words: &[] };
const DAY: Grammar = Grammar { name: "a day of the month", min: 1, max: 31, words: &[] };
const MONTH: Grammar = Grammar {
    name: "a month",
    min: 1,
    max: 12,
    words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAY: Grammar =
    Grammar { name: "a day of the week", min: 0, max: 7, words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

/// A cron expression of five fields: minute, hour, day of the month, month, day of the week.
///
/// Each field is `*`, a number, a range `a-b`, either with a step `/n`, or a list of these with commas. Months and days
/// of the week may be three-letter English names; Sunday is 0 and 7. Where both days are restricted, a day that meets
/// either counts (POSIX crontab).
///
/// ```
/// use appsnap::retention::Cron;
///
/// assert!("30 2 * * mon-fri".parse::<Cron>().is_ok());
/// let refused = "30 25 * * *".parse::<Cron>().unwrap_err();
/// assert_eq!(refused.position(), Some(3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Cron {
    /// Whether the expression names the day, counted from 1970-01-01.
    pub(super) fn names_day(&self, day: i64) -> bool {
        let (_, month, date) = ymd(day);
        // Sunday is 0 here and the sixth day from Monday there.
        let weekday = (weekday_offset(day) + 1) % 7;
        let (by_date, by_weekday) = (self.day.has(date), self.weekday.has(weekday));
        let either = !self.day.is_star && !self.weekday.is_star;
        self.month.has(month) && if either { by_date || by_weekday } else { by_date && by_weekday }
    }

    /// The minutes of a named day, counted from midnight.
    pub(super) fn minutes(&self) -> impl Iterator<Item = i64> {
        let hours = (0..24).filter(|hour| self.hour.has(*hour));
        hours.flat_map(|hour| (0..60).filter(|minute| self.minute.has(*minute)).map(move |minute| hour * 60 + minute))
    }

    /// Whether the expression runs in every hour, so that it follows elapsed time rather than the time of day.
    pub(super) const fn is_hourly(&self) -> bool {
        self.hour.bits == (1 << 24) - 1
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Cron {
    type Err = Error;

    /// Reads an expression.
    ///
    /// # Errors
    /// Names the part that is wrong and its place.
    fn from_str(text: &str) -> Result<Self, Error> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            let reason = format!("has {} fields where cron has five, as in `30 2 * * *`", fields.len());
            return Err(Error::syntax(WHAT, text, text, reason));
        };
        let mut weekday = parse_field(text, weekday, &WEEKDAY)?;
        if weekday.has(7) {
            weekday.bits |= 1;
        }
        Ok(Self {
            text: text.into(),
            minute: parse_field(text, minute, &MINUTE)?,
            hour: parse_field(text, hour, &HOUR)?,
            day: parse_field(text, day, &DAY)?,
            month: parse_field(text, month, &MONTH)?,
            weekday,
        })
    }
}

fn parse_field(whole: &str, field: &str, grammar: &Grammar) -> Result<Field, Error> {
    let mut bits = 0;
    for item in field.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (first, last) = if range == "*" {
            // Sunday is already there as 0.
            (grammar.min, grammar.max.min(if grammar.words.len() == 7 { 6 } else { u8::MAX }))
        } else if let Some((first, last)) = range.split_once('-') {
            (parse_number(whole, first, grammar)?, parse_number(whole, last, grammar)?)
        } else {
            let first = parse_number(whole, range, grammar)?;
            (first, if step.is_some() { grammar.max } else { first })
        };
        if first > last {
            return Err(Error::syntax(WHAT, whole, range, "is a range that runs backwards"));
        }
        let step = match step.map(|step| (step, step.parse::<u8>())) {
            None => 1,
            Some((_, Ok(step))) if step > 0 => step,
            Some((step, _)) => return Err(Error::syntax(WHAT, whole, step, "is not a step: give 1 or more")),
        };
        bits |= (first..=last).step_by(usize::from(step)).fold(0, |bits, number| bits | 1_u64 << number);
    }
    Ok(Field { bits, is_star: field.starts_with('*') })
}

fn parse_number(whole: &str, part: &str, grammar: &Grammar) -> Result<u8, Error> {
    let word = (grammar.min..).zip(grammar.words).find(|(_, word)| word.eq_ignore_ascii_case(part));
    let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = word.map(|(number, _)| number).or_else(|| part.parse().ok().filter(|_| digits));
    number.filter(|number| (grammar.min..=grammar.max).contains(number)).ok_or_else(|| {
        let words = if grammar.words.is_empty() { "" } else { " or a three-letter English name" };
        let reason = format!("is not {}: give {} to {}{words}", grammar.name, grammar.min, grammar.max);
        Error::syntax(WHAT, whole, part, reason)
    })
}

#[cfg(test)]
mod tests {
    use super::super::civil::day_of;
    use super::*;
    use jiff::civil::date;

    fn cron(text: &str) -> Cron {
        text.parse().unwrap()
    }

    #[test]
    fn fields_take_lists_ranges_steps_and_names() {
        let minutes: Vec<_> = cron("5,10-20/5,50/4 1 * * *").minutes().collect();
        assert_eq!(minutes, [65, 70, 75, 80, 110, 114, 118]);
        let months = cron("0 0 1 JAN,jul *");
        assert!(months.names_day(day_of(date(2026, 7, 1))) && !months.names_day(day_of(date(2026, 6, 1))));
    }

    #[test]
    fn sunday_is_both_0_and_7() {
        for text in ["0 0 * * 0", "0 0 * * 7", "0 0 * * sun", "0 0 * * 6-7"] {
            assert!(cron(text).names_day(day_of(date(2026, 11, 1))), "{text}");
        }
        assert!(!cron("0 0 * * 1-5").names_day(day_of(date(2026, 11, 1))));
    }

    #[test]
    fn restricted_days_are_a_union_and_a_star_is_no_restriction() {
        let (first, sunday, neither) = (date(2026, 12, 1), date(2026, 11, 8), date(2026, 11, 9));
        let both = cron("0 0 1 * sun");
        assert!(both.names_day(day_of(first)) && both.names_day(day_of(sunday)) && !both.names_day(day_of(neither)));
        assert!(!cron("0 0 */2 * sun").names_day(day_of(sunday)), "a stepped star restricts without a union");
    }

    #[test]
    fn a_wrong_part_is_named_with_its_place() {
        for (text, place) in
            [("60 * * * *", 0), ("0 0 0 * *", 4), ("0 0 * * 8", 8), ("0 5-3 * * *", 2), ("0 */0 * * *", 4)]
        {
            assert_eq!(text.parse::<Cron>().unwrap_err().position(), Some(place), "{text}");
        }
        for text in ["", "* * * *", "* * * * * *", "+1 * * * *", "1, * * * *", "@daily"] {
            assert!(text.parse::<Cron>().is_err(), "{text:?}");
        }
    }
}
