//! The decoder that can be interrupted at any byte: [`Inflate`].

use super::codes::{MAX_DISTANCES, MAX_LITERALS, Tables};
use super::copy::copy_exactly;
use super::error::InflateError;
use super::fast::{self, value};
use super::source::Source;
use super::table::{DISTANCE_BITS, END_OF_BLOCK, LITERAL, LITERAL_BITS, SPECIAL};

/// The farthest that a match is copied from: what must be kept of earlier output.
pub(crate) const HISTORY_BYTES: usize = 32 << 10;

/// The need of a decoder that is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// All input was used, and all output that it gives was made.
    Input,
    /// There is no room for the next output.
    Room,
    /// Nothing: the stream has ended.
    Nothing,
}

/// The outcome of one call of a decoder.
///
/// A call that fails may still have used and made bytes: the output before the damage is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inflated {
    pub(crate) used: usize,
    pub(crate) made: usize,
    pub(crate) need: Result<Need, InflateError>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Header,
    StoredLen,
    Stored { left: usize },
    Counts,
    LengthLens { literals: usize, distances: usize, lengths: usize },
    Lens { literals: usize, distances: usize },
    Codes,
    Match { len: usize, distance: usize },
    Ended,
    Failed(InflateError),
}

/// A decoder of one deflate stream after the other, which can be interrupted at any byte of input or output.
///
/// It accepts what zlib accepts.
pub(crate) struct Inflate {
    state: State,
    is_last_block: bool,
    held: (u64, u32),
    /// The number of bytes of this stream that a match can be copied from, unless there are more than [`HISTORY_BYTES`].
    history_bytes: usize,
    tables: Box<Tables>,
}

