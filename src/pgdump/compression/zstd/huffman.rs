//! Literals that are compressed with a Huffman code: [`Huffman`].

use super::bits::{Bad, Bits, MARGIN_BYTES};
use super::fse::{Distribution, MAX_STATES, State, spread};

/// The longest code.
const MAX_BITS: u32 = 11;
const MAX_CODES: usize = 1 << MAX_BITS;
const CODES_MASK: u64 = 0x7ff;
/// Symbols that are decoded between two loads: their codes are at most 55 bits together.
const AT_ONCE: usize = 5;

/// The code of the literals, which later blocks may use again.
pub(super) struct Huffman {
    /// By the next [`MAX_BITS`] or fewer bits: the symbol, and the length of its code in the low byte.
    codes: Box<[u16; MAX_CODES]>,
    /// The number of bits that select a code; 0 if there is none.
    bits: u32,
}

impl Huffman {
    pub(super) fn new() -> Self {
        Self { codes: Box::new([0; MAX_CODES]), bits: 0 }
    }

    /// Forgets the code.
    pub(super) const fn reset(&mut self) {
        self.bits = 0;
    }

    /// Reads the description of the code that follows the margin in `data`, and returns its length.
    pub(super) fn read(&mut self, data: &[u8]) -> Result<usize, Bad> {
        self.bits = 0;
        let content = data.get(MARGIN_BYTES..).ok_or(Bad)?;
        let (head, rest) = content.split_first().ok_or(Bad)?;
        let mut weights = [0_u8; 256];
        let (count, len) = if *head < 128 {
            let len = usize::from(*head);
            let end = MARGIN_BYTES.wrapping_add(1).wrapping_add(len);
            let compressed = data.get(1..end).ok_or(Bad)?;
            (compressed_weights(compressed, &mut weights)?, len)
        } else {
            let count = usize::from(*head).wrapping_sub(127);
            let len = count.div_ceil(2);
            let pairs = rest.get(..len).ok_or(Bad)?.iter().flat_map(|pair| [pair >> 4, pair & 15]);
            weights.iter_mut().zip(pairs.take(count)).for_each(|(to, weight)| *to = weight);
            (count, len)
        };
        self.assign(&mut weights, count)?;
        Ok(len.wrapping_add(1))
    }

    /// Assigns the codes to symbols. The last weight is implied.
    fn assign(&mut self, weights: &mut [u8; 256], count: usize) -> Result<(), Bad> {
        let mut sum = 0_u32;
        for weight in weights.iter().take(count) {
            if u32::from(*weight) > MAX_BITS {
                return Err(Bad);
            }
            sum = sum.wrapping_add(1_u32.wrapping_shl(u32::from(*weight)) >> 1);
        }
        let bits = 32_u32.wrapping_sub(sum.leading_zeros());
        if sum == 0 || bits > MAX_BITS {
            return Err(Bad);
        }
        let left = 1_u32.wrapping_shl(bits).wrapping_sub(sum);
        if !left.is_power_of_two() {
            return Err(Bad);
        }
        *weights.get_mut(count).ok_or(Bad)? = (left.trailing_zeros().wrapping_add(1) & 15) as u8;
        let symbols = || weights.iter().zip(0_u16..).take(count.wrapping_add(1));
        let mut codes = self.codes.iter_mut();
        for weight in 1..=bits {
            let length = bits.wrapping_add(1).wrapping_sub(weight);
            let span = 1_usize.wrapping_shl(weight.wrapping_sub(1));
            for (_, symbol) in symbols().filter(|(of_symbol, _)| u32::from(**of_symbol) == weight) {
                let code = symbol << 8 | (length & 15) as u16;
                codes.by_ref().take(span).for_each(|to| *to = code);
            }
        }
        self.bits = bits;
        Ok(())
    }

    /// Decodes the one stream that follows the margin in `data` into all of `out`.
    pub(super) fn decode_one(&self, data: &[u8], out: &mut [u8]) -> Result<(), Bad> {
        let shift = self.shift()?;
        let mut bits = Bits::new(data).ok_or(Bad)?;
        self.decode_rest(&mut bits, out, shift)
    }

