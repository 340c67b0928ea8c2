//! What several topics share.

pub(crate) mod dumps;
pub(crate) mod postgres;
pub(crate) mod slow;
pub mod tools;
