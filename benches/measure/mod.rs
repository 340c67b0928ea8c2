//! Times of jobs that run in turn, and one table of them beside their peers and goals.
#![allow(dead_code, reason = "every bench uses a part of it")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Seconds that a job took, and of the processor, of this program and of those that it ran.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    pub wall: f64,
    pub processor: f64,
}

/// A job with a name, which is measured once a round.
pub struct Job<'a> {
    pub name: String,
    work: Box<dyn FnMut() + 'a>,
}

impl<'a> Job<'a> {
    pub fn new(name: impl Into<String>, work: impl FnMut() + 'a) -> Self {
        Self { name: name.into(), work: Box::new(work) }
    }
}

/// Runs the jobs in turn, `rounds` times, so that all meet the same disturbances; returns the medians of each.
pub fn alternate(rounds: usize, jobs: &mut [Job]) -> Vec<Sample> {
    let mut samples = vec![Vec::new(); jobs.len()];
    for _ in 0..rounds {
        for (job, samples) in jobs.iter_mut().zip(&mut samples) {
            samples.push(measured(&mut job.work));
        }
    }
    samples.iter().map(|samples| median(samples)).collect()
}

pub fn measured(work: impl FnOnce()) -> Sample {
    let (begun, before) = (Instant::now(), processor_seconds());
    work();
    Sample { wall: begun.elapsed().as_secs_f64(), processor: processor_seconds() - before }
}

fn median(samples: &[Sample]) -> Sample {
    let middle = |of: fn(&Sample) -> f64| {
        let mut values: Vec<f64> = samples.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Sample { wall: middle(|sample| sample.wall), processor: middle(|sample| sample.processor) }
}

/// User and system time of this process and of its ended children (proc_pid_stat(5)), in hundredths; 0 elsewhere than on
/// Linux.
fn processor_seconds() -> f64 {
    let Ok(text) = fs::read_to_string("/proc/self/stat") else { return 0.0 };
    // The name of the program is in parentheses and may contain anything.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The name of the processor, which every report of a time needs.
pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores", model.map_or("unknown processor", |(_, name)| name))
}

pub fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

pub fn shell(command: &str, folder: &Path, variable: &str, file: &Path) {
    let status = Command::new("sh").args(["-c", command]).current_dir(folder).env(variable, file).status().unwrap();
    assert!(status.success(), "{command}");
}

/// Asks the kernel to forget what it has cached (proc_sys_vm(5)). Returns `false` where it does not listen.
pub fn forget_cache() -> bool {
    Command::new("sync").status().is_ok_and(|status| status.success())
        && fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}

/// One measurement beside that of a peer.
pub struct Row {
    pub corpus: String,
    pub what: String,
    pub ours: Sample,
    pub bytes: Option<u64>,
    pub peer: Option<Peer>,
}

/// The figures of another program for the same work, and the goal: ours divided by its.
pub struct Peer {
    pub name: String,
    pub sample: Sample,
    pub bytes: Option<u64>,
    pub goal: Option<f64>,
}

/// Prints the rows as one table; with `is_plain`, our times alone, separated by tabs, for `compare.sh`.
pub fn print(rows: &[Row], is_plain: bool) {
    if is_plain {
        for Row { corpus, what, ours, .. } in rows {
            println!("{corpus}: {what}\t{:.4}\t{:.2}", ours.wall, ours.processor);
        }
        return;
    }
    println!("\n{}\n", processor());
    let titles = [
        "corpus",
        "what",
        "s",
        "cpu s",
        "MB",
        "beside",
        "s",
        "cpu s",
        "MB",
        "ratio",
        "cpu ratio",
        "size ratio",
        "goal",
    ];
    let mut lines: Vec<Vec<String>> = vec![titles.map(str::to_owned).to_vec()];
    let megabytes = |bytes: Option<u64>| bytes.map_or_else(String::new, |bytes| format!("{:.1}", bytes as f64 / 1e6));
    let ratio = |ours: f64, theirs: f64| if theirs > 0.0 { format!("{:.3}", ours / theirs) } else { String::new() };
    for Row { corpus, what, ours, bytes, peer } in rows {
        let seconds = |seconds: f64| if seconds < 0.1 { format!("{seconds:.4}") } else { format!("{seconds:.2}") };
        let mut line =
            vec![corpus.clone(), what.clone(), seconds(ours.wall), seconds(ours.processor), megabytes(*bytes)];
        match peer {
            Some(Peer { name, sample, bytes: theirs, goal }) => line.extend([
                name.clone(),
                seconds(sample.wall),
                seconds(sample.processor),
                megabytes(*theirs),
                ratio(ours.wall, sample.wall),
                ratio(ours.processor, sample.processor),
                bytes.zip(*theirs).map_or_else(String::new, |(ours, theirs)| ratio(ours as f64, theirs as f64)),
                goal.map_or_else(String::new, |goal| format!("{goal:.2}")),
            ]),
            None => line.resize(titles.len(), String::new()),
        }
        lines.push(line);
    }
    let widths: Vec<usize> =
        (0..titles.len()).map(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or(0)).collect();
    for (number, line) in lines.iter().enumerate() {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("| {} |", cells.join(" | "));
        if number == 0 {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            println!("|-{}-|", rule.join("-|-"));
        }
    }
}