impl std::fmt::Debug for Inflate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflate").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Inflate {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Header,
            is_last_block: false,
            held: (0, 0),
            history_bytes: 0,
            tables: Box::new(Tables::new()),
        }
    }

    /// Prepares for the next stream.
    pub(crate) const fn reset(&mut self) {
        self.state = State::Header;
        self.is_last_block = false;
        self.held = (0, 0);
        self.history_bytes = 0;
    }

    /// Prepares for the middle of a stream, of which `history_bytes` bytes are known: they have to be before the output.
    pub(crate) const fn resume(&mut self, history_bytes: usize) {
        self.reset();
        self.history_bytes = history_bytes;
    }

    /// Skips bits before the header of the first block: `byte` is the one in which the block begins, at `bit`.
    pub(crate) const fn begin_within(&mut self, byte: u8, bit: u8) {
        let bit = (bit & 7) as u32;
        self.held = ((byte as u64).wrapping_shr(bit), 8_u32.wrapping_sub(bit));
    }

    /// Continues with the length of a stored block, whose header has been read.
    pub(crate) const fn begin_stored(&mut self) {
        self.state = State::StoredLen;
    }

    /// Decodes some of `input` to `out` from `start`. Before `start` is earlier output of the stream, at least the last
    /// [`HISTORY_BYTES`] of it.
    pub(crate) fn decode(&mut self, input: &[u8], out: &mut [u8], start: usize) -> Inflated {
        self.run(input, out, (start, false))
    }

    /// Decodes like [`decode`](Self::decode), but may need room while there are less than [`fast::ROOM_BYTES`].
    pub(super) fn decode_most(&mut self, input: &[u8], out: &mut [u8], start: usize) -> Inflated {
        self.run(input, out, (start, true))
    }

    fn run(&mut self, input: &[u8], out: &mut [u8], (start, leaves_room): (usize, bool)) -> Inflated {
        let mut source = Source::new(input, self.held);
        let mut at = start.min(out.len());
        let origin = at.saturating_sub(self.history_bytes);
        let from = at;
        let need = self.step(&mut source, out, (&mut at, origin), leaves_room);
        if let Err(error) = need {
            self.state = State::Failed(error);
        }
        if need != Ok(Need::Input) {
            source.give_back();
        }
        self.held = source.held();
        let made = at.saturating_sub(from);
        self.history_bytes = self.history_bytes.saturating_add(made);
        Inflated { used: source.used(), made, need }
    }

    fn step(
        &mut self,
        source: &mut Source<'_>,
        out: &mut [u8],
        (at, origin): (&mut usize, usize),
        leaves_room: bool,
    ) -> Result<Need, InflateError> {
        loop {
            match self.state {
                State::Header => {
                    if !source.has(3) {
                        return Ok(Need::Input);
                    }
                    self.is_last_block = source.take(1) == 1;
                    self.state = match source.take(2) {
                        0 => State::StoredLen,
                        1 => {
                            self.tables.set_fixed()?;
                            State::Codes
                        }
                        2 => State::Counts,
                        _ => return Err(InflateError::BlockType),
                    };
                }
                State::StoredLen => {
                    source.align();
                    if !source.has(32) {
                        return Ok(Need::Input);
                    }
                    let (len, complement) = (source.take(16), source.take(16));
                    if len ^ complement != 0xffff {
                        return Err(InflateError::StoredLength);
                    }
                    self.state = State::Stored { left: len as usize };
                }
                State::Stored { left } => {
                    let left = left.saturating_sub(copy_stored(source, out, at, left));
                    self.state = State::Stored { left };
                    if left == 0 {
                        self.end_block();
                    } else if *at == out.len() {
                        return Ok(Need::Room);
                    } else {
                        return Ok(Need::Input);
                    }
                }
                State::Counts => {
                    if !source.has(14) {
                        return Ok(Need::Input);
                    }
                    let count =
                        |bits, least: usize, source: &mut Source<'_>| least.saturating_add(source.take(bits) as usize);
                    let (literals, distances) = (count(5, 257, source), count(5, 1, source));
                    let lengths = count(4, 4, source);
                    if literals > MAX_LITERALS || distances > MAX_DISTANCES {
                        return Err(InflateError::TooManyCodes);
                    }
                    self.tables.begin_lens();
                    self.state = State::LengthLens { literals, distances, lengths };
                }
                State::LengthLens { literals, distances, lengths } => {
                    if !self.tables.read_length_lens(source, lengths)? {
                        return Ok(Need::Input);
                    }
                    self.state = State::Lens { literals, distances };
                }
                State::Lens { literals, distances } => {
                    if !self.tables.read_lens(source, literals, distances)? {
                        return Ok(Need::Input);
                    }
                    self.state = State::Codes;
                }
                State::Codes => {
                    if fast::decode(source, &self.tables, out, (&mut *at, origin))? {
                        self.end_block();
                        continue;
                    }
                    if leaves_room && out.len().saturating_sub(*at) < fast::ROOM_BYTES {
                        return Ok(Need::Room);
                    }
                    if let Some(need) = self.decode_word(source, out, (&mut *at, origin))? {
                        return Ok(need);
                    }
                }
                State::Match { len, distance } => {
                    let count = len.min(out.len().saturating_sub(*at));
                    copy_exactly(out, *at, count, distance).ok_or(InflateError::TooFar)?;
                    *at = at.saturating_add(count);
                    if count < len {
                        self.state = State::Match { len: len.saturating_sub(count), distance };
                        return Ok(Need::Room);
                    }
                    self.state = State::Codes;
                }
                State::Ended => return Ok(Need::Nothing),
                State::Failed(error) => return Err(error),
            }
        }
    }

    /// Decodes one literal, match or end of a block; returns `None` unless something is missing for that.
    fn decode_word(
        &mut self,
        source: &mut Source<'_>,
        out: &mut [u8],
        (at, origin): (&mut usize, usize),
    ) -> Result<Option<Need>, InflateError> {
        source.refill();
        let (bits, count) = source.held();
        let entry = self.tables.literals.find::<LITERAL_BITS>(bits);
        let entry_bits = entry & 63;
        if entry_bits > count {
            return Ok(Some(Need::Input));
        }
        if entry & LITERAL != 0 {
            let Some(byte) = out.get_mut(*at) else { return Ok(Some(Need::Room)) };
            *byte = (entry >> 16 & 0xff) as u8;
            *at = at.saturating_add(1);
            source.skip(entry_bits);
            return Ok(None);
        }
        if entry & SPECIAL != 0 {
            if entry & END_OF_BLOCK == 0 {
                return Err(InflateError::Literal);
            }
            source.skip(entry_bits);
            self.end_block();
            return Ok(None);
        }
        let len = value(entry, bits);
        let bits = bits.wrapping_shr(entry_bits);
        let entry = self.tables.distances.find::<DISTANCE_BITS>(bits);
        let all_bits = entry_bits.saturating_add(entry & 63);
        if all_bits > count {
            return Ok(Some(Need::Input));
        }
        if entry & SPECIAL != 0 {
            return Err(InflateError::Distance);
        }
        let distance = value(entry, bits);
        if distance > at.saturating_sub(origin) {
            return Err(InflateError::TooFar);
        }
        source.skip(all_bits);
        self.state = State::Match { len, distance };
        Ok(None)
    }

    const fn end_block(&mut self) {
        self.state = if self.is_last_block { State::Ended } else { State::Header };
    }
}

/// Copies up to `left` bytes of a stored block; returns the number of bytes.
fn copy_stored(source: &mut Source<'_>, out: &mut [u8], at: &mut usize, left: usize) -> usize {
    let Some(room) = out.get_mut(*at..) else { return 0 };
    let mut copied = 0_usize;
    while let (true, Some(byte)) = (copied < left && source.count() >= 8, room.get_mut(copied)) {
        *byte = (source.take(8) & 0xff) as u8;
        copied = copied.saturating_add(1);
    }
    if copied < left && source.count() == 0 {
        let rest = source.rest();
        let count = left.min(room.len()).saturating_sub(copied).min(rest.len());
        if let (Some(to), Some((from, rest))) =
            (room.get_mut(copied..copied.saturating_add(count)), rest.split_at_checked(count))
        {
            to.copy_from_slice(from);
            source.set(rest, (0, 0));
            copied = copied.saturating_add(count);
        }
    }
    *at = at.saturating_add(copied);
    copied
}
