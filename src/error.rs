//! One error for the whole crate, and the skeleton on which every module builds its own.
//!
//! Every module has an `Error` with a `kind()` to match on, and all of them answer the same questions: the
//! [`Category`], the position in the input, the context (a member, a file, an entry), and a predicate for each category
//! that a program usually acts on. Each of them converts into [`Error`], so that `?` works across modules:
//!
//! ```
//! use appsnap::error::Category;
//! use appsnap::{Limits, metadata::Metadata};
//!
//! fn dump_bytes(json: &[u8]) -> Result<Option<u64>, appsnap::Error> {
//!     let (metadata, _) = Metadata::parse(json, &Limits::untrusted())?;
//!     Ok(metadata.dump_size_bytes())
//! }
//!
//! fn http_status(error: &appsnap::Error) -> u16 {
//!     match error.category() {
//!         Category::BadInput | Category::Truncated => 422,
//!         Category::Unsupported => 415,
//!         Category::Limit => 413,
//!         Category::NotFound => 404,
//!         Category::Changed => 409,
//!         Category::Misuse => 400,
//!         _ => 500,
//!     }
//! }
//!
//! let error = dump_bytes(br#"{"dumpSize":"many"}"#).unwrap_err();
//! assert_eq!(http_status(&error), 422);
//! assert!(error.downcast_ref::<appsnap::metadata::Error>().is_some());
//! ```

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::limits::LimitExceeded;

/// The party that has to act on an error: enough to choose an exit code or an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// The input is damaged, ambiguous, or something else than expected.
    BadInput,
    /// The input ends too early: transfer or create it again.
    Truncated,
    /// The input may be sound, but this build or the requested target cannot represent it.
    Unsupported,
    /// The input needs more than the [`Limits`](crate::Limits) allow.
    Limit,
    /// The requested item does not exist.
    NotFound,
    /// The source was modified while it was being read: try again.
    Changed,
    /// The operating system, the network, or a caller's `Read` or `Write` failed.
    Io,
    /// The observer cancelled the operation.
    Cancelled,
    /// The caller asked for something impossible.
    Misuse,
    /// A bug in this crate.
    Internal,
}

impl Category {
    /// The kind of the [`io::Error`] that carries an error of this category through `Read` and `Write`.
    const fn io_kind(self) -> io::ErrorKind {
        match self {
            // Not `UnexpectedEof`, which a failing source may report, too.
            Self::BadInput | Self::Truncated => io::ErrorKind::InvalidData,
            Self::Limit => io::ErrorKind::FileTooLarge,
            Self::Unsupported => io::ErrorKind::Unsupported,
            Self::NotFound => io::ErrorKind::NotFound,
            Self::Misuse => io::ErrorKind::InvalidInput,
            // Never `Interrupted`: callers repeat the call then.
            Self::Changed | Self::Io | Self::Cancelled | Self::Internal => io::ErrorKind::Other,
        }
    }

    /// The category of what a caller's `Read` reports: a decoder in it is the judge of the bytes.
    fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::BadInput,
            // The system has this kind, too, for a file that it cannot write: without an inner error.
            io::ErrorKind::FileTooLarge if error.get_ref().is_some() => Self::Limit,
            _ => Self::Io,
        }
    }
}

/// The detailed reason of a module's error.
pub(crate) trait Kind: Clone + fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// The bytes in which positions are counted, such as `the tar stream`; empty if there is only one choice.
    const POSITION_IN: &'static str = "";

    /// The party that has to act. An I/O error whose source says otherwise is corrected by the skeleton.
    fn category(&self) -> Category;

    /// The error of another module that this one repeats.
    fn inner(&self) -> Option<&dyn ModuleError> {
        None
    }

    /// The kind of the [`io::Error`] that carries this error, if the category does not say it.
    fn io_kind(&self) -> Option<io::ErrorKind> {
        None
    }
}

/// The answers that every module's error gives, for [`Error`] and for modules that pass an error on.
pub(crate) trait ModuleError: StdError + Send + Sync + 'static {
    fn category(&self) -> Category;
    fn position(&self) -> Option<u64>;
    fn context(&self) -> Option<&str>;
}

/// A pointer to a reason, where it happened, and its cause. Cloning shares it.
pub(crate) struct Skeleton<K>(Arc<Inner<K>>);

