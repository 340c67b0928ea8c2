//! What several topics share.

pub mod archives;
pub mod tools;
