//! From a platform's record to what retention judges.

use super::record::{Phase, Record};
use crate::retention::{Backup, Origin, Status};

impl Record {
    /// The backup that a retention policy judges.
    ///
    /// What retention has no word for is rendered so that nothing is deleted by mistake and nothing unusable is counted on:
    /// a cancelled or vanishing backup is a failed one, one in a state that is not known here a running one. Where the
    /// listing does not say how a backup came to be, it counts as automatic.
    ///
    /// ```
    /// use appsnap::catalog::{Host, Record, State};
    ///
    /// let at = "2024-05-01T10:00:00Z".parse()?;
    /// let record = Record::new(Host::Squidex, "b1", at, State::new(Host::Squidex, "Completed"));
    /// assert!(record.to_backup().is_completed());
    /// # Ok::<(), jiff::Error>(())
    /// ```
    #[must_use]
    pub fn to_backup(&self) -> Backup<String> {
        let status = match self.state.phase() {
            Phase::Completed => Status::Completed,
            Phase::Queued => Status::Queued,
            Phase::Running | Phase::Unknown => Status::Running,
            Phase::Failed | Phase::Cancelled | Phase::Deleting => Status::Failed,
        };
        let mut backup = Backup::new(self.id.clone(), self.created_at)
            .with_status(status)
            .with_origin(self.kind.origin().unwrap_or(Origin::Automatic))
            .with_tags(self.tags.iter().cloned())
            .with_protected(self.protected);
        if let Some(offset) = self.created_offset {
            backup = backup.with_offset(offset);
        }
        if let Some(finished_at) = self.finished_at {
            backup = backup.with_finished_at(finished_at);
        }
        if let Some(size_bytes) = self.size_bytes {
            backup = backup.with_bytes(size_bytes);
        }
        backup
    }
}
