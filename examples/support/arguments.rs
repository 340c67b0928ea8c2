//! Options that several commands have: [`Common`], [`Threads`], [`Allowed`], [`LimitArgs`].

use std::path::PathBuf;

use appsnap::Limits;
use appsnap::check::{Profile, find_code};
use appsnap::diagnostic::Code;
use appsnap::io::Parallelism;
use appsnap::pgdump::transcode::{MaskRules, Transcoder};
use appsnap::prepare::PrepareOptions;
use clap::Args;

use super::size::parse_size;
use super::{InFile, Outcome, command_limits};

/// The options of every command.
#[derive(Args, Clone, Copy, Debug)]
pub struct Common {
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
    /// Show no progress.
    #[arg(long, short)]
    pub quiet: bool,
    /// Show findings that are mere information, too.
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,
}

/// The number of threads.
#[derive(Args, Clone, Copy, Debug)]
pub struct Threads {
    /// Threads that work beside the main one, 255 at most; 0 is none.
    #[arg(long, value_name = "N", default_value_t = super::default_threads())]
    pub threads: u8,
}

impl Threads {
    /// Returns the parallelism that was asked for.
    pub const fn parallelism(self) -> Parallelism {
        Parallelism::threads(self.threads)
    }
}

/// Data of a dump that is left out or masked on the way.
#[derive(Args, Clone, Debug, Default)]
pub struct DumpEdits {
    /// Leave out the data of these tables, as `pg_dump --exclude-table-data` does; `*` matches any text.
    #[arg(long, value_name = "SCHEMA.TABLE")]
    pub exclude_data: Vec<String>,
    /// Mask columns and leave out rows by the rules in this JSON file.
    #[arg(long, value_name = "RULES.json")]
    pub mask: Option<PathBuf>,
}

impl DumpEdits {
    /// Returns `true` if an option is given.
    pub const fn is_given(&self) -> bool {
        self.mask.is_some() || !self.exclude_data.is_empty()
    }

    /// Adds the edits to a conversion.
    pub fn of_conversion(&self, transcoder: Transcoder) -> Outcome<Transcoder> {
        let transcoder = self.exclude_data.iter().fold(transcoder, Transcoder::without_data_of);
        Ok(match self.rules()? {
            Some(rules) => transcoder.with_row_editor(rules),
            None => transcoder,
        })
    }

    /// Adds the edits to the dump of an archive.
    pub fn of_archive(&self, options: PrepareOptions) -> Outcome<PrepareOptions> {
        let options = self.exclude_data.iter().fold(options, PrepareOptions::without_data_of);
        Ok(match self.rules()? {
            Some(rules) => options.with_row_editor(rules),
            None => options,
        })
    }

    fn rules(&self) -> Outcome<Option<MaskRules>> {
        let Some(path) = &self.mask else { return Ok(None) };
        let json = std::fs::read(path).in_file(path)?;
        MaskRules::parse(&json).in_file(path).map(Some)
    }
}

/// Findings that no longer decide the verdict.
#[derive(Args, Clone, Debug, Default)]
pub struct Allowed {
    /// Accept these findings: they are shown as allowed, and do not decide the verdict. Separate several with commas.
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = parse_code)]
    pub allow: Vec<Code>,
}

impl Allowed {
    /// Adds the findings to a profile.
    pub fn apply(&self, profile: Profile) -> Profile {
        self.allow.iter().fold(profile, |profile, code| profile.with_allowed(*code))
    }
}

/// Finds a code by its id, in any case, or by its name.
fn parse_code(text: &str) -> Result<Code, String> {
    let text = text.trim();
    find_code(&text.to_ascii_uppercase())
        .or_else(|| find_code(&text.to_ascii_lowercase()))
        .ok_or_else(|| "no finding has this code: write its id or its name, for example F001".to_owned())
}

macro_rules! limit_args {
    ($($(#[$attribute:meta])* $name:ident / $with:ident;)*) => {
        /// Every limit that a message can name.
        #[derive(Args, Clone, Debug, Default)]
        #[command(next_help_heading = "Limits (sizes may have units: 10MB, 10MiB, 10G)")]
        pub struct LimitArgs {
            $($(#[$attribute])* pub $name: Option<u64>,)*
        }

        impl LimitArgs {
            /// Returns `limits` with those that the command line sets.
            pub fn apply(&self, limits: Limits) -> Limits {
                $(let limits = self.$name.iter().fold(limits, |limits, value| limits.$with(*value));)*
                limits
            }
        }
    };
}

limit_args! {
    /// Uncompressed bytes of the archive, and of all data in its dump.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_total_bytes / with_max_total_bytes;
    /// Uncompressed bytes of one member.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_entry_bytes / with_max_entry_bytes;
    /// Members of the archive.
    #[arg(long, value_name = "N")]
    max_entries / with_max_entries;
    /// Bytes of `.metadata`.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, hide_short_help = true)]
    max_metadata_bytes / with_max_metadata_bytes;
    /// Bytes of the extended headers before one member.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, hide_short_help = true)]
    max_extension_bytes / with_max_extension_bytes;
    /// Consecutive extended headers before one member.
    #[arg(long, value_name = "N", hide_short_help = true)]
    max_extensions / with_max_extensions;
    /// Bytes of the header of one gzip member.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, hide_short_help = true)]
    max_gzip_header_bytes / with_max_gzip_header_bytes;
    /// Bytes of a dump's table of contents.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, hide_short_help = true)]
    max_toc_bytes / with_max_toc_bytes;
    /// Entries of a dump's table of contents.
    #[arg(long, value_name = "N", hide_short_help = true)]
    max_toc_entries / with_max_toc_entries;
    /// Bytes of one string in a dump's header or table of contents.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, hide_short_help = true)]
    max_string_bytes / with_max_string_bytes;
    /// Bytes of one row of a table.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, hide_short_help = true)]
    max_row_bytes / with_max_row_bytes;
    /// Uncompressed bytes of all data in a dump.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_decompressed_bytes / with_max_decompressed_bytes;
    /// Bytes of one event of a Squidex archive.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, hide_short_help = true)]
    max_event_bytes / with_max_event_bytes;
    /// History that Zstandard data in a dump refers back to, which is held in memory.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_window_bytes / with_max_window_bytes;
    /// Findings of one code that are kept; all are counted.
    #[arg(long, value_name = "N", hide_short_help = true)]
    max_findings_per_code / with_max_findings_per_code;
}

impl LimitArgs {
    /// Returns the limits of a command, with those that the command line sets.
    pub fn limits(&self) -> Limits {
        self.apply(command_limits())
    }
}

/// Returns the option that raises the limit that a message names.
pub fn raising_option(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("the limit max_")?;
    let name = rest.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).next()?;
    Some(format!("--max-{}", name.replace('_', "-")))
}
