//! What several topics share.

pub mod dumps;
pub mod postgres;
pub mod slow;
pub mod tools;
