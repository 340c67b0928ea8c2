//! What several topics share.

pub mod dumps;
pub mod slow;
pub mod tools;
