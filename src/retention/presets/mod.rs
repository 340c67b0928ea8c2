//! Policies of platforms and of other programs, each with its source and date.
//!
//! Platforms have changed their figures more than once. If two sets matter, both are here under their year.
//!
//! ```
//! use appsnap::retention::{Backup, presets};
//!
//! assert_eq!(presets::by_name("mendix-cloud")?, presets::mendix_cloud());
//! let borg = presets::by_name("borg:daily=7,weekly=4")?;
//! let backups = [Backup::new("today", "2026-11-20T02:00:00Z".parse()?)];
//! assert_eq!(borg.plan(&backups, "2026-11-20T12:00:00Z".parse()?).kept_count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod fit;
mod mendix;
mod platformsh;
pub mod program;
mod squidex;
mod upsun;

pub use fit::fitting;
pub use mendix::{mendix_cloud, mendix_cloud_2021, mendix_on_azure};
pub use platformsh::{platformsh_advanced, platformsh_basic, platformsh_premium};
pub use squidex::{squidex, squidex_quota};
pub use upsun::upsun;

use super::error::Error;
use super::policy::data::Policy;

/// The names that [`by_name`] knows, without those that take options.
pub const NAMES: [&str; 8] = [
    "mendix-cloud",
    "mendix-cloud-2021",
    "mendix-on-azure",
    "squidex",
    "squidex-quota",
    "platformsh-basic",
    "platformsh-advanced",
    "platformsh-premium",
];

/// Returns a policy by its name, as on a command line: one of [`NAMES`], or `restic:`, `rustic:`, `borg:`, `proxmox:`,
/// `kopia:`, `veeam:` or `aws-backup:` followed by options of that program.
///
/// Options are separated by commas, as in `restic:last=3,daily=7,weekly=4,monthly=12,yearly=2,within=1y5m7d2h`, or
/// written as on the program's own command line, as in `restic:--keep-last 3 --keep-daily 7`. [`program`] lists
/// them.
///
/// # Errors
/// Returns an error if no policy has the name, or with the position of a wrong option.
///
/// ```
/// use appsnap::retention::presets;
///
/// assert_eq!(presets::by_name("restic:daily=7,keep-within=1m")?.rules().len(), 2);
/// let error = presets::by_name("restic:dayly=7").unwrap_err();
/// assert_eq!(error.position(), Some(7));
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<Policy, Error> {
    if let Some((program, options)) = name.split_once(':') {
        let policy = program::by_name(program, name, options).unwrap_or_else(|| Err(unknown(name)));
        return policy.map(|policy| policy.with_name(name));
    }
    Ok(match name {
        "mendix-cloud" => mendix_cloud(),
        "mendix-cloud-2021" => mendix_cloud_2021(),
        "mendix-on-azure" => mendix_on_azure(),
        "squidex" => squidex(),
        "squidex-quota" => squidex_quota(),
        "platformsh-basic" => platformsh_basic(),
        "platformsh-advanced" => platformsh_advanced(),
        "platformsh-premium" => platformsh_premium(),
        _ => return Err(unknown(name)),
    })
}

fn unknown(name: &str) -> Error {
    let known = NAMES.join(", ");
    let programs =
        "restic:, rustic:, borg:, proxmox:, kopia:, veeam: and aws-backup: followed by options such as last=3,daily=7";
    Error::unknown_name("policy", name, format!("known are {known}, and {programs}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_the_name_of_its_policy() {
        for name in NAMES {
            assert_eq!(by_name(name).unwrap().name(), name);
        }
    }

    #[test]
    fn the_error_of_an_unknown_name_lists_the_known_ones() {
        for name in ["mendix", "tar:last=3", ""] {
            let message = by_name(name).unwrap_err().to_string();
            assert!(message.contains("mendix-cloud-2021") && message.contains("restic:"), "{message}");
        }
    }
}
