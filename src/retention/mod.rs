//! Which backups stay, until when, and why: policies as data, and an engine that explains its decisions.

mod backup;

pub use backup::{Backup, Origin, Status};