    /// Decodes the four streams that follow the margin in `data` into all of `out`.
    pub(super) fn decode_four(&self, data: &[u8], out: &mut [u8]) -> Result<(), Bad> {
        let shift = self.shift()?;
        let (_, content) = data.split_at_checked(MARGIN_BYTES).ok_or(Bad)?;
        let ([a, b, c, d, e, f], _) = content.split_first_chunk::<6>().ok_or(Bad)?;
        let mut start = MARGIN_BYTES.wrapping_add(6);
        let mut stream = |len: Option<usize>| {
            let end = len.map_or(data.len(), |len| start.wrapping_add(len));
            let bits = data.get(start.wrapping_sub(MARGIN_BYTES)..end).and_then(Bits::new).ok_or(Bad);
            start = end;
            bits
        };
        let length = |low: &u8, high: &u8| Some(usize::from(u16::from_le_bytes([*low, *high])));
        let mut first = stream(length(a, b))?;
        let mut second = stream(length(c, d))?;
        let mut third = stream(length(e, f))?;
        let mut fourth = stream(None)?;
        let part = out.len().wrapping_add(3) >> 2;
        let (one, rest) = out.split_at_mut_checked(part).ok_or(Bad)?;
        let (two, rest) = rest.split_at_mut_checked(part).ok_or(Bad)?;
        let (three, four) = rest.split_at_mut_checked(part).ok_or(Bad)?;
        let ((one, one_rest), (two, two_rest)) = (one.as_chunks_mut::<AT_ONCE>(), two.as_chunks_mut::<AT_ONCE>());
        let ((three, three_rest), (four, four_rest)) =
            (three.as_chunks_mut::<AT_ONCE>(), four.as_chunks_mut::<AT_ONCE>());
        let (common, one_tail) = one.split_at_mut(four.len().min(one.len()));
        let (common_two, two_tail) = two.split_at_mut(common.len().min(two.len()));
        let (common_three, three_tail) = three.split_at_mut(common.len().min(three.len()));
        for (((one, two), three), four) in common.iter_mut().zip(common_two).zip(common_three).zip(four) {
            let is_loaded = first.refill() & second.refill() & third.refill() & fourth.refill();
            if !is_loaded {
                return Err(Bad);
            }
            for (((one, two), three), four) in one.iter_mut().zip(two).zip(three).zip(four) {
                *one = self.symbol(&mut first, shift)?;
                *two = self.symbol(&mut second, shift)?;
                *three = self.symbol(&mut third, shift)?;
                *four = self.symbol(&mut fourth, shift)?;
            }
        }
        // The fourth stream may be shorter than the others by three symbols, which is one step at most.
        for (bits, tail, rest) in [
            (&mut first, one_tail, one_rest),
            (&mut second, two_tail, two_rest),
            (&mut third, three_tail, three_rest),
            (&mut fourth, &mut [][..], four_rest),
        ] {
            for symbols in tail {
                self.decode_some(bits, symbols, shift)?;
            }
            self.decode_rest(bits, rest, shift)?;
        }
        Ok(())
    }

    /// Decodes the rest of a stream, which must end with it.
    fn decode_rest(&self, bits: &mut Bits<'_>, out: &mut [u8], shift: u32) -> Result<(), Bad> {
        let (steps, rest) = out.as_chunks_mut::<AT_ONCE>();
        for symbols in steps {
            self.decode_some(bits, symbols, shift)?;
        }
        self.decode_some(bits, rest, shift)?;
        if bits.is_at_end() { Ok(()) } else { Err(Bad) }
    }

    /// Decodes at most [`AT_ONCE`] symbols.
    fn decode_some(&self, bits: &mut Bits<'_>, out: &mut [u8], shift: u32) -> Result<(), Bad> {
        if !bits.refill() {
            return Err(Bad);
        }
        for to in out {
            *to = self.symbol(bits, shift)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn symbol(&self, bits: &mut Bits<'_>, shift: u32) -> Result<u8, Bad> {
        // The index is below the length, which the compiler sees.
        let index = (bits.peek().wrapping_shr(shift) & CODES_MASK) as u16;
        let code = *self.codes.get(usize::from(index)).ok_or(Bad)?;
        bits.skip(u32::from(code & 15));
        Ok((code >> 8) as u8)
    }

    /// Returns the number of bits below those that select a code.
    const fn shift(&self) -> Result<u32, Bad> {
        if self.bits == 0 { Err(Bad) } else { Ok(64_u32.wrapping_sub(self.bits)) }
    }
}

/// Decodes the weights that follow the margin in `data`, and returns their number.
fn compressed_weights(data: &[u8], weights: &mut [u8; 256]) -> Result<usize, Bad> {
    const MAX_LOG: u32 = 6;
    const SYMBOLS: usize = 13;
    let (_, content) = data.split_at_checked(MARGIN_BYTES).ok_or(Bad)?;
    let (distribution, len) = Distribution::read(content, MAX_LOG, SYMBOLS)?;
    let mut states = [State::default(); MAX_STATES];
    spread(&distribution, &mut states)?;
    let mut bits = data.get(len..).and_then(Bits::new).ok_or(Bad)?;
    let mut start = || if bits.refill() { Ok(bits.read(distribution.log) as usize) } else { Err(Bad) };
    let (mut this, mut other) = (start()?, start()?);
    let mut count = 0_usize;
    // Two states take turns; when the bits are used up, the other one has the last symbol. One more is implied.
    for to in weights.iter_mut().take(255) {
        let state = states.get(this).ok_or(Bad)?;
        *to = state.symbol;
        count = count.wrapping_add(1);
        if bits.is_exceeded() {
            return Ok(count);
        }
        bits.refill();
        let next = usize::from(state.next).wrapping_add(bits.read(u32::from(state.bits)) as usize);
        (this, other) = (other, next);
    }
    Err(Bad)
}
