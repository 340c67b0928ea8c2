//! What several topics share.

pub mod hostile;
pub mod tools;
