//! The integration tests, one module a topic, in one binary so that they link once.

use appsnap_tests as support;

#[cfg(feature = "catalog")]
mod catalog;
mod check;
mod detect;
mod diff;
mod examples;
mod extract;
mod faults;
mod gzip;
mod hostile;
mod interop;
#[cfg(unix)]
mod io;
mod messages;
mod metadata;
mod observe;
mod pgdump;
mod prepare;
#[cfg(feature = "object-store")]
mod remote;
#[cfg(feature = "retention")]
mod retention;
mod snapshot;
mod source;
#[cfg(feature = "squidex")]
mod squidex;
mod tarball;
#[cfg(feature = "zip")]
mod zip;
