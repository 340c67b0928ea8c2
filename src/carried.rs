//! Takes the errors of all modules out of the `io::Error` that carried them through `Read`, `Write` and `ReadAt`.

use std::io;
use std::sync::Arc;

use crate::error::{Error, Reason};

impl Error {
    /// Returns the error of this crate that `error` carries, or `error` if there is none.
    #[cold]
    pub(crate) fn carried_by(error: io::Error) -> Result<Self, io::Error> {
        macro_rules! first_of {
            ($($(#[$cfg:meta])* $type:ty,)*) => {{
                $(
                    $(#[$cfg])*
                    let error = match error.downcast::<$type>() {
                        Ok(error) => return Ok(error.into()),
                        Err(error) => error,
                    };
                )*
                Err(error)
            }};
        }
        first_of![
            Self,
            crate::snapshot::Error,
            crate::pgdump::Error,
            crate::source::Error,
            crate::gzip::Error,
            crate::tarball::Error,
            crate::metadata::Error,
            #[cfg(feature = "zip")]
            crate::zip::Error,
            #[cfg(feature = "squidex")]
            crate::squidex::Error,
            #[cfg(feature = "object-store")]
            crate::remote::Error,
        ]
    }
}

impl From<io::Error> for Error {
    /// An error of this crate that travelled through `Read` or `Write` comes out as it went in.
    fn from(error: io::Error) -> Self {
        Self::carried_by(error).unwrap_or_else(|error| Self::new(Reason::Plain(Arc::new(error))))
    }
}
