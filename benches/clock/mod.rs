//! Times of runs: how long they took, and how much of that processors worked. On a busy machine only the latter means much.
#![allow(dead_code, reason = "every bench uses a part of it")]

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

/// The time of one run, in seconds.
#[derive(Clone, Copy)]
pub struct Time {
    pub wall: f64,
    /// Of all threads and of the programs that were waited for; 0 where the system does not tell.
    pub processor: f64,
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.3} ({:.2})", self.wall, self.processor))
    }
}

/// Returns the processor time of this process and its children so far, in seconds.
fn processor_time() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, may have spaces.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Runs each of `works` `runs` times, in turn, and returns the medians.
pub fn alternating(runs: usize, works: &mut [&mut dyn FnMut()]) -> Vec<Time> {
    let mut times = vec![Vec::new(); works.len()];
    for _ in 0..runs {
        for (work, times) in works.iter_mut().zip(&mut times) {
            let (begun, processor) = (Instant::now(), processor_time());
            work();
            times.push(Time { wall: begun.elapsed().as_secs_f64(), processor: processor_time() - processor });
        }
    }
    times
        .iter()
        .map(|times| Time { wall: median(times, |time| time.wall), processor: median(times, |time| time.processor) })
        .collect()
}

fn median(times: &[Time], of: impl Fn(&Time) -> f64) -> f64 {
    let mut values = times.iter().map(of).collect::<Vec<_>>();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Returns the program of the newest PostgreSQL that is installed, or that a variable such as `APPSNAP_PG_18` names.
pub fn newest_postgres(program: &str) -> Option<PathBuf> {
    let folders = (9..30).rev().flat_map(|major| {
        let named = std::env::var_os(format!("APPSNAP_PG_{major}")).map(PathBuf::from);
        [named, Some(PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")))].into_iter().flatten()
    });
    let folders = folders.chain(["/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}
