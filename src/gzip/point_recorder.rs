//! Finds access points while a gzip file is read and verified: [`PointRecorder`].

use super::block_finder::{Candidate, find_block};
use super::point::{AccessPoint, HISTORY_BYTES, PointForm};
use super::reader::MemberSink;
use super::resumed::{Resumed, pack_history};
use crate::io::prefix;

/// The least number of uncompressed bytes between two points: what one access decompresses at most, unless no block
/// begins there.
const SPACING_BYTES: u64 = 6 << 20;

/// The most uncompressed bytes between two points, for data that compresses so well that points cost more than they
/// are allowed to.
const MAX_SPACING_BYTES: u64 = 3 * SPACING_BYTES;

/// Compressed bytes of the archive for one byte of a point.
const BUDGET: u64 = 160;

/// Uncompressed bytes that decompression from a point has to reproduce before it is stored.
const PROOF_BYTES: usize = 64 << 10;

/// Uncompressed bytes more than a proof compares: the last bits of what was fed are not decompressed yet.
const SURPLUS_BYTES: usize = 4 << 10;

/// Compressed bytes that a proof may take. Only streams of blocks without data take more.
const MAX_PROOF_BYTES: usize = 1 << 20;

/// Candidates that may fail before the search is given up until the next spacing.
const MAX_FAILURES: u32 = 64;

/// The least compressed bytes between two members on average, apart from a few; members of less would make an index that
/// is as large as its archive.
const MIN_MEMBER_BYTES: u64 = 1 << 10;
const FREE_MEMBERS: u64 = 1000;

/// A point, and the bytes before it that it needs, compressed; empty if it needs none.
#[derive(Clone, Debug)]
pub(crate) struct RecordedPoint {
    pub(crate) point: AccessPoint,
    pub(crate) packed_history: Vec<u8>,
}

/// A sink of a member reader that records access points. Each was proved: decompression from it gave the same bytes.
#[derive(Debug)]
pub(crate) struct PointRecorder {
    points: Vec<RecordedPoint>,
    /// The last uncompressed bytes of the member, at least [`HISTORY_BYTES`] if there are so many.
    history: Vec<u8>,
    compressed_bytes: u64,
    uncompressed_bytes: u64,
    /// The data of a member without output so far.
    pending_member: Option<u64>,
    state: State,
    /// Compressed bytes before this position contain no candidate.
    searched_to: u64,
    /// No search begins before this many uncompressed bytes.
    rests_until: u64,
    last_byte: Option<u8>,
    failures: u32,
    resumed: Resumed,
    has_too_many_members: bool,
}

#[derive(Debug)]
enum State {
    /// Until the spacing is reached.
    Waiting,
    Searching,
    /// Until the decompressor has taken everything before this candidate.
    Reaching {
        candidate: Candidate,
        begins_at: u64,
        end_at: u64,
    },
    /// Until enough was decompressed to compare.
    Proving(Box<Trial>),
}

/// A possible point, and what follows it.
#[derive(Debug)]
struct Trial {
    point: AccessPoint,
    history: Vec<u8>,
    compressed: Vec<u8>,
    expected: Vec<u8>,
}

impl Default for PointRecorder {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            history: Vec::new(),
            compressed_bytes: 0,
            uncompressed_bytes: 0,
            pending_member: None,
            state: State::Waiting,
            searched_to: 0,
            rests_until: 0,
            last_byte: None,
            failures: 0,
            resumed: Resumed::default(),
            has_too_many_members: false,
        }
    }
}

impl PointRecorder {
    /// Returns the points; `None` if the file consists of so many members that an index would not be worth it.
    pub(crate) fn into_points(self) -> Option<Vec<RecordedPoint>> {
        (!self.has_too_many_members).then_some(self.points)
    }

