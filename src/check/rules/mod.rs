//! The rules that need more than one layer: the platform's demands on a dump, and the files of the database compared
//! with the documents.

pub(super) mod dump;
pub(super) mod files;
mod large_objects;

use std::error::Error as StdError;

/// An error with its causes, in one line.
pub(super) fn message(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    // Names are escaped already; a cause from elsewhere could still hold a line break.
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
