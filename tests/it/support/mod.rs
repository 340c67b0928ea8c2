//! What several topics share.

pub mod tools;