    /// Returns `true` if the next point is due.
    fn is_due(&self, position: u64) -> bool {
        let Some(last) = self.points.last().filter(|_| self.uncompressed_bytes >= self.rests_until) else {
            return false;
        };
        let distance = self.uncompressed_bytes.saturating_sub(last.point.uncompressed_offset_bytes);
        let compressed = position.saturating_sub(last.point.compressed_offset_bytes);
        let cost = (last.packed_history.len() as u64).saturating_add(32).saturating_mul(BUDGET);
        distance >= MAX_SPACING_BYTES || (distance >= SPACING_BYTES && compressed >= cost)
    }

    /// Begins a trial: everything before the candidate was decompressed.
    fn begin_trial(&mut self, candidate: Candidate, begins_at: u64) {
        let point = AccessPoint {
            compressed_offset_bytes: begins_at,
            form: candidate.form,
            uncompressed_offset_bytes: self.uncompressed_bytes,
        };
        let from = self.history.len().saturating_sub(HISTORY_BYTES);
        let history = self.history.get(from..).unwrap_or_default().to_vec();
        // The first byte of a block with dynamic codes was taken already: the block before ends in it.
        let compressed = match candidate.form {
            PointForm::Dynamic { .. } => self.last_byte.into_iter().collect(),
            PointForm::Stored | PointForm::Member => Vec::new(),
        };
        self.state = State::Proving(Box::new(Trial { point, history, compressed, expected: Vec::new() }));
    }

    /// Adds to the trial, and ends it once there is enough to compare.
    fn prove(&mut self, compressed: &[u8], uncompressed: &[u8]) {
        let State::Proving(trial) = &mut self.state else { return };
        trial.compressed.extend_from_slice(compressed);
        trial.expected.extend_from_slice(uncompressed);
        let is_hopeless = trial.compressed.len() > MAX_PROOF_BYTES;
        if trial.expected.len() < PROOF_BYTES.saturating_add(SURPLUS_BYTES) && !is_hopeless {
            return;
        }
        let recorded = if is_hopeless { None } else { trial.record(&mut self.resumed) };
        if let Some(recorded) = recorded {
            self.points.push(recorded);
            self.state = State::Waiting;
            return;
        }
        self.state = State::Searching;
        self.failures = self.failures.saturating_add(1);
        if self.failures >= MAX_FAILURES {
            self.state = State::Waiting;
            self.rests_until = self.uncompressed_bytes.saturating_add(SPACING_BYTES);
        }
    }

    fn remember(&mut self, uncompressed: &[u8]) {
        self.uncompressed_bytes = self.uncompressed_bytes.saturating_add(uncompressed.len() as u64);
        if uncompressed.len() >= HISTORY_BYTES {
            self.history.clear();
        } else if self.history.len() > 2 * HISTORY_BYTES {
            let surplus = self.history.len().saturating_sub(HISTORY_BYTES);
            self.history.drain(..surplus);
        }
        let from = uncompressed.len().saturating_sub(HISTORY_BYTES);
        self.history.extend_from_slice(uncompressed.get(from..).unwrap_or_default());
    }
}

impl Trial {
    /// Decompresses from the point, and returns it if that gives what the whole file gave.
    fn record(&self, resumed: &mut Resumed) -> Option<RecordedPoint> {
        let expected = prefix(&self.expected, PROOF_BYTES as u64);
        let made = self.decompressed(resumed, &self.history, expected.len())?;
        if made != expected {
            return None;
        }
        let history = self.needed_history(resumed)?;
        let packed_history = if history.is_empty() { Vec::new() } else { pack_history(&history) };
        // What is stored is what is proved.
        let made = self.decompressed(resumed, &history, HISTORY_BYTES)?;
        (made == prefix(expected, HISTORY_BYTES as u64)).then_some(RecordedPoint { point: self.point, packed_history })
    }

    fn decompressed(&self, resumed: &mut Resumed, history: &[u8], wanted: usize) -> Option<Vec<u8>> {
        let mut output = vec![0; wanted];
        resumed.start(self.point.form, history).ok()?;
        resumed.feed(&self.compressed);
        let made = resumed.inflate(&mut output).ok()?;
        (made == wanted).then_some(output)
    }

