//! What several topics share.

pub mod archives;
pub mod hostile;
pub mod dumps;
pub mod postgres;
pub mod slow;
pub mod tools;
