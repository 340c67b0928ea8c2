//! What several topics share.

pub mod archives;
pub mod hostile;
pub mod tools;
