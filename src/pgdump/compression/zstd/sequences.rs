//! Sequences: literals that are copied to the output, and then a match, which is copied from earlier output.

use std::hint::select_unpredictable as select;

use super::bits::{Bad, Bits, MARGIN_BYTES, REFILLED_BITS};
use super::fse::{Distribution, MAX_LOG, MAX_STATES, State, spread};

/// The number of bytes after its end that a copy may write, because it is done in steps.
pub(super) const SLACK_BYTES: usize = 32;
const STEP_BYTES: usize = 16;
const STATES_MASK: u32 = 0x1ff;

/// The least value and the number of additional bits of each code (RFC 8878, section 3.1.1.3.2.1).
const LITERAL_LENGTHS: &[(u32, u8)] = &[
    (0, 0),
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 0),
    (12, 0),
    (13, 0),
    (14, 0),
    (15, 0),
    (16, 1),
    (18, 1),
    (20, 1),
    (22, 1),
    (24, 2),
    (28, 2),
    (32, 3),
    (40, 3),
    (48, 4),
    (64, 6),
    (128, 7),
    (256, 8),
    (512, 9),
    (1024, 10),
    (2048, 11),
    (4096, 12),
    (8192, 13),
    (16_384, 14),
    (32_768, 15),
    (65_536, 16),
];
const MATCH_LENGTHS: &[(u32, u8)] = &[
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 0),
    (12, 0),
    (13, 0),
    (14, 0),
    (15, 0),
    (16, 0),
    (17, 0),
    (18, 0),
    (19, 0),
    (20, 0),
    (21, 0),
    (22, 0),
    (23, 0),
    (24, 0),
    (25, 0),
    (26, 0),
    (27, 0),
    (28, 0),
    (29, 0),
    (30, 0),
    (31, 0),
    (32, 0),
    (33, 0),
    (34, 0),
    (35, 1),
    (37, 1),
    (39, 1),
    (41, 1),
    (43, 2),
    (47, 2),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 5),
    (131, 7),
    (259, 8),
    (515, 9),
    (1027, 10),
    (2051, 11),
    (4099, 12),
    (8195, 13),
    (16_387, 14),
    (32_771, 15),
    (65_539, 16),
];
const OFFSETS: &[(u32, u8)] = &[
    (1, 0),
    (1 << 1, 1),
    (1 << 2, 2),
    (1 << 3, 3),
    (1 << 4, 4),
    (1 << 5, 5),
    (1 << 6, 6),
    (1 << 7, 7),
    (1 << 8, 8),
    (1 << 9, 9),
    (1 << 10, 10),
    (1 << 11, 11),
    (1 << 12, 12),
    (1 << 13, 13),
    (1 << 14, 14),
    (1 << 15, 15),
    (1 << 16, 16),
    (1 << 17, 17),
    (1 << 18, 18),
    (1 << 19, 19),
    (1 << 20, 20),
    (1 << 21, 21),
    (1 << 22, 22),
    (1 << 23, 23),
    (1 << 24, 24),
    (1 << 25, 25),
    (1 << 26, 26),
    (1 << 27, 27),
    (1 << 28, 28),
    (1 << 29, 29),
    (1 << 30, 30),
    (1 << 31, 31),
];
/// The distributions that need no description (section 3.1.1.3.2.2).
const USUAL_LITERAL_LENGTHS: (u32, &[i16]) = (
    6,
    &[4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
);
const USUAL_MATCH_LENGTHS: (u32, &[i16]) = (
    6,
    &[
        1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
);
const USUAL_OFFSETS: (u32, &[i16]) =
    (5, &[1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1]);

/// A state of one of the three codes, with the value of its symbol.
#[derive(Clone, Copy, Default)]
struct Coded {
    base: u32,
    next: u16,
    bits: u8,
    more_bits: u8,
}

/// The states of one code, which later blocks may use again.
struct Table {
    states: Box<[Coded; MAX_STATES]>,
    /// `None` if there are no states.
    log: Option<u32>,
    codes: &'static [(u32, u8)],
    usual: (u32, &'static [i16]),
    max_log: u32,
}

impl Table {
    fn new(codes: &'static [(u32, u8)], usual: (u32, &'static [i16]), max_log: u32) -> Self {
        Self { states: Box::new([Coded::default(); MAX_STATES]), log: None, codes, usual, max_log }
    }

    /// Prepares the states as `mode` says, and returns the length of their description at the start of `bytes`.
    fn prepare(&mut self, mode: u8, bytes: &[u8]) -> Result<usize, Bad> {
        let log = std::mem::take(&mut self.log);
        match mode & 3 {
            0 => {
                let (log, usual) = self.usual;
                self.set(&Distribution::fixed(log, usual)).map(|()| 0)
            }
            1 => {
                let symbol = bytes.first().ok_or(Bad)?;
                let (base, more_bits) = *self.codes.get(usize::from(*symbol)).ok_or(Bad)?;
                *self.states.first_mut().ok_or(Bad)? = Coded { base, more_bits, ..Coded::default() };
                self.log = Some(0);
                Ok(1)
            }
            2 => {
                let (distribution, len) = Distribution::read(bytes, self.max_log, self.codes.len())?;
                self.set(&distribution).map(|()| len)
            }
            _ => {
                self.log = Some(log.ok_or(Bad)?);
                Ok(0)
            }
        }
    }

    fn set(&mut self, distribution: &Distribution) -> Result<(), Bad> {
        let mut states = [State::default(); MAX_STATES];
        spread(distribution, &mut states)?;
        for (to, state) in self.states.iter_mut().zip(states.iter().take(1_usize.wrapping_shl(distribution.log))) {
            let (base, more_bits) = *self.codes.get(usize::from(state.symbol)).ok_or(Bad)?;
            *to = Coded { base, next: state.next, bits: state.bits, more_bits };
        }
        self.log = Some(distribution.log);
        Ok(())
    }
}

#[inline(always)]
fn coded(states: &[Coded; MAX_STATES], state: u32) -> Result<Coded, Bad> {
    // The index is below the length, which the compiler sees.
    states.get((state & STATES_MASK) as usize).copied().ok_or(Bad)
}

/// The decoder of sequences, with what one block takes over from the block before.
pub(super) struct Sequences {
    literal_lengths: Table,
    offsets: Table,
    match_lengths: Table,
    /// The offsets that were used last.
    recent: [u32; 3],
}

/// The output: earlier output, from which matches are copied, and room for a block.
pub(super) struct Output<'a> {
    pub(super) bytes: &'a mut [u8],
    /// The number of bytes that have been written.
    pub(super) end: usize,
    /// The most bytes that may have been written after this block. There are [`SLACK_BYTES`] more.
    pub(super) limit: usize,
    /// The highest offset.
    pub(super) window: usize,
}

impl Sequences {
    pub(super) fn new() -> Self {
        Self {
            literal_lengths: Table::new(LITERAL_LENGTHS, USUAL_LITERAL_LENGTHS, 9),
            offsets: Table::new(OFFSETS, USUAL_OFFSETS, 8),
            match_lengths: Table::new(MATCH_LENGTHS, USUAL_MATCH_LENGTHS, 9),
            recent: [1, 4, 8],
        }
    }

    /// Prepares for the next frame.
    pub(super) const fn reset(&mut self) {
        self.literal_lengths.log = None;
        self.offsets.log = None;
        self.match_lengths.log = None;
        self.recent = [1, 4, 8];
    }

    /// Decodes the section of sequences in `data` from `start`, before which there is a margin, and executes it. There are
    /// `literals_len` literals, and [`SLACK_BYTES`] more can be read. Returns the end of the output.
    pub(super) fn execute(
        &mut self,
        data: &[u8],
        start: usize,
        (literals, literals_len): (&[u8], usize),
        output: Output<'_>,
    ) -> Result<usize, Bad> {
        let section = data.get(start..).ok_or(Bad)?;
        let (count, mut len) = match *section {
            [0, ..] => (0, 1),
            [first @ ..128, ..] => (usize::from(first), 1),
            [255, low, high, ..] => (usize::from(u16::from_le_bytes([low, high])).wrapping_add(0x7f00), 3),
            [first, second, ..] => (usize::from(u16::from_be_bytes([first & 127, second])), 2),
            _ => return Err(Bad),
        };
        let Output { bytes: out, mut end, limit, window } = output;
        let mut literal_at = 0;
        if count > 0 {
            let modes = *section.get(len).ok_or(Bad)?;
            if modes & 3 != 0 {
                return Err(Bad);
            }
            len = len.wrapping_add(1);
            for (table, mode) in [
                (&mut self.literal_lengths, modes >> 6),
                (&mut self.offsets, modes >> 4),
                (&mut self.match_lengths, modes >> 2),
            ] {
                len = len.wrapping_add(table.prepare(mode, section.get(len..).ok_or(Bad)?)?);
            }
            let stream = start.wrapping_add(len).wrapping_sub(MARGIN_BYTES);
            let bits = data.get(stream..).and_then(Bits::new).ok_or(Bad)?;
            (end, literal_at) =
                self.run(bits, count, (literals, literals_len), Output { bytes: &mut *out, end, limit, window })?;
        } else if section.len() != len {
            return Err(Bad);
        }
        let rest = literals.get(literal_at..literals_len).ok_or(Bad)?;
        let new_end = end.wrapping_add(rest.len());
        if new_end > limit {
            return Err(Bad);
        }
        out.get_mut(end..new_end).ok_or(Bad)?.copy_from_slice(rest);
        Ok(new_end)
    }

    /// Executes the sequences. Returns the end of the output and the number of used literals.
    fn run(
        &mut self,
        mut bits: Bits<'_>,
        count: usize,
        literals: (&[u8], usize),
        mut output: Output<'_>,
    ) -> Result<(usize, usize), Bad> {
        let logs = (self.literal_lengths.log, self.offsets.log, self.match_lengths.log);
        let (Some(literal_log), Some(offset_log), Some(match_log)) = logs else { return Err(Bad) };
        bits.refill()?;
        let mut states = States {
            by_literal: bits.read(literal_log)?,
            by_offset: bits.read(offset_log)?,
            by_match: bits.read(match_log)?,
        };
        let mut batch = [Sequence::default(); BATCH_SEQUENCES];
        let (mut left, mut literal_at) = (count, 0);
        while left > 0 {
            let (batch, _) = batch.split_at_mut(left.min(BATCH_SEQUENCES));
            left = left.wrapping_sub(batch.len());
            let before_last = self.decode(&mut bits, &mut states, batch)?;
            if left == 0 && !before_last.is_at_end() {
                return Err(Bad);
            }
            literal_at = copy_all(batch, (literals.0, literals.1, literal_at), &mut output)?;
        }
        Ok((output.end, literal_at))
    }

    /// Decodes as many sequences as there is room for. Returns the bits before the last change of the states, which the
    /// last sequence of a block does not have: nothing may follow there.
    ///
    /// Nothing branches on what is decoded, because such branches cannot be foreseen. It is a function of its own so that
    /// the registers hold what it uses.
    #[inline(never)]
    fn decode<'d>(
        &mut self,
        from: &mut Bits<'d>,
        states: &mut States,
        batch: &mut [Sequence],
    ) -> Result<Bits<'d>, Bad> {
        let (literal_states, offset_states, match_states) =
            (&*self.literal_lengths.states, &*self.offsets.states, &*self.match_lengths.states);
        let mut bits = *from;
        let mut before = bits;
        let States { by_literal: mut literal_state, by_offset: mut offset_state, by_match: mut match_state } = *states;
        let [mut first, mut second, mut third] = self.recent;
        for sequence in batch {
            let by_literal = coded(literal_states, literal_state)?;
            let by_offset = coded(offset_states, offset_state)?;
            let by_match = coded(match_states, match_state)?;
            bits.refill()?;
            let value = by_offset.base.wrapping_add(bits.read(u32::from(by_offset.more_bits))?);
            let lengths_bits = u32::from(by_literal.more_bits).wrapping_add(u32::from(by_match.more_bits));
            let is_long = u32::from(by_offset.more_bits).wrapping_add(lengths_bits) > REFILLED_BITS - 3 * MAX_LOG;
            if is_long {
                bits.refill()?;
            }
            let match_len = by_match.base.wrapping_add(bits.read(u32::from(by_match.more_bits))?);
            let literal_len = by_literal.base.wrapping_add(bits.read(u32::from(by_literal.more_bits))?);
            if is_long {
                bits.refill()?;
            }
            before = bits;
            literal_state = u32::from(by_literal.next).wrapping_add(bits.read(u32::from(by_literal.bits))?);
            match_state = u32::from(by_match.next).wrapping_add(bits.read(u32::from(by_match.bits))?);
            offset_state = u32::from(by_offset.next).wrapping_add(bits.read(u32::from(by_offset.bits))?);
            // Values up to 3 stand for a recent offset, or for one less than the latest.
            let recent = value.wrapping_sub(1).wrapping_add(u32::from(literal_len == 0));
            let choice = if value > 3 { 4 } else { recent };
            let offset = select(choice == 0, first, second);
            let offset = select(choice == 2, third, offset);
            let offset = select(choice == 3, first.wrapping_sub(1), offset);
            let offset = select(choice == 4, value.wrapping_sub(3), offset);
            third = select(choice >= 2, second, third);
            second = select(choice >= 1, first, second);
            first = offset;
            *sequence = Sequence { literal_len, match_len, offset };
        }
        *from = bits;
        *states = States { by_literal: literal_state, by_offset: offset_state, by_match: match_state };
        self.recent = [first, second, third];
        Ok(before)
    }
}

