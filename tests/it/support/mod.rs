//! What several topics share.

pub mod archives;
pub(crate) mod dumps;
pub mod hostile;
pub(crate) mod postgres;
pub(crate) mod slow;
pub mod tools;
