//! The result of a check: [`Report`].

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::files::{FileCase, FileComparison, FileCounts};
use super::profile::Profile;
use super::ranking::Ranking;
use super::verdict::Verdict;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::layout::Contents;

/// The result of a check: the verdict, and its findings.
///
/// [`Display`](fmt::Display) is for people, and shows a few findings of each code. Serializing gives all of them, each
/// with the additional member `allowed`.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::check::{CheckOptions, Profile, check};
/// # use appsnap::observe::NoObserver;
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let report = check(dump, &Profile::mendix_cloud(), &CheckOptions::new(), &mut NoObserver)?;
/// use appsnap::check::{Code, Verdict};
///
/// // A sound dump without its documents.
/// assert_eq!((report.verdict(), report.profile()), (Verdict::Accept, "mendix-cloud"));
/// assert_eq!(report.findings().count_of(Code::DatabaseOnly), 1);
/// println!("{}", serde_json::to_string_pretty(&report)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    verdict: Verdict,
    profile: String,
    allowed: Vec<Code>,
    findings: Diagnostics,
    contents: Summary,
    files: Option<FileComparison>,
}

/// The contents of a checked file, as far as it could be read.
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
    /// The kind of file, in the words of [`Detection::name`](crate::detect::Detection::name).
    pub kind: &'static str,
    /// The parts of a snapshot; `None` for a file that could not be read to its end.
    #[serde(serialize_with = "as_name")]
    pub contents: Option<Contents>,
    /// `true` if everything was read to the last byte, and every checksum and length was right.
    #[serde(rename = "verified")]
    pub is_verified: bool,
    /// Number of documents in the archive.
    #[serde(rename = "documents")]
    pub documents_count: u64,
    /// Length of all documents in bytes.
    pub document_bytes: u64,
    /// Length of the dump, in bytes; `None` if there is none.
    pub database_bytes: Option<u64>,
    /// The archive version of the dump.
    pub dump_version: Option<String>,
    /// Length of all data in the dump when decompressed, in bytes.
    pub decompressed_bytes: Option<u64>,
    /// The comparison of the database's files with the documents; `None` if they were not compared.
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
    pub(super) fn new(
        profile: &Profile,
        ranking: Ranking<'_>,
        contents: Summary,
        files: Option<FileComparison>,
    ) -> Self {
        let (verdict, findings) = ranking.finish();
        let (profile, allowed) = (profile.name().to_owned(), profile.allowed().collect());
        Self { verdict, profile, allowed, findings, contents, files }
    }

    /// Returns the verdict: that of the worst finding that is not allowed.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Returns `true` unless the verdict is [`Verdict::Reject`]: the file is whole, and the platform accepts it.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        !matches!(self.verdict, Verdict::Reject)
    }

    /// Returns the name of the profile that ranked the findings.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// Returns the codes that the profile [allows](Profile::with_allowed).
    #[must_use]
    pub fn allowed(&self) -> &[Code] {
        &self.allowed
    }

    fn allows(&self, finding: &Diagnostic) -> bool {
        self.allowed.contains(&finding.code())
    }

    /// Returns the findings: the highest severity first, those of a code together, otherwise in the order of the archive.
    #[must_use]
    pub const fn findings(&self) -> &Diagnostics {
        &self.findings
    }

    /// Returns a summary of the file.
    #[must_use]
    pub const fn contents(&self) -> &Summary {
        &self.contents
    }

    /// Takes the comparison out of the report.
    pub(crate) const fn take_files(&mut self) -> Option<FileComparison> {
        self.files.take()
    }

    /// Returns every row of the database's files and every document, in the order of the UUIDs; `None` if they were not
    /// compared. Their numbers are in [`contents`](Self::contents).
    ///
    /// ```
    /// # use std::fs::File;
    /// # use appsnap::observe::NoObserver;
    /// # use appsnap::prepare::{Database, PrepareOptions, Prepared};
    /// # use appsnap::source::directory::{self, DirectoryOptions};
    /// # let folder = tempfile::tempdir()?;
    /// # std::fs::write(folder.path().join("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002"), "hello")?;
    /// # std::fs::write(folder.path().join("0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
    /// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
    /// # let options = PrepareOptions::new().with_model_version("1.0.0.40");
    /// # let dump = File::open("examples/data/quickstart.dump")?;
    /// # let database = Database::open(dump, &options, &mut NoObserver)?;
    /// # let prepared = Prepared::new(Some(database), Some(&plan), &options)?;
    /// # let report = prepared.report();
    /// use appsnap::check::Code;
    ///
    /// // Two rows and two documents, of which one pair belongs together.
    /// let files = report.files().expect("the dump has the table of files");
    /// let codes: Vec<_> = files.map(|case| case.code).collect();
    /// assert_eq!(codes, [Some(Code::DocumentOrphan), Some(Code::DocumentMissing), None]);
    /// let counts = report.contents().files.as_ref().expect("they were compared");
    /// assert_eq!((counts.rows, counts.present, counts.missing, counts.orphans), (2, 1, 1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn files(&self) -> Option<impl Iterator<Item = FileCase>> {
        self.files.as_ref().map(FileComparison::cases)
    }
}

/// Findings of one code that are shown to people.
const SHOWN_COUNT: usize = 5;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (profile {})", self.verdict, self.profile)?;
        self.contents.fmt(f)?;
        for findings in self.findings.as_slice().chunk_by(|one, other| one.code() == other.code()) {
            let Some(first) = findings.first() else { continue };
            let code = first.code();
            let allowed = if self.allowed.contains(&code) { ", allowed" } else { "" };
            writeln!(f, "\n{}{allowed} {code}: {}", first.severity(), code.explanation())?;
            for finding in findings.iter().take(SHOWN_COUNT) {
                match finding.location() {
                    Some(location) => writeln!(f, "  {location}: {}", finding.message())?,
                    None => writeln!(f, "  {}", finding.message())?,
                }
            }
            let left_count = self.findings.count_of(code).saturating_sub(findings.len().min(SHOWN_COUNT) as u64);
            if left_count > 0 {
                writeln!(f, "  and {left_count} more")?;
            }
            writeln!(f, "  help: {}", code.help())?;
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

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Finding<'a> {
            #[serde(flatten)]
            diagnostic: &'a Diagnostic,
            allowed: bool,
        }
        let finding = |diagnostic| Finding { diagnostic, allowed: self.allows(diagnostic) };
        let mut report = serializer.serialize_struct("Report", 6)?;
        report.serialize_field("verdict", &self.verdict)?;
        report.serialize_field("profile", &self.profile)?;
        report.serialize_field("allowed", &self.allowed)?;
        report.serialize_field("findings", &self.findings.iter().map(finding).collect::<Vec<_>>())?;
        report.serialize_field("counts", &self.findings.counts().collect::<BTreeMap<_, _>>())?;
        report.serialize_field("contents", &self.contents)?;
        report.end()
    }
}

fn as_name<S: Serializer>(contents: &Option<Contents>, serializer: S) -> Result<S::Ok, S::Error> {
    contents.map(Contents::name).serialize(serializer)
}
