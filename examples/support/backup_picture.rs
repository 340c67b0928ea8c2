//! Draws what policies keep as an SVG picture: a row for each year, with a cell for each day, beside that of another policy.
#![allow(clippy::arithmetic_side_effects, reason = "coordinates of a picture, made from bounded counts")]

use std::fmt::Write;

use appsnap::jiff::civil::{Date, Weekday};
use appsnap::retention::Policy;

use crate::backup_history::{Fate, History, letters};

/// Colours from light to dark, in equal steps of lightness, so that they differ in grey as well.
const COLOURS: [&str; 8] = ["#bedef6", "#e9b967", "#1cc16e", "#d261e8", "#de3f20", "#126d7f", "#50500b", "#3018a8"];
/// The last colours on which letters are dark.
const LIGHT_COUNT: usize = 4;
const HELD: &str = "#7f7f7f";
const MARGIN: i32 = 44;
/// The distance of two calendars that are side by side.
const GUTTER: i32 = 36;
const WEEKS: i32 = 54;
const CURVE_HEIGHT: i32 = 90;
/// The height of a line of the legend.
const LINE: i32 = 18;
/// Above this number of years, cells are small and without letters.
const LARGE_YEARS: usize = 12;

/// A policy and what it keeps.
pub(crate) struct Panel<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) history: History,
}

/// The measures of the cells.
#[derive(Clone, Copy)]
struct Cells {
    step: i32,
    side: i32,
    is_large: bool,
}

impl Cells {
    fn of(years: usize) -> Self {
        if years <= LARGE_YEARS {
            Self { step: 13, side: 11, is_large: true }
        } else {
            Self { step: 9, side: 8, is_large: false }
        }
    }

    /// The height of a year, with the names of its months.
    fn year_height(self) -> i32 {
        if self.is_large { 7 * self.step + 24 } else { 7 * self.step + 8 }
    }

    fn width(self) -> i32 {
        WEEKS * self.step
    }
}

/// Returns the picture of one policy, or of two beside each other, about `subject`.
pub(crate) fn svg(subject: &str, panels: &[Panel<'_>]) -> String {
    let Some((first, last)) = panels.first().and_then(|panel| panel.history.first_and_last()) else {
        return String::new();
    };
    let years: Vec<i16> = (first.year()..=last.year()).collect();
    let cells = Cells::of(years.len());
    let (top, panel_width) = (64, MARGIN + cells.width() + GUTTER);
    let curve_top = top + number(years.len()) * cells.year_height() + 30;
    let legend_top = curve_top + CURVE_HEIGHT + 44;
    let rows = panels.iter().map(|panel| panel.policy.rules().len() + 5).max().unwrap_or(0);
    let (width, height) = ((panel_width * number(panels.len()) + 20).max(620), legend_top + LINE * number(rows) + 10);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
    );
    text(&mut svg, (MARGIN, 22), "font-size=\"14\"", &format!("{subject}, {first} to {last}"));
    for (index, panel) in panels.iter().enumerate() {
        let left = number(index) * panel_width + MARGIN;
        text(&mut svg, (left, 42), "font-size=\"13\" font-weight=\"bold\"", panel.policy.name());
        let other = panels.iter().enumerate().find(|(number, _)| *number != index).map(|(_, panel)| &panel.history);
        for (row, year) in (0_i32..).zip(&years) {
            let place = (left, top + row * cells.year_height());
            draw_year(&mut svg, panel, other, (*year, (first, last)), cells, place);
        }
        draw_legend(&mut svg, panel, (left, legend_top), panels.len() > 1);
    }
    draw_curves(&mut svg, panels, (MARGIN, curve_top), (width - MARGIN - 20).max(420));
    svg.push_str("</svg>\n");
    svg
}

