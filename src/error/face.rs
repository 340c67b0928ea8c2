//! The type `Error` around a skeleton: what a module's error and that of the crate have in common.

/// Makes a type `Error` from its reason, and conversions into it.
macro_rules! error_face {
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

            /// Adds a path as the context, escaped, if no context is known yet.
            #[cold]
            pub(crate) fn within_path(self, path: impl AsRef<std::path::Path>) -> Self {
                self.within_name(path.as_ref().as_os_str().as_encoded_bytes())
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

        impl<W> From<$crate::error::FinishError<W, Error>> for Error {
            fn from(error: $crate::error::FinishError<W, Error>) -> Self {
                error.into_parts().0
            }
        }

        const _: () = assert!(size_of::<Option<Error>>() == size_of::<usize>());
    };
}
pub(crate) use error_face;