/// The number of sequences that are decoded before they are executed.
const BATCH_SEQUENCES: usize = 64;

/// Literals to copy, and a match.
#[derive(Clone, Copy, Default)]
struct Sequence {
    literal_len: u32,
    match_len: u32,
    offset: u32,
}

/// The states of the three codes.
struct States {
    by_literal: u32,
    by_offset: u32,
    by_match: u32,
}

/// Executes sequences with the literals from `literal_at`. Returns the number of literals that have been used.
#[inline(never)]
fn copy_all(
    batch: &[Sequence],
    (literals, literals_len, mut literal_at): (&[u8], usize, usize),
    output: &mut Output<'_>,
) -> Result<usize, Bad> {
    let Output { ref mut bytes, mut end, limit, window } = *output;
    let out = &mut **bytes;
    for sequence in batch {
        let (literal_len, match_len) = (sequence.literal_len as usize, sequence.match_len as usize);
        let offset = sequence.offset as usize;
        let literal_end = literal_at.wrapping_add(literal_len);
        let copied = end.wrapping_add(literal_len);
        let new_end = copied.wrapping_add(match_len);
        if literal_end > literals_len || new_end > limit || offset > window || offset > copied || offset == 0 {
            return Err(Bad);
        }
        step::<STEP_BYTES>(literals, literal_at, out, end)?;
        if literal_len > STEP_BYTES {
            let to = out.get_mut(end..copied).ok_or(Bad)?;
            to.copy_from_slice(literals.get(literal_at..literal_end).ok_or(Bad)?);
        }
        literal_at = literal_end;
        copy_match(out, copied, new_end, offset)?;
        end = new_end;
    }
    output.end = end;
    Ok(literal_at)
}

