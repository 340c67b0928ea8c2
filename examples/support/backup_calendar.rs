//! Draws a simulation as a calendar: with letters in a terminal, or with colours in an SVG picture.
#![allow(clippy::arithmetic_side_effects, reason = "coordinates of a picture, made from bounded counts")]

use std::fmt::Write;

use appsnap::jiff::Span;
use appsnap::jiff::civil::{Date, Weekday};
use appsnap::retention::Policy;
use appsnap::retention::schedule::Schedule;
use appsnap::retention::simulate::{SimulatedBackup, Simulation};

/// The number of months side by side in a terminal.
const MONTHS_ABREAST: usize = 3;
/// The width of a month: seven days of two columns.
const MONTH_WIDTH: usize = 20;
/// A colour for each rule, from short-lived to long-lived; further rules share the last.
const COLOURS: [&str; 6] = ["#9ecae1", "#4292c6", "#08519c", "#fd8d3c", "#74c476", "#9e9ac8"];
const GONE: &str = "#e0e0e0";
const NEVER: &str = "#f7f7f7";
/// The side of a day in the picture, and the distance to the next.
const SIDE: i32 = 11;
const STEP: i32 = 13;
const MARGIN: i32 = 40;
/// The height of the curve under the calendar.
const CURVE_HEIGHT: i32 = 90;

/// The state of a day's backups at the end of the simulation.
enum Fate {
    None,
    Gone,
    /// One exists, kept by this rule; if several keep it, by the last of the policy.
    KeptBy(usize),
}

fn fate(simulation: &Simulation, date: Date) -> Fate {
    let backups = simulation.backups();
    let first = backups.partition_point(|backup| backup.day < date);
    let of_day = || backups.iter().skip(first).take_while(|backup| backup.day == date);
    let kept = of_day().filter(|backup| backup.deleted_on.is_none());
    let rule = |backup: &SimulatedBackup| backup.kept_by.iter().max().copied();
    match kept.map(rule).max() {
        Some(rule) => Fate::KeptBy(rule.unwrap_or(usize::MAX)),
        None if of_day().next().is_some() => Fate::Gone,
        None => Fate::None,
    }
}

/// The letters of the rules: for each, the first of its name that is still free.
fn letters(policy: &Policy) -> Vec<char> {
    let mut letters: Vec<char> = Vec::new();
    for rule in policy.rules() {
        let own = rule.name().chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase());
        let letter = own.chain('A'..='Z').find(|letter| !letters.contains(letter)).unwrap_or('?');
        letters.push(letter);
    }
    letters
}

fn first_and_last(simulation: &Simulation) -> Option<(Date, Date)> {
    Some((simulation.days().first()?.date, simulation.days().last()?.date))
}

/// Returns the simulation as a calendar of letters, with a legend and a summary.
pub(crate) fn text(policy: &Policy, schedule: &Schedule, simulation: &Simulation) -> String {
    let mut text = format!("{}, {schedule}\n\n", policy.name());
    let Some((first, last)) = first_and_last(simulation) else { return text };
    let letters = letters(policy);
    let mut months = Vec::new();
    let mut month = first.first_of_month();
    while month <= last {
        months.push(month_lines(simulation, &letters, month, (first, last)));
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

fn month_lines(simulation: &Simulation, letters: &[char], month: Date, span: (Date, Date)) -> Vec<String> {
    let mut lines =
        vec![format!("{:^MONTH_WIDTH$}", month.strftime("%B %Y").to_string()), "Mo Tu We Th Fr Sa Su".into()];
    let indent = usize::try_from(month.weekday().to_monday_zero_offset()).unwrap_or(0);
    let mut line = "   ".repeat(indent);
    for day in 1..=month.days_in_month() {
        let Ok(date) = Date::new(month.year(), month.month(), day) else { continue };
        let mark = match fate(simulation, date) {
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

/// Returns the simulation as a picture: a column for each week, a colour for each rule, and the number of backups as a
/// curve.
pub(crate) fn svg(policy: &Policy, schedule: &Schedule, simulation: &Simulation) -> String {
    let Some((first, _)) = first_and_last(simulation) else { return String::new() };
    let offset = usize::try_from(first.weekday().to_monday_zero_offset()).unwrap_or(0);
    let weeks = number(simulation.days().len().saturating_add(offset).div_ceil(7));
    let top = MARGIN + 20;
    let curve_top = top + 7 * STEP + 30;
    let legend_top = curve_top + CURVE_HEIGHT + 30;
    let (width, height) = ((MARGIN * 2 + weeks * STEP).max(520), legend_top + 30 + 18 * number(policy.rules().len()));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\" font-size=\"14\">{}</text>\n",
        escaped(&format!("{}, {schedule}", policy.name())),
    );
    let mut points = String::new();
    let most = number(simulation.days().iter().map(|day| day.retained_count).max().unwrap_or(0)).max(1);
    for (index, day) in simulation.days().iter().enumerate() {
        let cell = number(index.saturating_add(offset));
        let (x, y) = (MARGIN + cell / 7 * STEP, top + cell % 7 * STEP);
        let (colour, what) = match fate(simulation, day.date) {
            Fate::None => (NEVER, "none taken"),
            Fate::Gone => (GONE, "deleted by the end"),
            Fate::KeptBy(rule) => (colour(rule), policy.rules().get(rule).map_or("held", |rule| rule.name())),
        };
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{SIDE}\" height=\"{SIDE}\" rx=\"2\" fill=\"{colour}\">\
             <title>{}: {}, {} exist</title></rect>",
            day.date,
            escaped(what),
            day.retained_count,
        );
        if day.date.day() == 1 {
            let _ = writeln!(svg, "<text x=\"{x}\" y=\"{}\">{}</text>", top - 6, day.date.strftime("%b"));
        }
        let height = number(day.retained_count) * CURVE_HEIGHT / most;
        let _ = write!(points, "{},{} ", MARGIN + cell * STEP / 7, curve_top + CURVE_HEIGHT - height);
    }
    let base = curve_top + CURVE_HEIGHT;
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#08519c\" stroke-width=\"1.5\"/>\n\
         <line x1=\"{MARGIN}\" y1=\"{base}\" x2=\"{}\" y2=\"{base}\" stroke=\"#999\"/>\n\
         <text x=\"4\" y=\"{}\">{most}</text><text x=\"4\" y=\"{base}\">0</text>",
        points.trim_end(),
        MARGIN + weeks * STEP,
        curve_top + 8,
    );
    let kept = (0..).zip(policy.rules()).map(|(number, rule)| (colour(number), rule.name()));
    for (row, (colour, name)) in (0_i32..).zip(kept.chain([(GONE, "taken, and deleted by the end")])) {
        let y = legend_top + row * 18;
        let _ = writeln!(
            svg,
            "<rect x=\"{MARGIN}\" y=\"{y}\" width=\"{SIDE}\" height=\"{SIDE}\" rx=\"2\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            MARGIN + 18,
            y + 10,
            escaped(name),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn colour(rule: usize) -> &'static str {
    COLOURS.get(rule).or(COLOURS.last()).copied().unwrap_or(GONE)
}

/// A count as a coordinate. No simulation is longer than a century of days.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX / (STEP * 2))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
