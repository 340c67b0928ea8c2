//! A set of backups in the order in which rules look at them, newest first, packed for speed.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::super::backup::{Backup, Origin, Status};
use super::super::policy::{Guard, Policy};

/// What rules need to know of one backup, in thirty-two bytes beside each other.
#[derive(Clone, Copy)]
pub(in super::super) struct Row {
    pub(in super::super) at: Timestamp,
    offset: Option<Offset>,
    /// Where the backup stands in the caller's order.
    pub(in super::super) index: u32,
    pub(in super::super) origin: Origin,
    pub(in super::super) status: Status,
    protected: bool,
    /// Held by a guard that keeps it out of the counts.
    pub(in super::super) set_aside: bool,
}

impl Row {
    pub(in super::super) const fn offset(&self) -> Option<Offset> {
        self.offset
    }
}

/// The backups, newest first; of several taken at the same instant the one whose id sorts first comes first.
///
/// A backup's *place* is its index in this order.
pub(in super::super) struct Field<'a, Id> {
    pub(in super::super) backups: &'a [Backup<Id>],
    pub(in super::super) rows: Vec<Row>,
    pub(in super::super) now: Timestamp,
}

impl<'a, Id: Ord> Field<'a, Id> {
    pub(in super::super) fn new(policy: &Policy, backups: &'a [Backup<Id>], now: Timestamp) -> Self {
        let mut rows: Vec<Row> = backups
            .iter()
            .zip(0..)
            .map(|(backup, index)| Row {
                at: backup.taken_at(),
                offset: backup.offset(),
                index,
                origin: backup.origin(),
                status: backup.status(),
                protected: backup.is_protected(),
                set_aside: false,
            })
            .collect();
        let id = |row: &Row| backups.get(row.index as usize).map(Backup::id);
        rows.sort_unstable_by(|a, b| b.at.cmp(&a.at).then_with(|| id(a).cmp(&id(b))));
        let mut field = Self { backups, rows, now };
        field.set_aside(policy);
        field
    }
}

impl<Id> Field<'_, Id> {
    fn tags(&self, row: &Row) -> &[String] {
        self.backups.get(row.index as usize).map_or(&[], Backup::tags)
    }

    /// Whether a guard that looks at one backup alone holds it.
    fn holds(&self, guard: &Guard, row: &Row) -> bool {
        match guard {
            Guard::Unfinished => !row.status.is_finished(),
            Guard::Protected => row.protected,
            Guard::Future => row.at > self.now,
            Guard::Tagged(tag) => self.tags(row).contains(tag),
            Guard::NewestSuccessful | Guard::NewestUnfinished { .. } => false,
        }
    }

    fn set_aside(&mut self, policy: &Policy) {
        for guard in policy.guards() {
            for place in 0..self.rows.len() {
                let Some(row) = self.rows.get(place) else { break };
                if matches!(guard, Guard::Future) && row.at <= self.now {
                    // Newest first: nothing further is in the future.
                    break;
                }
                let held = self.holds(guard, row);
                if let Some(row) = self.rows.get_mut(place) {
                    row.set_aside |= held;
                }
            }
        }
    }

    /// The places that each guard holds, as pairs of place and guard, in the order of places.
    pub(in super::super) fn guarded(&self, policy: &Policy) -> Vec<(u32, u32)> {
        let mut held = Vec::new();
        for (guard, number) in policy.guards().iter().zip(0_u32..) {
            match guard {
                Guard::NewestSuccessful => held.extend(self.newest_successful().map(|place| (place, number))),
                Guard::NewestUnfinished { count, younger_than } => {
                    let newest = self.rows.first().map_or(self.now, |row| row.at);
                    let head = self.rows.iter().zip(0_u32..).take_while(|(row, place)| {
                        let age_seconds = newest.duration_since(row.at).as_secs();
                        let young = age_seconds < younger_than.clock_seconds();
                        row.status != Status::Completed && (place < count || young)
                    });
                    held.extend(head.map(|(_, place)| (place, number)));
                }
                Guard::Future => {
                    let ahead = self.rows.iter().zip(0_u32..).take_while(|(row, _)| row.at > self.now);
                    held.extend(ahead.map(|(_, place)| (place, number)));
                }
                alone => {
                    let all = self.rows.iter().zip(0_u32..);
                    held.extend(all.filter(|(row, _)| self.holds(alone, row)).map(|(_, place)| (place, number)));
                }
            }
        }
        held.sort_unstable();
        held
    }

    fn newest_successful(&self) -> Option<u32> {
        let mut completed = self.rows.iter().zip(0_u32..).filter(|(row, _)| row.status == Status::Completed).peekable();
        let newest = completed.peek().map(|(_, place)| *place);
        completed.find(|(row, _)| row.at <= self.now).map(|(_, place)| place).or(newest)
    }
}
