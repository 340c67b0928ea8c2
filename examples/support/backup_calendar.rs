//! Draws a simulation as a calendar of letters.

use std::fmt::Write;

use appsnap::jiff::Span;
use appsnap::jiff::civil::{Date, Weekday};
use appsnap::retention::Policy;
use appsnap::retention::schedule::Schedule;
use appsnap::retention::simulate::Simulation;

use crate::backup_history::{Fate, History, letters};

/// The number of months side by side in a terminal.
const MONTHS_ABREAST: usize = 3;
/// The width of a month: seven days of two columns.
const MONTH_WIDTH: usize = 20;

/// Returns the simulation as a calendar of letters, with a legend and a summary.
pub(crate) fn text(policy: &Policy, schedule: &Schedule, simulation: &Simulation) -> String {
    let mut text = format!("{}, {schedule}\n\n", policy.name());
    let history = History::of_simulation(simulation);
    let Some((first, last)) = history.first_and_last() else { return text };
    let letters = letters(policy);
    let mut months = Vec::new();
    let mut month = first.first_of_month();
    while month <= last {
        months.push(month_lines(&history, &letters, month, (first, last)));
        match month.checked_add(Span::new().months(1)) {
            Ok(next) => month = next,
            Err(_) => break,
        }
    }
    for row in months.chunks(MONTHS_ABREAST) {
        for line in 0..row.iter().map(Vec::len).max().unwrap_or(0) {
            let cells = row.iter().map(|month| month.get(line).map_or("", String::as_str));
            let joined: Vec<String> = cells.map(|cell| format!("{cell:MONTH_WIDTH$}")).collect();
            let _ = writeln!(text, "{}", joined.join("   ").trim_end());
        }
        text.push('\n');
    }
    for (letter, rule) in letters.iter().zip(policy.rules()) {
        let _ = writeln!(text, "{letter}  {}", rule.name());
    }
    text.push_str(".  taken, and deleted by the end\n\n");
    summary(&mut text, simulation, last);
    text
}

fn month_lines(history: &History, letters: &[char], month: Date, span: (Date, Date)) -> Vec<String> {
    let mut lines =
        vec![format!("{:^MONTH_WIDTH$}", month.strftime("%B %Y").to_string()), "Mo Tu We Th Fr Sa Su".into()];
    let indent = usize::try_from(month.weekday().to_monday_zero_offset()).unwrap_or(0);
    let mut line = "   ".repeat(indent);
    for day in 1..=month.days_in_month() {
        let Ok(date) = Date::new(month.year(), month.month(), day) else { continue };
        let mark = match history.fate(date) {
            _ if date < span.0 || date > span.1 => ' ',
            Fate::None => '-',
            Fate::Gone => '.',
            Fate::KeptBy(rule) => letters.get(rule).copied().unwrap_or('*'),
        };
        let _ = write!(line, " {mark}");
        if date.weekday() == Weekday::Sunday {
            lines.push(std::mem::take(&mut line));
        } else {
            line.push(' ');
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

fn summary(text: &mut String, simulation: &Simulation, last: Date) {
    let backups = simulation.backups();
    let retained = simulation.days().last().map_or(0, |day| day.retained_count);
    let _ = writeln!(text, "{} taken, {retained} exist on {last}", backups.len());
    if let Some(first) = simulation.refused().first() {
        let _ = writeln!(text, "{} refused because of the quota, the first at {first}", simulation.refused().len());
    }
    if let Some(bytes) = simulation.days().last().and_then(|day| day.retained_bytes) {
        let _ = writeln!(text, "{bytes} bytes exist on {last}");
    }
    match simulation.steady_since().zip(simulation.steady_counts()) {
        Some((since, counts)) if counts.start() == counts.end() => {
            let _ = writeln!(text, "steady from {since} on: {} backups", counts.start());
        }
        Some((since, counts)) => {
            let _ = writeln!(text, "steady from {since} on: {} to {} backups", counts.start(), counts.end());
        }
        None => text.push_str("not steady within these days\n"),
    }
    if let Some(oldest) = simulation.retained_on(last).next() {
        let _ = writeln!(text, "reaches back to {}", oldest.taken_on);
    }
    if let Some(gap) = simulation.gaps_on(last).first() {
        let days = gap.end.duration_since(gap.start).as_hours() / 24;
        let _ = writeln!(text, "longest gap: {days} days, after {}", gap.start);
    }
}
