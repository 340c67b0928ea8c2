//! What several topics share.

pub mod archives;
#[cfg(feature = "object-store")]
pub mod counting;
pub mod dumps;
pub mod hostile;
pub mod postgres;
pub mod slow;
pub mod tools;