#[derive(Clone)]
struct Inner<K> {
    kind: K,
    position: Option<u64>,
    /// Escaped.
    context: Option<Box<str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl<K: Kind> Skeleton<K> {
    #[cold]
    pub(crate) fn new(kind: K) -> Self {
        Self(Arc::new(Inner { kind, position: None, context: None, source: None }))
    }

    /// Adds the position. The first one stays: it is the closest to the cause.
    #[cold]
    pub(crate) fn at(mut self, position: u64) -> Self {
        Arc::make_mut(&mut self.0).position.get_or_insert(position);
        self
    }

    /// Adds the context, which is printable. The first one stays.
    #[cold]
    pub(crate) fn within(mut self, context: impl Into<String>) -> Self {
        if self.context().is_none() {
            Arc::make_mut(&mut self.0).context = Some(context.into().into_boxed_str());
        }
        self
    }

    #[cold]
    pub(crate) fn because(mut self, source: Arc<dyn StdError + Send + Sync>) -> Self {
        Arc::make_mut(&mut self.0).source = Some(source);
        self
    }

    pub(crate) fn kind(&self) -> &K {
        &self.0.kind
    }

    pub(crate) fn position(&self) -> Option<u64> {
        self.0.position.or_else(|| self.0.kind.inner().and_then(ModuleError::position))
    }

    pub(crate) fn context(&self) -> Option<&str> {
        self.0.context.as_deref().or_else(|| self.0.kind.inner().and_then(ModuleError::context))
    }

    pub(crate) fn shared_source(&self) -> Option<&Arc<dyn StdError + Send + Sync>> {
        self.0.source.as_ref()
    }

    fn io_source(&self) -> Option<&io::Error> {
        self.0.source.as_ref()?.downcast_ref()
    }

    pub(crate) fn category(&self) -> Category {
        match self.0.kind.category() {
            Category::Io => self.io_source().map_or(Category::Io, Category::of_io),
            category => category,
        }
    }

    pub(crate) fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            // The inner error's message is part of this one's; its source comes next in the chain.
            None => self.0.kind.inner().and_then(|inner| StdError::source(inner)),
        }
    }

    pub(crate) fn io_kind(&self) -> io::ErrorKind {
        let category = self.category();
        match self.io_source() {
            Some(source) if matches!(self.0.kind.category(), Category::Io) => source.kind(),
            _ => self.0.kind.io_kind().unwrap_or_else(|| category.io_kind()),
        }
    }
}

impl<K> Clone for Skeleton<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Kind> fmt::Display for Skeleton<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, position, context, .. } = &*self.0;
        // An inner error prints its own context and position.
        let inner = kind.inner();
        let inner_context = inner.and_then(ModuleError::context);
        if let Some(context) = context
            && inner_context != Some(context)
        {
            write!(f, "{context}: ")?;
        }
        fmt::Display::fmt(kind, f)?;
        match position {
            Some(position) if inner.and_then(ModuleError::position).is_none() => {
                write!(f, " (at byte {position}")?;
                if !K::POSITION_IN.is_empty() {
                    write!(f, " of {}", K::POSITION_IN)?;
                }
                f.write_str(")")
            }
            _ => Ok(()),
        }
    }
}

impl<K: Kind> fmt::Debug for Skeleton<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, position, context, source } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("position", position)
            .field("context", context)
            .field("source", source)
            .finish()
    }
}

#[allow(dead_code, reason = "for modules that read through others")]
/// The error of type `E` that `source` carried through `Read` or `Write`.
pub(crate) fn carried<E: StdError + Clone + 'static>(source: &(dyn StdError + 'static)) -> Option<E> {
    source.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref().cloned()
}

