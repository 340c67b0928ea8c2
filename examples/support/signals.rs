//! Ends a command that SIGINT or SIGTERM interrupts: nothing is left, and the exit code names the signal.
//!
//! The work is cancelled through its observer and its source. If it does not end within a second because it waits for
//! something, for example for a pipe, this process removes its unfinished files and ends itself. An upload into a bucket
//! gets ten more, in which it is aborted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use appsnap::io::STAGING_PREFIX;

use super::bucket::are_uploads_open;
use super::console::tell;

/// The time in which cancelled work ends by itself.
const GRACE: Duration = Duration::from_secs(1);

/// So many times as long, the removal of an unfinished upload is waited for.
const UNDOING_STEPS: u32 = 10;

/// The number of the signal that was received; 0 for none.
static RECEIVED: AtomicU8 = AtomicU8::new(0);
/// The end was announced.
static IS_ENDING: AtomicBool = AtomicBool::new(false);
/// The folders in which this process may have unfinished files.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Returns `true` once a signal was received.
pub fn is_interrupted() -> bool {
    RECEIVED.load(Ordering::Relaxed) != 0
}

/// Registers a folder in which this process may have unfinished files.
pub fn watch_folder(folder: &Path) {
    if let Ok(mut folders) = FOLDERS.lock() {
        folders.push(folder.to_owned());
    }
}

/// Begins to listen. Without a thread to spare, a signal ends the process at once, as it does any other program.
#[cfg(unix)]
pub fn listen() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    let listener = thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let signal = signals.forever().next().and_then(|signal| u8::try_from(signal).ok());
        RECEIVED.store(signal.unwrap_or_default(), Ordering::Relaxed);
        thread::sleep(GRACE);
        // Parts that are left in a bucket are invisible and cost money.
        for _ in 0..UNDOING_STEPS {
            if are_uploads_open() {
                thread::sleep(GRACE);
            }
        }
        remove_unfinished();
        if let Some(code) = announced_end() {
            std::process::exit(i32::from(code));
        }
    });
    drop(listener);
}

/// Begins to listen, and leaves the end to the work, however long it takes to undo what it did.
#[cfg(unix)]
pub fn listen_patiently() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    let listener = thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            RECEIVED.store(u8::try_from(signal).unwrap_or_default(), Ordering::Relaxed);
        }
    });
    drop(listener);
}

/// Other systems end the process; the next run removes what it leaves.
#[cfg(not(unix))]
pub fn listen() {}

/// Other systems end the process; the next run removes what it leaves.
#[cfg(not(unix))]
pub fn listen_patiently() {}

/// Returns the exit code of work that ended because of a signal, after one line about it; `None` if there was no signal.
pub fn exit_code() -> Option<ExitCode> {
    if !is_interrupted() {
        return None;
    }
    match announced_end() {
        Some(code) => Some(ExitCode::from(code)),
        // The other thread has announced it, and is about to end the process.
        None => loop {
            thread::sleep(GRACE);
        },
    }
}

/// Announces the end, once.
fn announced_end() -> Option<u8> {
    let signal = RECEIVED.load(Ordering::Relaxed);
    if IS_ENDING.swap(true, Ordering::Relaxed) {
        return None;
    }
    let name = if signal == 2 { "SIGINT" } else { "SIGTERM" };
    tell(format_args!("error: interrupted by {name} before the work was complete"));
    Some(signal.saturating_add(128))
}

/// Removes the unfinished files of this process.
fn remove_unfinished() {
    let Ok(folders) = FOLDERS.lock() else { return };
    let prefix = format!("{STAGING_PREFIX}{}-", std::process::id());
    // The work may still be creating files in a folder that is being removed.
    for _ in 0..50 {
        let mut is_empty = true;
        for entry in folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()) {
                is_empty = false;
                let path = entry.path();
                let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            }
        }
        if is_empty {
            break;
        }
    }
}
