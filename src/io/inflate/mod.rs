//! A decoder of deflate streams (RFC 1951): [`Inflate`], and [`InflateWindow`], which owns the output.

mod copy;
mod error;
mod fast;
mod source;
mod table;
mod window;
mod zlib;

pub(crate) use error::InflateError;
pub(crate) use window::InflateWindow;
pub(crate) use zlib::InflateZlib;

#[cfg(test)]
mod tests;

use copy::copy_exactly;
use fast::value;
use source::Source;
use table::{
    Alphabet, DISTANCE_BITS, DISTANCE_ENTRIES, END_OF_BLOCK, LENGTHS_BITS, LENGTHS_ENTRIES, LITERAL, LITERAL_BITS,
    LITERAL_ENTRIES, SPECIAL, Table,
};

/// The farthest that a match is copied from: what must be kept of earlier output.
pub(crate) const HISTORY_BYTES: usize = 32 << 10;

const MAX_MATCH_BYTES: usize = 258;

/// The order of the lengths of the words for lengths (RFC 1951, section 3.2.7).
const LENGTHS_ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const MAX_LITERALS: usize = 286;
const MAX_DISTANCES: usize = 30;

/// What a decoder needs to go on.
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

/// The tables of the codes of the current block.
struct Tables {
    literals: Table<LITERAL_ENTRIES>,
    distances: Table<DISTANCE_ENTRIES>,
    lengths: Table<LENGTHS_ENTRIES>,
    /// The lengths of the words of the codes to come, and the number of them that was read.
    lens: [u8; MAX_LITERALS + MAX_DISTANCES],
    lens_count: usize,
    /// The tables are those of the codes that RFC 1951 defines.
    are_fixed: bool,
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
            tables: Box::new(Tables {
                literals: Table::new(),
                distances: Table::new(),
                lengths: Table::new(),
                lens: [0; MAX_LITERALS + MAX_DISTANCES],
                lens_count: 0,
                are_fixed: false,
            }),
        }
    }

    /// Prepares for the next stream.
    pub(crate) const fn reset(&mut self) {
        self.state = State::Header;
        self.is_last_block = false;
        self.held = (0, 0);
        self.history_bytes = 0;
    }

    /// Decodes some of `input` to `out` from `start`. Before `start` is earlier output of the stream, at least the last
    /// [`HISTORY_BYTES`] of it.
    pub(crate) fn decode(&mut self, input: &[u8], out: &mut [u8], start: usize) -> Inflated {
        self.run(input, out, (start, false))
    }

    /// Decodes like [`decode`](Self::decode), but may need room while there are less than [`ROOM_BYTES`].
    fn decode_most(&mut self, input: &[u8], out: &mut [u8], start: usize) -> Inflated {
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
                    self.tables.lens.fill(0);
                    self.tables.lens_count = 0;
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

impl Tables {
    /// Sets the codes that RFC 1951 defines in section 3.2.6.
    fn set_fixed(&mut self) -> Result<(), InflateError> {
        if self.are_fixed {
            return Ok(());
        }
        let mut lens = [8; 288];
        for (len, symbol) in lens.iter_mut().zip(0_u16..) {
            match symbol {
                144..256 => *len = 9,
                256..280 => *len = 7,
                _ => {}
            }
        }
        self.literals.build::<LITERAL_BITS>(Alphabet::Literals, &lens)?;
        self.distances.build::<DISTANCE_BITS>(Alphabet::Distances, &[5; 32])?;
        self.are_fixed = true;
        Ok(())
    }

    /// Reads the lengths of the words for lengths, and sets their table. Returns `false` if input is missing.
    fn read_length_lens(&mut self, source: &mut Source<'_>, count: usize) -> Result<bool, InflateError> {
        while self.lens_count < count {
            if !source.has(3) {
                return Ok(false);
            }
            let symbol = LENGTHS_ORDER.get(self.lens_count).ok_or(InflateError::CodeLengths)?;
            *self.lens.get_mut(usize::from(*symbol)).ok_or(InflateError::CodeLengths)? = (source.take(3) & 7) as u8;
            self.lens_count = self.lens_count.saturating_add(1);
        }
        let lens = self.lens.first_chunk::<19>().ok_or(InflateError::CodeLengths)?;
        self.lengths.build::<LENGTHS_BITS>(Alphabet::Lengths, lens)?;
        self.lens_count = 0;
        Ok(true)
    }

    /// Reads the lengths of the words of both codes, and sets their tables. Returns `false` if input is missing.
    fn read_lens(&mut self, source: &mut Source<'_>, literals: usize, distances: usize) -> Result<bool, InflateError> {
        let all = literals.saturating_add(distances);
        while self.lens_count < all {
            // The longest word, and the bits for a number of repetitions.
            source.has(14);
            let entry = self.lengths.direct::<LENGTHS_BITS>(source.peek());
            let word_bits = entry & 63;
            let (more_bits, least) = match entry >> 16 {
                16 => (2, 3),
                17 => (3, 3),
                18 => (7, 11),
                _ => (0, 1),
            };
            if word_bits.saturating_add(more_bits) > source.count() {
                return Ok(false);
            }
            source.skip(word_bits);
            let end = self.lens_count.saturating_add(least).saturating_add(source.take(more_bits) as usize);
            let len = match entry >> 16 {
                16 => {
                    let last = self.lens_count.checked_sub(1).and_then(|last| self.lens.get(last));
                    *last.ok_or(InflateError::Repeat)?
                }
                17 | 18 => 0,
                len => (len & 15) as u8,
            };
            if end > all {
                return Err(InflateError::Repeat);
            }
            self.lens.get_mut(self.lens_count..end).ok_or(InflateError::Repeat)?.fill(len);
            self.lens_count = end;
        }
        let (literals, distances) =
            self.lens.get(..all).and_then(|lens| lens.split_at_checked(literals)).ok_or(InflateError::TooManyCodes)?;
        if literals.get(256) == Some(&0) {
            return Err(InflateError::NoEnd);
        }
        self.are_fixed = false;
        self.literals.build::<LITERAL_BITS>(Alphabet::Literals, literals)?;
        self.distances.build::<DISTANCE_BITS>(Alphabet::Distances, distances)?;
        Ok(true)
    }
}
