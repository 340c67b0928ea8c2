//! Policies that platforms and other programs follow, each with its source and date.
//!
//! Platforms have changed their figures more than once. Where two sets matter, both are here under their year.
//!
//! ```
//! use appsnap::retention::{Backup, presets};
//!
//! let cloud = presets::mendix_cloud();
//! let names: Vec<_> = cloud.rules().iter().map(|rule| rule.name()).collect();
//! assert!(names.starts_with(&["nightly"]), "{names:?}");
//!
//! // By name, as on a command line; options of other programs are read in their own spelling.
//! assert_eq!(presets::by_name("mendix-cloud")?, cloud);
//! let borg = presets::by_name("borg:daily=7,weekly=4")?;
//! let backups = [Backup::new("today", "2026-11-20T02:00:00Z".parse()?)];
//! assert_eq!(borg.plan(&backups, "2026-11-20T12:00:00Z".parse()?).kept_count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod borg;
mod kopia;
mod mendix;
mod notation;
mod platformsh;
mod proxmox;
mod restic;
mod squidex;
mod upsun;

pub use borg::Borg;
pub use kopia::Kopia;
pub use mendix::{mendix_cloud, mendix_cloud_2021, mendix_on_azure};
pub use platformsh::{platformsh_advanced, platformsh_basic, platformsh_premium};
pub use proxmox::Proxmox;
pub use restic::Restic;
pub use squidex::{squidex, squidex_quota};
pub use upsun::{UpsunPolicy, upsun};

use super::{Error, Policy};

/// The names that [`by_name`] knows, without those that take rules.
///
/// ```
/// use appsnap::retention::presets;
///
/// assert!(presets::NAMES.iter().all(|name| presets::by_name(name).is_ok()));
/// ```
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

/// A policy by its name, as on a command line: one of [`NAMES`], or `restic:`, `borg:`, `proxmox:` or `kopia:`
/// followed by that program's options.
///
/// Options are separated by commas, as in `restic:last=3,daily=7,weekly=4,monthly=12,yearly=2,within=1y5m7d2h`; the
/// programs' own `keep-` in front of each may stay. See [`Restic`], [`Borg`], [`Proxmox`] and [`Kopia`] for the
/// options that each program has.
///
/// # Errors
/// When no policy has the name, or an option is wrong; the error names it and its place.
///
/// ```
/// use appsnap::retention::presets;
///
/// assert_eq!(presets::by_name("restic:daily=7,keep-within=1m")?.rules().len(), 2);
/// let refused = presets::by_name("restic:dayly=7").unwrap_err();
/// assert_eq!(refused.position(), Some(7));
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<Policy, Error> {
    if let Some((program, options)) = name.split_once(':') {
        let policy = match program {
            "restic" => Restic::parse_in(name, options)?.policy(),
            "borg" => Borg::parse_in(name, options)?.policy(),
            "proxmox" => Proxmox::parse_in(name, options)?.policy(),
            "kopia" => Kopia::parse_in(name, options)?.policy(),
            _ => return Err(Error::unknown_policy(name)),
        };
        return Ok(policy.with_name(name));
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
        _ => return Err(Error::unknown_policy(name)),
    })
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
    fn an_unknown_name_is_answered_with_the_known_ones() {
        for name in ["mendix", "tar:last=3", ""] {
            let message = by_name(name).unwrap_err().to_string();
            assert!(message.contains("mendix-cloud-2021") && message.contains("restic:"), "{message}");
        }
    }
}