/// Draws a year: its name, the days of the week, and a cell for each day of the simulation.
fn draw_year(
    svg: &mut String,
    panel: &Panel<'_>,
    other: Option<&History>,
    (year, (first, last)): (i16, (Date, Date)),
    cells: Cells,
    (left, top): (i32, i32),
) {
    let Ok(new_year) = Date::new(year, 1, 1) else { return };
    let middle = top + cells.step * 7 / 2;
    let small = if cells.is_large { "font-size=\"8\" fill=\"#444\"" } else { "font-size=\"7\" fill=\"#444\"" };
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{middle}\" text-anchor=\"middle\" font-weight=\"bold\" font-size=\"{}\" \
         transform=\"rotate(-90 {0} {middle})\">{year}</text>",
        left - 30,
        if cells.is_large { 12 } else { 10 },
    );
    for (row, weekday) in (0_i32..).zip(Weekday::Monday.cycle_forward().take(7)) {
        text(svg, (left - 22, top + row * cells.step + cells.side - 1), small, name(weekday));
    }
    let letters = letters(panel.policy);
    let offset = i32::from(new_year.weekday().to_monday_zero_offset());
    for date in new_year.series(appsnap::jiff::Span::new().days(1)).take_while(|date| date.year() == year) {
        let day = i32::from(date.day_of_year()) - 1 + offset;
        let (x, y) = (left + day / 7 * cells.step, top + day % 7 * cells.step);
        if date.day() == 1 && (cells.is_large || year == first.year()) {
            text(svg, (x, top - 4), "font-size=\"9\" fill=\"#444\"", &date.strftime("%b").to_string());
        }
        if date < first || date > last {
            continue;
        }
        let fate = panel.history.fate(date);
        let kept = |fate: &Fate| matches!(fate, Fate::KeptBy(_));
        let is_only_here = kept(&fate) && other.is_some_and(|other| !kept(&other.fate(date)));
        draw_day(svg, panel.policy, &fate, cells, (x, y), is_only_here, &letters);
        if cells.is_large {
            let existing = panel.history.existing_on(date);
            let _ = writeln!(svg, "<title>{date}: {}, {existing} exist</title></g>", escaped(&meaning(panel, &fate)));
        }
    }
}

fn name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

fn meaning(panel: &Panel<'_>, fate: &Fate) -> String {
    match fate {
        Fate::None => "none taken".to_owned(),
        Fate::Gone => panel.history.gone.to_owned(),
        Fate::KeptBy(rule) => panel.policy.rules().get(*rule).map_or("held by a guard", |rule| rule.name()).to_owned(),
    }
}

/// Draws a cell. A large one is left open, so that a title can follow.
fn draw_day(
    svg: &mut String,
    policy: &Policy,
    fate: &Fate,
    Cells { side, is_large, .. }: Cells,
    (x, y): (i32, i32),
    is_only_here: bool,
    letters: &[char],
) {
    if is_large {
        svg.push_str("<g>");
    }
    let outline = if is_only_here { " stroke=\"black\" stroke-width=\"1.6\"" } else { "" };
    match fate {
        Fate::None if is_large => {
            let _ = write!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" fill=\"#fafafa\"/>");
        }
        Fate::None => {}
        Fate::Gone => {
            let (centre_x, centre_y, radius) = (2 * x + side, 2 * y + side, if is_large { "1.4" } else { "0.7" });
            let half = |twice: i32| format!("{}{}", twice / 2, if twice % 2 == 0 { "" } else { ".5" });
            if is_large {
                let _ = write!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" fill=\"#fafafa\"/>");
            }
            let _ = write!(
                svg,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"#999\"/>",
                half(centre_x),
                half(centre_y)
            );
        }
        Fate::KeptBy(rule) => {
            let fill = colour(*rule, policy.rules().len());
            let _ =
                write!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" fill=\"{fill}\"{outline}/>");
            if is_large && let Some(letter) = letters.get(*rule) {
                let place = (x + side / 2, y + side - 2);
                text(svg, place, &letter_style(*rule, policy.rules().len()), &letter.to_string());
            }
        }
    }
    if !is_large {
        svg.push('\n');
    }
}

fn letter_style(rule: usize, rules: usize) -> String {
    let fill = if shade(rule, rules) < LIGHT_COUNT { "black" } else { "white" };
    format!("font-size=\"9\" text-anchor=\"middle\" fill=\"{fill}\" pointer-events=\"none\"")
}

/// Draws the colours and their meaning, and what the simulation comes to.
fn draw_legend(svg: &mut String, panel: &Panel<'_>, (left, top): (i32, i32), is_compared: bool) {
    let (policy, cells) = (panel.policy, Cells::of(1));
    let letters = letters(policy);
    let mut place = (left, top);
    let mut entry = |svg: &mut String, fate: Option<&Fate>, is_only_here: bool, meaning: &str| {
        if let Some(fate) = fate {
            draw_day(svg, policy, fate, cells, place, is_only_here, &letters);
            svg.push_str("</g>");
        }
        text(svg, (place.0 + 20, place.1 + 10), "", meaning);
        place.1 += LINE;
    };
    for (number, rule) in policy.rules().iter().enumerate() {
        entry(svg, Some(&Fate::KeptBy(number)), false, &format!("kept by the rule {}", rule.name()));
    }
    if panel.history.has_held() {
        entry(svg, Some(&Fate::KeptBy(usize::MAX)), false, "held by a guard");
    }
    entry(svg, Some(&Fate::Gone), false, panel.history.gone);
    entry(svg, Some(&Fate::None), false, "none taken");
    if is_compared && !policy.rules().is_empty() {
        entry(svg, Some(&Fate::KeptBy(0)), true, "with an outline: not kept by the other policy");
    }
    entry(svg, None, false, &panel.history.summary);
}

