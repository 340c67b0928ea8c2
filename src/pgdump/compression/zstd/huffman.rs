//! Literals that are compressed with a Huffman code: [`Huffman`].

use super::bits::{Bad, Bits, MARGIN_BYTES, end_of, load};
use super::fse::{Distribution, MAX_STATES, State, spread};

/// The longest code.
const MAX_BITS: u32 = 11;
const MAX_CODES: usize = 1 << MAX_BITS;
/// Symbols that are decoded between two loads: their codes are at most 55 bits together.
const AT_ONCE: usize = 5;

/// The code of the literals, which later blocks may use again.
pub(super) struct Huffman {
    /// By the next [`MAX_BITS`] bits: the symbol, and the length of its code in the low byte.
    codes: Box<[u16; MAX_CODES]>,
    is_known: bool,
}

impl Huffman {
    pub(super) fn new() -> Self {
        Self { codes: Box::new([0; MAX_CODES]), is_known: false }
    }

    /// Forgets the code.
    pub(super) const fn reset(&mut self) {
        self.is_known = false;
    }

    /// Reads the description of the code that follows the margin in `data`, and returns its length.
    pub(super) fn read(&mut self, data: &[u8]) -> Result<usize, Bad> {
        self.is_known = false;
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
            let span = 1_usize.wrapping_shl(weight.wrapping_sub(1).wrapping_add(MAX_BITS.wrapping_sub(bits)));
            for (_, symbol) in symbols().filter(|(of_symbol, _)| u32::from(**of_symbol) == weight) {
                let code = symbol << 8 | (length & 15) as u16;
                codes.by_ref().take(span).for_each(|to| *to = code);
            }
        }
        self.is_known = true;
        Ok(())
    }

    /// Decodes the one stream that follows the margin in `data` into all of `out`.
    pub(super) fn decode_one(&self, data: &[u8], out: &mut [u8]) -> Result<(), Bad> {
        self.codes()?.decode_rest(&mut Stream::new(data).ok_or(Bad)?, out)
    }

    /// Decodes the four streams that follow the margin in `data` into all of `out`.
    pub(super) fn decode_four(&self, data: &[u8], out: &mut [u8]) -> Result<(), Bad> {
        let codes = self.codes()?;
        let (_, content) = data.split_at_checked(MARGIN_BYTES).ok_or(Bad)?;
        let ([a, b, c, d, e, f], _) = content.split_first_chunk::<6>().ok_or(Bad)?;
        let mut start = MARGIN_BYTES.wrapping_add(6);
        let mut stream = |len: Option<usize>| {
            let end = len.map_or(data.len(), |len| start.wrapping_add(len));
            let stream = data.get(start.wrapping_sub(MARGIN_BYTES)..end).and_then(Stream::new).ok_or(Bad);
            start = end;
            stream
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
            first.refill()?;
            second.refill()?;
            third.refill()?;
            fourth.refill()?;
            for (((one, two), three), four) in one.iter_mut().zip(two).zip(three).zip(four) {
                *one = codes.symbol(&mut first)?;
                *two = codes.symbol(&mut second)?;
                *three = codes.symbol(&mut third)?;
                *four = codes.symbol(&mut fourth)?;
            }
        }
        // The fourth stream may be shorter than the others by three symbols, which is one step at most.
        for (stream, tail, rest) in [
            (&mut first, one_tail, one_rest),
            (&mut second, two_tail, two_rest),
            (&mut third, three_tail, three_rest),
            (&mut fourth, &mut [][..], four_rest),
        ] {
            for symbols in tail {
                codes.decode_some(stream, symbols)?;
            }
            codes.decode_rest(stream, rest)?;
        }
        Ok(())
    }

    fn codes(&self) -> Result<Codes<'_>, Bad> {
        if self.is_known { Ok(Codes(&self.codes)) } else { Err(Bad) }
    }
}

/// The codes by their bits, of which there are some.
#[derive(Clone, Copy)]
struct Codes<'a>(&'a [u16; MAX_CODES]);

impl Codes<'_> {
    /// Decodes the rest of a stream, which must end with it.
    fn decode_rest(self, stream: &mut Stream<'_>, out: &mut [u8]) -> Result<(), Bad> {
        let (steps, rest) = out.as_chunks_mut::<AT_ONCE>();
        for symbols in steps {
            self.decode_some(stream, symbols)?;
        }
        self.decode_some(stream, rest)?;
        if stream.is_at_end() { Ok(()) } else { Err(Bad) }
    }

    /// Decodes at most [`AT_ONCE`] symbols.
    fn decode_some(self, stream: &mut Stream<'_>, out: &mut [u8]) -> Result<(), Bad> {
        stream.refill()?;
        for to in out {
            *to = self.symbol(stream)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn symbol(self, stream: &mut Stream<'_>) -> Result<u8, Bad> {
        // The index is below the length, which the compiler sees.
        let code = *self.0.get(usize::from((stream.next >> (64 - MAX_BITS)) as u16)).ok_or(Bad)?;
        // Of a number of bits to shift by, the lowest six count.
        stream.next = stream.next.wrapping_shl(u32::from(code));
        Ok((code >> 8) as u8)
    }
}

/// A stream of codes, read from its end.
struct Stream<'a> {
    /// The margin and the stream.
    data: &'a [u8],
    /// The position of the loaded bytes.
    start: usize,
    /// The unread ones of the loaded bits, from the highest. Instead of the last of them there is a 1, which is never read:
    /// the zeros after it count the bits that have been read.
    next: u64,
}

impl<'a> Stream<'a> {
    fn new(data: &'a [u8]) -> Option<Self> {
        let (start, word, unused) = end_of(data)?;
        Some(Self { data, start, next: (word | 1).wrapping_shl(unused) })
    }

    /// Loads the next bits, enough for [`AT_ONCE`] symbols. The margin's are available as well.
    #[inline(always)]
    fn refill(&mut self) -> Result<(), Bad> {
        let read_bits = self.next.trailing_zeros();
        self.start = self.start.wrapping_sub((read_bits >> 3) as usize);
        self.next = (load(self.data, self.start)? | 1).wrapping_shl(read_bits & 7);
        Ok(())
    }

    /// Returns `true` if exactly all bits have been read, and nothing of the margin.
    const fn is_at_end(&self) -> bool {
        self.start.wrapping_mul(8) == self.next.trailing_zeros() as usize
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
    let mut start = || {
        if bits.is_exceeded() {
            return Err(Bad);
        }
        bits.refill()?;
        bits.read(distribution.log)
    };
    let (mut this, mut other) = (start()? as usize, start()? as usize);
    let mut count = 0_usize;
    // Two states take turns; when the bits are used up, the other one has the last symbol. One more is implied.
    for to in weights.iter_mut().take(255) {
        let state = states.get(this).ok_or(Bad)?;
        *to = state.symbol;
        count = count.wrapping_add(1);
        if bits.is_exceeded() {
            return Ok(count);
        }
        bits.refill()?;
        let next = usize::from(state.next).wrapping_add(bits.read(u32::from(state.bits))? as usize);
        (this, other) = (other, next);
    }
    Err(Bad)
}
