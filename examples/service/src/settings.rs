//! The settings: flags of the command line, or variables of the environment.

use std::path::PathBuf;
use std::time::Duration;

use appsnap::Limits;
use appsnap::check::Profile;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, value_parser};

use crate::size::parse_size;

const EXAMPLE: &str = "Example:
  service --store /srv/snapshots --listen 127.0.0.1:8080
  curl -T backup.tar.gz http://127.0.0.1:8080/snapshots

Sizes may have units: 500MB, 8GiB. A flag wins over its variable.";

/// Receives snapshots over HTTP, checks them, keeps the good ones, and returns them whole or one document at a time.
#[derive(Clone, Debug, Parser)]
#[command(version, after_help = EXAMPLE)]
pub struct Settings {
    /// Folder for uploaded snapshots; created if it does not exist.
    #[arg(long, env = "APPSNAP_STORE", value_name = "DIR")]
    pub store: PathBuf,
    /// Address to listen on; port 0 takes a free port.
    #[arg(long, env = "APPSNAP_LISTEN", value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Files folder of an app, packed for `/live`.
    #[arg(long, env = "APPSNAP_FILES", value_name = "DIR")]
    pub files: Option<PathBuf>,
    /// Dump of the app's database, packed for `/live`.
    #[arg(long, env = "APPSNAP_DATABASE", value_name = "DUMP", requires = "files")]
    pub database: Option<PathBuf>,
    /// Folder into which `examples/browser/build` built the page: uploads are then checked in the browser first.
    #[arg(long, env = "APPSNAP_PAGE", value_name = "DIR")]
    pub page: Option<PathBuf>,
    /// Platform whose rules decide about uploads.
    #[arg(long, env = "APPSNAP_PROFILE", value_name = "NAME", default_value = "mendix-cloud",
          value_parser = PossibleValuesParser::new(Profile::BUILT_IN))]
    pub profile: String,
    /// Largest upload that is accepted.
    #[arg(long, env = "APPSNAP_MAX_UPLOAD_BYTES", value_name = "BYTES", default_value = "8GiB", value_parser = parse_size)]
    pub max_upload_bytes: u64,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Room that uploads leave on the disk of the store.
    #[arg(long, env = "APPSNAP_MIN_FREE_BYTES", value_name = "BYTES", default_value = "256MiB", value_parser = parse_size)]
    pub min_free_bytes: u64,
    /// Uploads that are checked at the same time; as many steps of downloads.
    #[arg(long, env = "APPSNAP_WORKERS", value_name = "COUNT", default_value_t = default_workers(),
          value_parser = value_parser!(u16).range(1..=1024))]
    pub workers: u16,
    /// Uploads and downloads at the same time; others wait.
    #[arg(long, env = "APPSNAP_MAX_TRANSFERS", value_name = "COUNT", default_value_t = 64,
          value_parser = value_parser!(u16).range(1..))]
    pub max_transfers: u16,
    /// Connections at the same time; others wait to be accepted.
    #[arg(long, env = "APPSNAP_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = 1024,
          value_parser = value_parser!(u16).range(1..))]
    pub max_connections: u16,
    /// Seconds that a client may send or take nothing before the connection is closed, or wait for its turn.
    #[arg(long, env = "APPSNAP_PATIENCE_SECONDS", value_name = "SECONDS", default_value_t = 30,
          value_parser = value_parser!(u32).range(1..))]
    pub patience_seconds: u32,
    /// Seconds that requests in progress have to end after SIGTERM or SIGINT.
    #[arg(long, env = "APPSNAP_GRACE_SECONDS", value_name = "SECONDS", default_value_t = 60)]
    pub grace_seconds: u32,
}