/// Draws the number of backups that exist over the days, as one line for each policy.
fn draw_curves(svg: &mut String, panels: &[Panel<'_>], (left, top): (i32, i32), width: i32) {
    let counts = panels.iter().flat_map(|panel| panel.history.days());
    let most = number(counts.map(|(_, count)| *count).max().unwrap_or(0)).max(1);
    let base = top + CURVE_HEIGHT;
    text(svg, (left, top - 10), "font-size=\"11\"", "backups that exist");
    for (value, y) in [(most, top), (most / 2, base - most / 2 * CURVE_HEIGHT / most), (0, base)] {
        let _ = writeln!(
            svg,
            "<line x1=\"{left}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"#ccc\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-size=\"9\">{value}</text>",
            left + width,
            left - 4,
            y + 3,
        );
    }
    for (index, panel) in panels.iter().enumerate() {
        let days = panel.history.days();
        let last = number(days.len().saturating_sub(1)).max(1);
        let x = |index: usize| {
            let x = i64::from(left) + i64::from(number(index)) * i64::from(width) / i64::from(last);
            i32::try_from(x).unwrap_or(left)
        };
        if index == 0 {
            draw_years(svg, panel, (top, base), &x);
        }
        // More points than pixels show nothing more.
        let every = (days.len() / 2_000).max(1);
        let points = days
            .iter()
            .enumerate()
            .step_by(every)
            .map(|(index, (_, count))| format!("{},{}", x(index), base - number(*count) * CURVE_HEIGHT / most));
        let points: Vec<String> = points.collect();
        let (colour, dash) = if index == 0 { ("#08519c", "") } else { ("#a63603", " stroke-dasharray=\"5 3\"") };
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"{dash}/>",
            points.join(" ")
        );
        let (sample, y) = (left + 120 + number(index) * 230, top - 14);
        let _ = writeln!(
            svg,
            "<line x1=\"{sample}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"1.5\"{dash}/>",
            sample + 26
        );
        text(svg, (sample + 32, y + 4), "", panel.policy.name());
    }
}

/// Draws the names of years, or of months if there are few, under the curves.
fn draw_years(svg: &mut String, panel: &Panel<'_>, (top, base): (i32, i32), x: &dyn Fn(usize) -> i32) {
    let days = panel.history.days();
    let years = days.len() / 365;
    let every = match years {
        0..=14 => 1,
        15..=40 => 5,
        _ => 10,
    };
    for (index, (date, _)) in days.iter().enumerate() {
        let is_month = years < 2 && date.day() == 1;
        let is_year = date.day_of_year() == 1 && date.year() % every == 0;
        if !is_month && !is_year {
            continue;
        }
        let label = if is_year { date.year().to_string() } else { date.strftime("%b").to_string() };
        let at = x(index);
        let _ = writeln!(svg, "<line x1=\"{at}\" y1=\"{top}\" x2=\"{at}\" y2=\"{}\" stroke=\"#ddd\"/>", base + 4);
        text(svg, (at + 2, base + 14), "font-size=\"9\"", &label);
    }
}

fn text(svg: &mut String, (x, y): (i32, i32), style: &str, content: &str) {
    let style = if style.is_empty() { String::new() } else { format!(" {style}") };
    let _ = write!(svg, "<text x=\"{x}\" y=\"{y}\"{style}>{}</text>", escaped(content));
}

/// The position of the colour of a rule, from light to dark: the rules of a policy use the whole range.
fn shade(rule: usize, rules: usize) -> usize {
    let last = COLOURS.len().saturating_sub(1);
    match rules.saturating_sub(1) {
        0 => 2,
        others => (rule * last / others).min(last),
    }
}

fn colour(rule: usize, rules: usize) -> &'static str {
    if rule >= rules {
        return HELD;
    }
    COLOURS.get(shade(rule, rules)).copied().unwrap_or(HELD)
}

/// A count as a coordinate. No picture is of more than some centuries of days.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(1_000_000)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
