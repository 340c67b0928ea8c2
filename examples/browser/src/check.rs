//! Examines a backup for the page, as the command `check` does.

mod answer;
mod examine;
mod request;
mod sizes;
mod support;

use std::process::ExitCode;

fn main() -> ExitCode {
    answer::answer(examine::examine)
}
