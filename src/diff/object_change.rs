//! A difference of one entry of a dump: [`ObjectChange`].

/// A table whose rows differ, or another object of a database that only one dump contains or whose SQL differs.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::diff::{Input, diff};
/// use appsnap::observe::NoObserver;
///
/// // The same app in two databases.
/// let old = Input::stream("old", File::open("examples/data/quickstart.dump")?);
/// let new = Input::stream("new", File::open("tests/data/check/pg18-default.dump")?);
/// let difference = diff(old, new, &Limits::untrusted(), &mut NoObserver)?;
/// assert!(difference.tables().is_empty(), "the rows are the same");
/// let view = difference.objects().first().expect("its SQL differs");
/// assert_eq!((view.kind(), view.name(), view.is_changed()), ("VIEW", "shop$paid", true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectChange {
    pub(super) kind: String,
    pub(super) schema: Option<String>,
    pub(super) name: String,
    pub(super) is_in: [bool; 2],
    pub(super) rows_counts: [Option<u64>; 2],
}

impl ObjectChange {
    /// Returns the kind of entry as the dump states it, such as `TABLE DATA` or `INDEX`. Bytes that are not UTF-8 are
    /// replaced, as in all texts of this type.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the schema; `None` for objects outside of schemas.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Returns the name of the object as the dump states it, for example a function's with its arguments.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns `true` if only the new dump contains it.
    #[must_use]
    pub const fn is_added(&self) -> bool {
        matches!(self.is_in, [false, true])
    }

    /// Returns `true` if only the old dump contains it.
    #[must_use]
    pub const fn is_removed(&self) -> bool {
        matches!(self.is_in, [true, false])
    }

    /// Returns `true` if both dumps contain it, with different rows or SQL.
    #[must_use]
    pub const fn is_changed(&self) -> bool {
        matches!(self.is_in, [true, true])
    }

    /// Returns the number of rows of a table in the old dump; `None` if it has no data there, or data as INSERT statements.
    #[must_use]
    pub const fn old_rows_count(&self) -> Option<u64> {
        let [old, _] = self.rows_counts;
        old
    }

    /// Returns the number of rows of a table in the new dump; `None` if it has no data there, or data as INSERT statements.
    #[must_use]
    pub const fn new_rows_count(&self) -> Option<u64> {
        let [_, new] = self.rows_counts;
        new
    }
}
