//! What several topics share.

pub mod archives;
pub mod dumps;
pub mod hostile;
pub mod postgres;
pub mod slow;
pub mod tools;
