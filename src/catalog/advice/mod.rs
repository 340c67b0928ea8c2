//! What the platforms' documentation has to say about restoring, uploading or making a backup: [`advise`].
//!
//! Each [`Advice`] is a typed [`Matter`] with a severity, the text it comes from and the year of that text, since platforms
//! change their rules. Only what is known is judged: a [`Subject`] is the backup, a [`Target`] where it should go and under
//! which circumstances; what neither says is neither warned of nor ruled out.
//!
//! ```
//! use appsnap::catalog::advice::{Circumstance, Matter, Operation, Product, Subject, Target, advise};
//! use appsnap::catalog::{Host, Record, State};
//!
//! let mut record = Record::new(
//!     Host::PlatformSh, "7jks7dru5xpx5p5id5wtypur2y", "2022-08-23T13:05:33Z".parse()?, State::new(Host::PlatformSh, "CREATED"),
//! );
//! record.restorable = Some(true);
//! record.live = Some(true);
//! let target = Target::new(Product::PlatformSh, Operation::Restore);
//! let advisory = advise(&Subject::of(&record), &target);
//! assert!(advisory.is_allowed());
//! assert!(advisory.iter().any(|advice| *advice.matter() == Matter::LiveBackup));
//!
//! let advisory = advise(&Subject::of(&record), &target.with(Circumstance::InactiveEnvironment));
//! assert!(!advisory.is_allowed());
//! # Ok::<(), jiff::Error>(())
//! ```

mod matter;
mod mendix;
mod platformsh;
mod squidex;
mod subject;
mod target;

use std::fmt;

pub use matter::{Matter, ModelAge};
pub use subject::Subject;
pub use target::{Circumstance, Operation, Product, Target};

use super::record::Phase;

/// How much a piece of advice weighs.
///
/// ```
/// use appsnap::catalog::advice::Severity;
///
/// assert!(Severity::Info < Severity::Warning && Severity::Warning < Severity::Refusal);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// Good to know; nothing stands in the way.
    Info,
    /// It works, with a consequence that may not be wanted.
    Warning,
    /// The platform refuses, or what comes out cannot be used.
    Refusal,
}

/// One thing to know before going on: what, how grave, and who says so since when.
///
/// ```
/// use appsnap::catalog::advice::{Circumstance, Operation, Product, Severity, Subject, Target, advise};
/// use appsnap::layout::Contents;
///
/// let archive = Subject::default().with_contents(Contents::Full);
/// let target = Target::new(Product::MendixCloud, Operation::Upload).with(Circumstance::FreeApp);
/// let advisory = advise(&archive, &target);
/// let refusal = advisory.iter().next().expect("there is one");
/// assert_eq!(refusal.severity(), Severity::Refusal);
/// println!("{refusal} ({}, {}): {}", refusal.source(), refusal.published_year(), refusal.matter().remedy());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    matter: Matter,
    severity: Severity,
    source: &'static str,
    published_year: u16,
}

impl Advice {
    /// What it is about.
    #[must_use]
    pub const fn matter(&self) -> &Matter {
        &self.matter
    }

    /// How much it weighs.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// Which text says so.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// The year of that text. A later text may say something else.
    #[must_use]
    pub const fn published_year(&self) -> u16 {
        self.published_year
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { matter, source, published_year, .. } = self;
        write!(f, "{matter}; {} ({source}, {published_year})", matter.remedy())
    }
}

/// All there is to know, refusals first.
///
/// ```
/// use appsnap::catalog::advice::{Circumstance, Operation, Product, Severity, Subject, Target, advise};
/// use appsnap::layout::Contents;
///
/// let archive = Subject::default().with_contents(Contents::Full);
/// let target = Target::new(Product::MendixCloud, Operation::Upload).with(Circumstance::FreeApp);
/// let advisory = advise(&archive, &target);
/// assert!(!advisory.is_allowed());
/// assert_eq!(advisory.worst(), Some(Severity::Refusal));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advisory(Vec<Advice>);

impl Advisory {
    /// Whether nothing known speaks against it for good.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.worst() != Some(Severity::Refusal)
    }

    /// The gravest severity, `None` when there is nothing to say.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.0.first().map(Advice::severity)
    }

    /// The pieces of advice, refusals first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Advice> {
        self.0.iter()
    }
}

/// Says what the platform's documentation has to say about doing `target`'s operation with `subject`.
///
/// ```
/// use appsnap::catalog::advice::{Operation, Product, Subject, Target, advise};
///
/// // About nothing known, nothing is refused.
/// assert!(advise(&Subject::default(), &Target::new(Product::Squidex, Operation::Restore)).is_allowed());
/// ```
#[must_use]
pub fn advise(subject: &Subject<'_>, target: &Target) -> Advisory {
    let mut collector = Collector(Vec::new());
    if target.operation() != Operation::MakeBackup {
        judge_state(subject, target, &mut collector);
    }
    match target.product() {
        Product::MendixCloud | Product::MendixCloudV3 | Product::MendixOnAzure => {
            mendix::judge(subject, target, &mut collector);
        }
        Product::PlatformSh => platformsh::judge(subject, target, &mut collector),
        Product::Squidex => squidex::judge(target, &mut collector),
    }
    let Collector(mut advice) = collector;
    advice.sort_by_key(|advice| std::cmp::Reverse(advice.severity));
    Advisory(advice)
}

/// What holds everywhere: only a whole backup that the platform calls restorable is restored.
fn judge_state(subject: &Subject<'_>, target: &Target, collector: &mut Collector) {
    let Some(record) = subject.record() else { return };
    let (source, year) = match target.product() {
        Product::MendixCloud | Product::MendixCloudV3 => (mendix::API, 2021),
        Product::MendixOnAzure => (mendix::AZURE, 2026),
        Product::PlatformSh => (platformsh::BACKUPS, 2022),
        Product::Squidex => (squidex::SOURCE, 2026),
    };
    match record.state.phase() {
        Phase::Completed => {}
        Phase::Unknown => {
            collector.add(
                Matter::StateUnknown { reported: record.state.reported().to_owned() },
                Severity::Warning,
                source,
                year,
            );
        }
        phase => collector.add(Matter::NotCompleted { phase }, Severity::Refusal, source, year),
    }
    if record.restorable == Some(false) {
        collector.add(Matter::NotRestorable, Severity::Refusal, source, year);
    }
}

struct Collector(Vec<Advice>);

impl Collector {
    fn add(&mut self, matter: Matter, severity: Severity, source: &'static str, published_year: u16) {
        self.0.push(Advice { matter, severity, source, published_year });
    }
}
