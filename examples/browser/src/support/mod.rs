//! Code that the commands share, as far as the page needs it: without arguments, signals and a terminal.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "shared with commands that need more of it")]

pub mod bucket;
#[path = "../../../support/console.rs"]
mod console;
#[path = "../../../support/failure.rs"]
mod failure;
#[path = "../../../support/limits.rs"]
mod limits;
#[path = "../../../support/lists.rs"]
mod lists;
#[path = "../../../support/open.rs"]
mod open;
#[path = "../../../support/output.rs"]
pub mod output;
mod progress;
pub mod signals;
#[path = "../../../support/source.rs"]
mod source;
#[path = "../../../support/stored.rs"]
mod stored;

pub use console::{harmless, shown, shown_input, tell};
pub use failure::{Failure, InFile, Outcome};
pub use limits::command_limits;
pub use lists::documents_of;
pub use open::is_pipe;
pub use output::is_dash;
pub use progress::{Followed, Progress};
pub use source::Source;
pub use stored::{Stored, identify, is_url};

/// The options of every command.
#[derive(Clone, Copy, Debug)]
pub struct Common {
    pub json: bool,
    pub quiet: bool,
    pub verbose: bool,
}

/// Returns `None`: a page has no option that raises a limit.
pub const fn raising_option(_: &str) -> Option<String> {
    None
}
