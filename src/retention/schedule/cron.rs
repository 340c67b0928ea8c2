//! Cron expressions of five fields, and the minutes that they name.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time, time};

use super::super::Error;

const WHAT: &str = "cron expression";

/// The numbers that a field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    /// Bit n is set for the number n.
    bits: u64,
    /// The field begins with a star.
    is_star: bool,
}

impl Field {
    const fn has(self, number: i8) -> bool {
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

/// A cron expression of five fields. See [`Schedule::cron`](super::Schedule::cron).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    text: String,
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Cron {
    pub(super) fn names_day(&self, day: Date) -> bool {
        let by_date = self.day.has(day.day());
        let by_weekday = self.weekday.has(day.weekday().to_sunday_zero_offset());
        let either = !self.day.is_star && !self.weekday.is_star;
        self.month.has(day.month()) && if either { by_date || by_weekday } else { by_date && by_weekday }
    }

    /// The times on a day that the expression names.
    pub(super) fn times(&self) -> impl Iterator<Item = Time> {
        let hours = (0..24).filter(|hour| self.hour.has(*hour));
        hours.flat_map(|hour| {
            (0..60).filter(|minute| self.minute.has(*minute)).map(move |minute| time(hour, minute, 0, 0))
        })
    }

    /// Returns `true` if the expression names every hour, so that it follows elapsed time and not the time of day.
    pub(super) const fn is_hourly(&self) -> bool {
        self.hour.bits == 0xff_ffff
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Cron {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            let reason = format!("has {} fields: write five, as in `30 2 * * *`", fields.len());
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
            // Sunday is in it as 0.
            (grammar.min, grammar.max.min(if grammar.words.len() == 7 { 6 } else { u8::MAX }))
        } else if let Some((first, last)) = range.split_once('-') {
            (parse_number(whole, first, grammar)?, parse_number(whole, last, grammar)?)
        } else {
            let first = parse_number(whole, range, grammar)?;
            (first, if step.is_some() { grammar.max } else { first })
        };
        if first > last {
            return Err(Error::syntax(
                WHAT,
                whole,
                range,
                "is a range from the larger to the smaller number: exchange them",
            ));
        }
        let step = match step.map(|step| (step, step.parse::<u8>())) {
            None => 1,
            Some((_, Ok(step))) if step > 0 => step,
            Some((step, _)) => return Err(Error::syntax(WHAT, whole, step, "is not a step: write 1 or more")),
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
        let reason = format!("is not {}: write {} to {}{words}", grammar.name, grammar.min, grammar.max);
        Error::syntax(WHAT, whole, part, reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn cron(text: &str) -> Cron {
        text.parse().unwrap()
    }

    #[test]
    fn fields_take_lists_ranges_steps_and_names() {
        let minutes: Vec<_> = cron("5,10-20/5,50/4 1 * * *").times().map(|time| (time.hour(), time.minute())).collect();
        assert_eq!(minutes, [5, 10, 15, 20, 50, 54, 58].map(|minute| (1, minute)));
        let months = cron("0 0 1 JAN,jul *");
        assert!(months.names_day(date(2026, 7, 1)) && !months.names_day(date(2026, 6, 1)));
    }

    #[test]
    fn sunday_is_both_0_and_7() {
        for text in ["0 0 * * 0", "0 0 * * 7", "0 0 * * sun", "0 0 * * 6-7"] {
            assert!(cron(text).names_day(date(2026, 11, 1)), "{text}");
        }
        assert!(!cron("0 0 * * 1-5").names_day(date(2026, 11, 1)));
    }

    #[test]
    fn restricted_days_are_a_union_and_a_star_is_no_restriction() {
        let (first, sunday, neither) = (date(2026, 12, 1), date(2026, 11, 8), date(2026, 11, 9));
        let both = cron("0 0 1 * sun");
        assert!(both.names_day(first) && both.names_day(sunday) && !both.names_day(neither));
        assert!(!cron("0 0 */2 * sun").names_day(sunday), "a stepped star restricts without a union");
    }

    #[test]
    fn a_wrong_part_is_named_with_its_position() {
        for (text, position) in
            [("60 * * * *", 0), ("0 0 0 * *", 4), ("0 0 * * 8", 8), ("0 5-3 * * *", 2), ("0 */0 * * *", 4)]
        {
            assert_eq!(text.parse::<Cron>().unwrap_err().position(), Some(position), "{text}");
        }
        for text in ["", "* * * *", "* * * * * *", "+1 * * * *", "1, * * * *", "@daily"] {
            assert!(text.parse::<Cron>().is_err(), "{text:?}");
        }
    }
}