/// Copies `N` bytes.
#[inline(always)]
fn step<const N: usize>(from: &[u8], from_at: usize, to: &mut [u8], to_at: usize) -> Result<(), Bad> {
    let from = from.get(from_at..).and_then(<[u8]>::first_chunk::<N>).ok_or(Bad)?;
    *to.get_mut(to_at..).and_then(<[u8]>::first_chunk_mut::<N>).ok_or(Bad)? = *from;
    Ok(())
}

/// Copies `N` bytes within the output.
#[inline(always)]
fn step_within<const N: usize>(out: &mut [u8], from_at: usize, to_at: usize) -> Result<(), Bad> {
    let bytes = *out.get(from_at..).and_then(<[u8]>::first_chunk::<N>).ok_or(Bad)?;
    *out.get_mut(to_at..).and_then(<[u8]>::first_chunk_mut::<N>).ok_or(Bad)? = bytes;
    Ok(())
}

/// Copies a match to `start..end`, from `offset` bytes before it. What it copies may be part of what it writes.
#[inline(always)]
fn copy_match(out: &mut [u8], start: usize, end: usize, offset: usize) -> Result<(), Bad> {
    let (mut from, mut to) = (start.wrapping_sub(offset), start);
    if offset >= 2 * STEP_BYTES {
        // Most matches are shorter than two steps; how often one step is repeated would be hard to foresee.
        loop {
            let bytes = out.get_mut(from..to.wrapping_add(2 * STEP_BYTES)).ok_or(Bad)?;
            let (source, target) = bytes.split_at_mut_checked(offset).ok_or(Bad)?;
            let source = source.first_chunk::<{ 2 * STEP_BYTES }>().ok_or(Bad)?;
            *target.first_chunk_mut().ok_or(Bad)? = *source;
            (from, to) = (from.wrapping_add(2 * STEP_BYTES), to.wrapping_add(2 * STEP_BYTES));
            if to >= end {
                return Ok(());
            }
        }
    }
    if offset >= STEP_BYTES {
        loop {
            step_within::<STEP_BYTES>(out, from, to)?;
            (from, to) = (from.wrapping_add(STEP_BYTES), to.wrapping_add(STEP_BYTES));
            if to >= end {
                return Ok(());
            }
        }
    }
    if offset >= 8 {
        loop {
            step_within::<8>(out, from, to)?;
            (from, to) = (from.wrapping_add(8), to.wrapping_add(8));
            if to >= end {
                return Ok(());
            }
        }
    }
    // Each copy doubles what can be copied next.
    let mut known = offset;
    while to < end {
        let count = known.min(end.wrapping_sub(to));
        let source = from..from.wrapping_add(count);
        if source.end > out.len() || to.wrapping_add(count) > out.len() {
            return Err(Bad);
        }
        out.copy_within(source, to);
        to = to.wrapping_add(count);
        known = known.wrapping_add(count);
    }
    Ok(())
}
