//! What several topics share.

pub mod dumps;
#[cfg(unix)]
pub mod postgres;
pub mod slow;
pub mod tools;