/// Makes a module's `Error` from its kind.
///
/// `pub struct Error(ErrorKind);` matches on the kind itself. `pub struct Error(Fault as ErrorKind);` has a detailed
/// reason of its own, `Fault`, whose method `kind(&self) -> &ErrorKind` says what the public kind is. After it the kinds
/// that have the same form everywhere: `with Io, Limit, Cancelled;`.
macro_rules! module_error {
    ($(#[$doc:meta])* $vis:vis struct Error($kind:ident); $(with $($same:ident),+;)?) => {
        $crate::error::module_error! { @body [$(#[$doc])* $vis] $kind }

        impl Error {
            /// Returns the reason, to be matched.
            #[must_use]
            pub fn kind(&self) -> &$kind {
                self.0.kind()
            }
        }

        $($($crate::error::module_error! { @$same $kind })+)?
    };
    ($(#[$doc:meta])* $vis:vis struct Error($fault:ident as $kind:ident); $(with $($same:ident),+;)?) => {
        $crate::error::module_error! { @body [$(#[$doc])* $vis] $fault }

        impl Error {
            /// Returns the reason, to be matched.
            #[must_use]
            pub fn kind(&self) -> &$kind {
                self.0.kind().kind()
            }

            #[allow(dead_code, reason = "not every module looks at the details of another")]
            pub(crate) fn fault(&self) -> &$fault {
                self.0.kind()
            }
        }

        $($($crate::error::module_error! { @$same $fault })+)?
    };
    (@Io $kind:ident) => {
        impl Error {
            /// An error of this module that travelled through `Read` comes out as it went in.
            #[cold]
            #[allow(dead_code, reason = "not every module reads")]
            pub(crate) fn io(action: &'static str, source: std::io::Error) -> Self {
                match source.downcast::<Self>() {
                    Ok(error) => error,
                    Err(source) => Self::new($kind::Io { action }).because(source),
                }
            }
        }
    };
    (@Limit $kind:ident) => {
        impl From<$crate::limits::LimitExceeded> for Error {
            fn from(exceeded: $crate::limits::LimitExceeded) -> Self {
                Self::new($kind::Limit(exceeded))
            }
        }
    };
    (@Cancelled $kind:ident) => {
        impl From<$crate::observe::Cancelled> for Error {
            fn from(_: $crate::observe::Cancelled) -> Self {
                Self::new($kind::Cancelled)
            }
        }
    };
    (@body [$(#[$doc:meta])* $vis:vis] $kind:ident) => {
        $crate::error::module_error! { @face [$(#[$doc])* $vis] $kind }

        impl From<Error> for $crate::error::Error {
            fn from(error: Error) -> Self {
                Self::wrap(error)
            }
        }
    };
    // What the crate's own error has, too.
    (@face [$(#[$doc:meta])* $vis:vis] $kind:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        $vis struct Error($crate::error::Skeleton<$kind>);

        #[allow(dead_code, reason = "not every module knows positions, contexts and causes")]
        impl Error {
            #[cold]
            pub(crate) fn new(kind: $kind) -> Self {
                Self($crate::error::Skeleton::new(kind))
            }

            /// Adds the position, if none is known yet.
            #[cold]
            pub(crate) fn at(self, position: u64) -> Self {
                Self(self.0.at(position))
            }

            /// Adds the context, which is printable text, if none is known yet.
            #[cold]
            pub(crate) fn within(self, context: impl Into<String>) -> Self {
                Self(self.0.within(context))
            }

            /// Adds a name as the context, escaped, if it is not empty and no context is known yet.
            #[cold]
            pub(crate) fn within_name(self, name: &[u8]) -> Self {
                if name.is_empty() { self } else { self.within($crate::layout::escaped(name).to_string()) }
            }

            #[cold]
            pub(crate) fn because(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
                Self(self.0.because(std::sync::Arc::new(source)))
            }

            /// Takes over the cause of another error.
            #[cold]
            pub(crate) fn because_shared(
                self,
                source: Option<&std::sync::Arc<dyn std::error::Error + Send + Sync>>,
            ) -> Self {
                match source {
                    Some(source) => Self(self.0.because(std::sync::Arc::clone(source))),
                    None => self,
                }
            }

            pub(crate) fn shared_source(&self) -> Option<&std::sync::Arc<dyn std::error::Error + Send + Sync>> {
                self.0.shared_source()
            }
        }

        impl Error {
            /// Returns the category: the party that has to act.
            #[must_use]
            pub fn category(&self) -> $crate::error::Category {
                self.0.category()
            }

            /// Returns the offset in the input at which it happened, in bytes, if known.
            #[must_use]
            pub fn position(&self) -> Option<u64> {
                self.0.position()
            }

            /// Returns the location in the input (a member, a file, an entry), escaped for display, if known.
            #[must_use]
            pub fn context(&self) -> Option<&str> {
                self.0.context()
            }

            /// Returns `true` if the input is damaged, ambiguous, truncated, or something else than expected.
            #[must_use]
            pub fn is_bad_input(&self) -> bool {
                matches!(self.category(), $crate::error::Category::BadInput | $crate::error::Category::Truncated)
            }

            /// Returns `true` if the input ends too early. Then [`is_bad_input`](Self::is_bad_input) is `true`, too.
            #[must_use]
            pub fn is_truncated(&self) -> bool {
                matches!(self.category(), $crate::error::Category::Truncated)
            }

            /// Returns `true` if the input needs more than a limit allows. It may be sound.
            #[must_use]
            pub fn is_limit(&self) -> bool {
                matches!(self.category(), $crate::error::Category::Limit)
            }

            /// Returns `true` if the operating system, the network, or a caller's `Read` or `Write` failed.
            #[must_use]
            pub fn is_io(&self) -> bool {
                matches!(self.category(), $crate::error::Category::Io)
            }

            /// Returns `true` if the observer cancelled the operation.
            #[must_use]
            pub fn is_cancelled(&self) -> bool {
                matches!(self.category(), $crate::error::Category::Cancelled)
            }

            /// Returns `true` if the caller asked for something impossible.
            #[must_use]
            pub fn is_misuse(&self) -> bool {
                matches!(self.category(), $crate::error::Category::Misuse)
            }
        }

        impl $crate::error::ModuleError for Error {
            fn category(&self) -> $crate::error::Category {
                self.0.category()
            }

            fn position(&self) -> Option<u64> {
                self.0.position()
            }

            fn context(&self) -> Option<&str> {
                self.0.context()
            }
        }

        impl std::fmt::Display for Error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::fmt::Debug for Error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl std::error::Error for Error {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                self.0.source()
            }
        }

        impl From<Error> for std::io::Error {
            /// Carries the error through `Read` and `Write`; [`io::Error::downcast`](std::io::Error::downcast) takes it
            /// out again.
            fn from(error: Error) -> Self {
                Self::new(error.0.io_kind(), error)
            }
        }

        const _: () = assert!(size_of::<Option<Error>>() == size_of::<usize>());
    };
}
pub(crate) use module_error;

module_error! { @face [
    /// Any error of this crate. One pointer in size, and cheap to clone.
    ///
    /// Every module's error converts into it, and [`downcast_ref`](Self::downcast_ref) gives it back.
    /// [The module](self) shows how to use it.
    pub
] Reason }

/// What [`Error`] consists of. It has no kind to match on: that is the module's error.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "for modules without an error of their own")]
pub(crate) enum Reason {
    /// The error of a module.
    Module(Arc<dyn ModuleError>),
    /// An error of the modules that have none of their own.
    Own(Category, Cow<'static, str>),
    Io {
        action: &'static str,
    },
    Limit(LimitExceeded),
    Cancelled,
}

module_error! { @Io Reason }
module_error! { @Limit Reason }
module_error! { @Cancelled Reason }

impl Kind for Reason {
    fn category(&self) -> Category {
        match self {
            Self::Module(error) => error.category(),
            Self::Own(category, _) => *category,
            Self::Io { .. } => Category::Io,
            Self::Limit(_) => Category::Limit,
            Self::Cancelled => Category::Cancelled,
        }
    }

    fn inner(&self) -> Option<&dyn ModuleError> {
        match self {
            Self::Module(error) => Some(&**error),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(error) => error.fmt(f),
            Self::Own(_, message) => f.write_str(message),
            Self::Io { action } => write!(f, "{action} failed"),
            Self::Limit(exceeded) => exceeded.fmt(f),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl Error {
    #[cold]
    pub(crate) fn wrap(error: impl ModuleError) -> Self {
        Self::new(Reason::Module(Arc::new(error)))
    }

    /// An error of a module that has no error of its own.
    #[cold]
    #[allow(dead_code, reason = "for modules without an error of their own")]
    pub(crate) fn of(category: Category, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::Own(category, message.into()))
    }

    /// Returns the error of the module in which it happened, if that is `E`.
    ///
    /// ```
    /// use appsnap::{Limits, gzip};
    /// use std::io::Read;
    ///
    /// let error = gzip::Reader::new(&b"PK\x03\x04"[..], &Limits::untrusted()).read(&mut [0; 9]).unwrap_err();
    /// let error = appsnap::Error::from(error.downcast::<gzip::Error>()?);
    /// let kind = error.downcast_ref::<gzip::Error>().map(gzip::Error::kind);
    /// assert!(matches!(kind, Some(gzip::ErrorKind::NotGzip)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        let error: &(dyn StdError + 'static) = self.0.kind().inner()?;
        error.downcast_ref()
    }
}

impl From<io::Error> for Error {
    /// Makes `?` work for files as well. An error of this crate that travelled through `Read` keeps its category.
    fn from(error: io::Error) -> Self {
        Self::io("reading or writing", error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Cancelled;

    /// A module with an error, in small.
    #[allow(unreachable_pub, dead_code, reason = "the macro makes public errors")]
    mod sample {
        use super::*;

        crate::error::module_error! {
            /// Of a sample.
            pub(super) struct Error(ErrorKind);
            with Io, Limit, Cancelled;
        }

        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(super) enum ErrorKind {
            Io { action: &'static str },
            Limit(LimitExceeded),
            Damaged,
            Cancelled,
        }

        impl Kind for ErrorKind {
            const POSITION_IN: &'static str = "the sample";

            fn category(&self) -> Category {
                match self {
                    Self::Io { .. } => Category::Io,
                    Self::Limit(_) => Category::Limit,
                    Self::Damaged => Category::BadInput,
                    Self::Cancelled => Category::Cancelled,
                }
            }
        }

        impl fmt::Display for ErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Io { action } => write!(f, "{action} failed"),
                    Self::Limit(exceeded) => exceeded.fmt(f),
                    Self::Damaged => f.write_str("damaged"),
                    Self::Cancelled => f.write_str("cancelled"),
                }
            }
        }
    }

    fn chain(error: &dyn StdError) -> Vec<String> {
        std::iter::successors(Some(error), |error| (*error).source()).map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_context_and_position_stay() {
        let error = sample::Error::new(sample::ErrorKind::Damaged).within("a").at(3).within("b").at(5);
        assert_eq!(error.to_string(), "a: damaged (at byte 3 of the sample)");
        assert_eq!((error.context(), error.position()), (Some("a"), Some(3)));
    }

    #[test]
    fn names_are_escaped_in_the_context() {
        let error = sample::Error::new(sample::ErrorKind::Damaged).within_name("a\u{202e}\x1b[2J".as_bytes());
        assert!(error.to_string().chars().all(|c| c.is_ascii_graphic() || c == ' '), "{error}");
    }

    #[test]
    fn predicates_follow_the_category() {
        let error = sample::Error::from(Cancelled);
        assert!(error.is_cancelled() && !error.is_bad_input() && !error.is_io() && !error.is_limit());
        assert!(sample::Error::new(sample::ErrorKind::Damaged).is_bad_input());
        assert!(Error::of(Category::Truncated, "ends").is_truncated());
        assert!(Error::of(Category::Truncated, "ends").is_bad_input());
        assert!(Error::of(Category::Misuse, "no").is_misuse());
    }

    #[test]
    fn a_cause_is_chained_and_not_repeated() {
        let error = Error::from(sample::Error::io("reading", io::Error::other("cable unplugged")).at(9));
        assert_eq!(chain(&error), ["reading failed (at byte 9 of the sample)", "cable unplugged"]);
        assert!(error.is_io());
    }

    #[test]
    fn an_error_survives_the_way_through_read() {
        let error = sample::Error::new(sample::ErrorKind::Damaged).at(17);
        let back = sample::Error::io("reading", io::Error::from(error));
        assert_eq!((back.kind(), back.position()), (&sample::ErrorKind::Damaged, Some(17)));
    }

    #[test]
    fn a_reader_that_finds_bad_data_does_not_make_it_a_failure_of_the_system() {
        let carried = |error: sample::Error| Error::io("copying", io::Error::from(error));
        assert!(carried(sample::Error::new(sample::ErrorKind::Damaged)).is_bad_input());
        let exceeded = LimitExceeded { name: "max_total_bytes", allowed: 1, wanted: 2 };
        assert!(carried(exceeded.into()).is_limit());
        assert!(Error::io("reading", io::ErrorKind::PermissionDenied.into()).is_io());
    }

    #[test]
    fn the_error_of_a_module_comes_out_of_the_one_of_the_crate() {
        let error = Error::from(sample::Error::new(sample::ErrorKind::Damaged).at(4)).within("file.tar");
        assert_eq!(error.to_string(), "file.tar: damaged (at byte 4 of the sample)");
        assert_eq!((error.position(), error.context()), (Some(4), Some("file.tar")));
        assert!(error.downcast_ref::<sample::Error>().is_some() && error.downcast_ref::<io::Error>().is_none());
        let error = io::Error::from(error).downcast::<Error>().unwrap();
        assert!(error.downcast_ref::<sample::Error>().is_some());
    }
}
