//! What a check came to: [`Report`].

use std::fmt;

use serde::{Serialize, Serializer};

use super::files::{FileComparison, FileCounts};
use super::finding::{Finding, Tally};
use super::registry::Code;
use super::verdict::Verdict;
use crate::layout::Contents;

/// What a check came to: the verdict, and every finding that it rests on.
///
/// [`Display`](fmt::Display) is for people, and shows a few findings of each code; serialising gives what programs want.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::check::{CheckOptions, Profile, check};
/// # use appsnap::observe::NoObserver;
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let report = check(dump, &Profile::mendix_cloud(), &CheckOptions::new(), &mut NoObserver)?;
/// use appsnap::check::Verdict;
///
/// // A sound dump without its documents.
/// assert_eq!((report.verdict(), report.profile()), (Verdict::Accept, "mendix-cloud"));
/// for (code, count) in report.counts() {
///     println!("{code}: {count}");
/// }
/// println!("{}", serde_json::to_string_pretty(&report)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    verdict: Verdict,
    profile: String,
    findings: Vec<Finding>,
    #[serde(serialize_with = "as_map")]
    counts: Vec<(Code, u64)>,
    contents: Summary,
    #[serde(skip)]
    files: Option<FileComparison>,
}

/// What is in a file that was checked, as far as it could be read.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::check::{CheckOptions, Profile, check};
/// # use appsnap::observe::NoObserver;
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let report = check(dump, &Profile::mendix_cloud(), &CheckOptions::new(), &mut NoObserver)?;
/// use appsnap::layout::Contents;
///
/// let contents = report.contents();
/// assert_eq!((contents.kind, contents.contents), ("custom-dump", Some(Contents::DatabaseOnly)));
/// assert_eq!((contents.dump_version.as_deref(), contents.decompressed_bytes), (Some("1.14"), Some(26_465)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// What the file is, in the words of [`Detection::name`](crate::detect::Detection::name).
    pub kind: &'static str,
    /// What a snapshot holds besides its metadata; `None` for what could not be read to its end.
    #[serde(serialize_with = "as_name")]
    pub contents: Option<Contents>,
    /// Whether everything was read to the last byte, and every checksum and length was right.
    #[serde(rename = "verified")]
    pub is_verified: bool,
    /// Documents in the archive.
    #[serde(rename = "documents")]
    pub documents_count: u64,
    /// Length of all documents in bytes.
    pub document_bytes: u64,
    /// Length of the dump; `None` when there is none.
    pub database_bytes: Option<u64>,
    /// The archive version of the dump.
    pub dump_version: Option<String>,
    /// Bytes of all data in the dump, decompressed.
    pub decompressed_bytes: Option<u64>,
    /// How the files that the database knows relate to the documents; `None` when they were not compared.
    pub files: Option<FileCounts>,
}

impl Summary {
    pub(super) const fn new(kind: &'static str) -> Self {
        Self {
            kind,
            contents: None,
            is_verified: false,
            documents_count: 0,
            document_bytes: 0,
            database_bytes: None,
            dump_version: None,
            decompressed_bytes: None,
            files: None,
        }
    }
}

impl Report {
    pub(super) fn new(profile: &str, tally: Tally<'_>, contents: Summary, files: Option<FileComparison>) -> Self {
        let (worst, counts, findings) = tally.finish();
        Self { verdict: Verdict::of_worst(worst), profile: profile.to_owned(), findings, counts, contents, files }
    }

    /// The verdict: that of the worst finding.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Name of the profile that the findings were judged by.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// The findings: the worst first, those of a code together, then in the order of the archive; of each code at most
    /// [`Limits::max_findings_per_code`](crate::Limits::max_findings_per_code).
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many findings there were of each code that occurred, kept or not.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = (Code, u64)> {
        self.counts.iter().copied()
    }

    /// How many findings there were of `code`, kept or not.
    #[must_use]
    pub fn count(&self, code: Code) -> u64 {
        self.counts().find(|(other, _)| *other == code).map_or(0, |(_, count)| count)
    }

    /// What is in the file.
    #[must_use]
    pub const fn contents(&self) -> &Summary {
        &self.contents
    }

    /// The files that the database knows against the documents, for full lists; `None` when they were not compared.
    #[must_use]
    pub const fn files(&self) -> Option<&FileComparison> {
        self.files.as_ref()
    }
}

/// Findings of one code that are shown to people.
const SHOWN_COUNT: usize = 5;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (profile {})", self.verdict, self.profile)?;
        self.contents.fmt(f)?;
        for findings in self.findings.chunk_by(|one, other| one.code() == other.code()) {
            let Some(first) = findings.first() else { continue };
            writeln!(f, "\n{} {}: {}", first.severity(), first.code(), first.code().explanation())?;
            for finding in findings.iter().take(SHOWN_COUNT) {
                match finding.place() {
                    Some(place) => writeln!(f, "  {place}: {}", finding.message())?,
                    None => writeln!(f, "  {}", finding.message())?,
                }
            }
            let count = self.count(first.code());
            let left_count = count.saturating_sub(findings.len().min(SHOWN_COUNT) as u64);
            if left_count > 0 {
                writeln!(f, "  and {left_count} more")?;
            }
            writeln!(f, "  help: {}", first.code().help())?;
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(contents) = self.contents {
            write!(f, ", {contents}")?;
        }
        if let Some(bytes) = self.database_bytes {
            write!(f, ", a dump of {bytes} bytes")?;
        }
        if let Some(version) = &self.dump_version {
            write!(f, " in version {version}")?;
        }
        if self.documents_count > 0 {
            write!(f, ", {} documents of {} bytes", self.documents_count, self.document_bytes)?;
        }
        f.write_str(if self.is_verified { ", verified to the last byte\n" } else { ", not read to its end\n" })
    }
}

fn as_map<S: Serializer>(counts: &[(Code, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.iter().map(|(code, count)| (code.code(), count)))
}

fn as_name<S: Serializer>(contents: &Option<Contents>, serializer: S) -> Result<S::Ok, S::Error> {
    contents.map(Contents::name).serialize(serializer)
}
