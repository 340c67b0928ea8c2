//! Policies that decide like other programs, from the options of their command lines.
//!
//! [`by_name`](super::by_name) reads them after the name of the program, as in `restic:daily=7,weekly=4`.

mod aws;
mod borg;
mod kopia;
mod notation;
mod proxmox;
mod restic;
mod rustic;
mod veeam;

pub use aws::{aws_backup, aws_backup_plan};
pub use borg::borg;
pub use kopia::kopia;
pub use proxmox::proxmox;
pub use restic::restic;
pub use rustic::rustic;
pub use veeam::veeam;

use super::super::error::Error;
use super::super::policy::data::Policy;

/// The policy of a program, or `None` if the program is unknown. `options` is a part of `whole`.
pub(super) fn by_name(program: &str, whole: &str, options: &str) -> Option<Result<Policy, Error>> {
    Some(match program {
        "restic" => restic::parse(whole, options),
        "rustic" => rustic::parse(whole, options),
        "borg" => borg::parse(whole, options),
        "proxmox" => proxmox::parse(whole, options),
        "kopia" => kopia::parse(whole, options),
        "veeam" => veeam::parse(whole, options),
        "aws-backup" => aws::parse(whole, options),
        _ => return None,
    })
}
