//! The macro that makes a module's error.

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

        $($($crate::error::error_face! { @$same $kind })+)?
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

        $($($crate::error::error_face! { @$same $fault })+)?
    };
    (@body [$(#[$doc:meta])* $vis:vis] $kind:ident) => {
        $crate::error::error_face! { @face [$(#[$doc])* $vis] $kind }

        impl From<Error> for $crate::error::Error {
            fn from(error: Error) -> Self {
                Self::wrap(error)
            }
        }

        impl<W> From<$crate::error::FinishError<W, Error>> for $crate::error::Error {
            fn from(error: $crate::error::FinishError<W, Error>) -> Self {
                Self::wrap(error.into_parts().0)
            }
        }
    };
}
pub(crate) use module_error;