    /// Returns the bytes before the point that what follows refers to; others are zeros, and the first is one that is needed.
    ///
    /// Two histories whose bytes are the low and the high halves of their own positions are decompressed from: where a byte
    /// was copied from the history, the two outputs name its position. Other bytes can look the same, which keeps too
    /// many, never too few.
    fn needed_history(&self, resumed: &mut Resumed) -> Option<Vec<u8>> {
        let positions = || (0_u16..).take(self.history.len());
        let low: Vec<u8> = positions().map(|position| position.to_le_bytes()).map(|[low, _]| low).collect();
        let high: Vec<u8> = positions().map(|position| position.to_le_bytes()).map(|[_, high]| high).collect();
        let low = self.decompressed(resumed, &low, HISTORY_BYTES)?;
        let high = self.decompressed(resumed, &high, HISTORY_BYTES)?;
        let mut needed = vec![0; self.history.len()];
        let mut first = needed.len();
        for ((low, high), expected) in low.iter().zip(&high).zip(&self.expected) {
            let position = usize::from(u16::from_le_bytes([*low, *high]));
            if self.history.get(position) == Some(expected)
                && let Some(byte) = needed.get_mut(position)
            {
                *byte = *expected;
                first = first.min(position);
            }
        }
        Some(needed.split_off(first))
    }
}

impl MemberSink for PointRecorder {
    fn extra(&mut self, _: &[u8], _: u64) {}

    fn begin(&mut self, data_position: u64) {
        self.pending_member = Some(data_position);
        self.compressed_bytes = data_position;
        self.history.clear();
        self.state = State::Waiting;
    }

    fn portion(&mut self, input: &[u8], position: u64) -> usize {
        if matches!(self.state, State::Waiting) && self.is_due(position) {
            self.failures = 0;
            self.state = State::Searching;
        }
        if matches!(self.state, State::Searching) && position >= self.searched_to {
            let Some(candidate) = find_block(input) else {
                self.searched_to = position.saturating_add(input.len() as u64);
                return input.len();
            };
            let begins_at = position.saturating_add(candidate.offset as u64);
            let end_at = match candidate.form {
                PointForm::Dynamic { .. } => begins_at.saturating_add(1),
                PointForm::Stored | PointForm::Member => begins_at,
            };
            self.state = State::Reaching { candidate, begins_at, end_at };
        }
        match self.state {
            State::Reaching { end_at, .. } => crate::io::at_most(input.len(), end_at.saturating_sub(position)),
            _ => input.len(),
        }
    }

    fn step(&mut self, compressed: &[u8], uncompressed: &[u8], is_drained: bool) {
        if !uncompressed.is_empty()
            && let Some(compressed_offset_bytes) = self.pending_member.take()
        {
            let point = AccessPoint {
                compressed_offset_bytes,
                form: PointForm::Member,
                uncompressed_offset_bytes: self.uncompressed_bytes,
            };
            let most = (compressed_offset_bytes / MIN_MEMBER_BYTES).saturating_add(FREE_MEMBERS);
            self.has_too_many_members |= self.points.len() as u64 > most;
            if !self.has_too_many_members {
                self.points.push(RecordedPoint { point, packed_history: Vec::new() });
            }
        }
        self.compressed_bytes = self.compressed_bytes.saturating_add(compressed.len() as u64);
        self.last_byte = compressed.last().copied().or(self.last_byte);
        self.prove(compressed, uncompressed);
        self.remember(uncompressed);
        // Everything was taken, and nothing is left in the decompressor.
        if let State::Reaching { candidate, begins_at, end_at } = self.state
            && self.compressed_bytes == end_at
            && is_drained
        {
            self.begin_trial(candidate, begins_at);
        }
    }

    fn end(&mut self, _: u32, _: u64) {
        self.state = State::Waiting;
        self.pending_member = None;
    }
}