/// The limits on what an upload holds, with the names that findings use, and the defaults of [`Limits::untrusted`].
#[derive(Args, Clone, Debug)]
pub struct LimitArgs {
    /// Uncompressed bytes of an archive, and of the data in its dump.
    #[arg(long, env = "APPSNAP_MAX_TOTAL_BYTES", value_name = "BYTES", default_value = "64GiB", value_parser = parse_size)]
    pub max_total_bytes: u64,
    /// Uncompressed bytes of the data in a dump [default: that of --max-total-bytes].
    #[arg(long, env = "APPSNAP_MAX_DECOMPRESSED_BYTES", value_name = "BYTES", value_parser = parse_size)]
    pub max_decompressed_bytes: Option<u64>,
    /// Bytes of one document or of the dump.
    #[arg(long, env = "APPSNAP_MAX_ENTRY_BYTES", value_name = "BYTES", default_value = "16GiB", value_parser = parse_size)]
    pub max_entry_bytes: u64,
    /// Members of an archive.
    #[arg(long, env = "APPSNAP_MAX_ENTRIES", value_name = "COUNT", default_value_t = 2_000_000)]
    pub max_entries: u64,
    /// Bytes of `.metadata`.
    #[arg(long, env = "APPSNAP_MAX_METADATA_BYTES", value_name = "BYTES", default_value = "1MiB", value_parser = parse_size)]
    pub max_metadata_bytes: u64,
    /// Bytes of a dump's table of contents.
    #[arg(long, env = "APPSNAP_MAX_TOC_BYTES", value_name = "BYTES", default_value = "64MiB", value_parser = parse_size)]
    pub max_toc_bytes: u64,
    /// Entries of a dump's table of contents.
    #[arg(long, env = "APPSNAP_MAX_TOC_ENTRIES", value_name = "COUNT", default_value_t = 1_000_000)]
    pub max_toc_entries: u64,
    /// Bytes of one row in a dump.
    #[arg(long, env = "APPSNAP_MAX_ROW_BYTES", value_name = "BYTES", default_value = "64MiB", value_parser = parse_size)]
    pub max_row_bytes: u64,
    /// Bytes of one string in a dump.
    #[arg(long, env = "APPSNAP_MAX_STRING_BYTES", value_name = "BYTES", default_value = "16MiB", value_parser = parse_size)]
    pub max_string_bytes: u64,
    /// Window of Zstandard data in a dump; that of `pg_dump --compress=zstd:long` needs 128MiB.
    #[arg(long, env = "APPSNAP_MAX_WINDOW_BYTES", value_name = "BYTES", default_value = "8MiB", value_parser = parse_size)]
    pub max_window_bytes: u64,
}

impl Settings {
    /// Returns the time that a client may send or take nothing.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.patience_seconds.into())
    }

    /// Returns the time that requests in progress have to end.
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_seconds.into())
    }
}

impl LimitArgs {
    /// Findings of one code that a report shows; all are counted.
    const SHOWN_FINDINGS: u64 = 100;

    /// Returns the limits for reading an upload.
    pub const fn limits(&self) -> Limits {
        let limits = Limits::for_upload(self.max_total_bytes)
            .with_max_entry_bytes(self.max_entry_bytes)
            .with_max_entries(self.max_entries)
            .with_max_metadata_bytes(self.max_metadata_bytes)
            .with_max_toc_bytes(self.max_toc_bytes)
            .with_max_toc_entries(self.max_toc_entries)
            .with_max_row_bytes(self.max_row_bytes)
            .with_max_string_bytes(self.max_string_bytes)
            .with_max_window_bytes(self.max_window_bytes)
            .with_max_findings_per_code(Self::SHOWN_FINDINGS);
        match self.max_decompressed_bytes {
            Some(bytes) => limits.with_max_decompressed_bytes(bytes),
            None => limits,
        }
    }
}

/// Returns the number of cores.
fn default_workers() -> u16 {
    std::thread::available_parallelism().map_or(1, |count| u16::try_from(count.get()).unwrap_or(1024).min(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_for_untrusted_input_unless_set() {
        let settings = Settings::parse_from(["service", "--store", "x"]);
        let expected = Limits::for_upload(Limits::untrusted().max_total_bytes())
            .with_max_findings_per_code(LimitArgs::SHOWN_FINDINGS);
        assert_eq!(settings.limits.limits(), expected);
        let settings = Settings::parse_from(["service", "--store", "x", "--max-total-bytes", "1MB"]);
        assert_eq!(settings.limits.limits().max_decompressed_bytes(), 1_000_000);
    }
}
