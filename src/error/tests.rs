//! Tests of the skeleton, of a module's error, and of the one of the crate.

use std::error::Error as StdError;
use std::{fmt, io};

use super::*;
use crate::limits::LimitExceeded;
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
