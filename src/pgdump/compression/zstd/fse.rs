//! The probabilities of finite state entropy, and the states they give: [`Distribution`], [`spread`].

use super::bits::Bad;

/// The most symbols of any table: 53 match lengths. Literals' weights have fewer.
const MAX_SYMBOLS: usize = 64;
/// The highest accuracy of any table.
pub(super) const MAX_LOG: u32 = 9;
/// The number of states of the largest table.
pub(super) const MAX_STATES: usize = 1 << MAX_LOG;

/// Probabilities of symbols in units of a state; -1 is less than one.
pub(super) struct Distribution {
    pub(super) log: u32,
    probabilities: [i16; MAX_SYMBOLS],
    symbols_count: usize,
}

/// A state: its symbol, and the state after it.
#[derive(Clone, Copy, Default)]
pub(super) struct State {
    pub(super) symbol: u8,
    pub(super) bits: u8,
    pub(super) next: u16,
}

impl Distribution {
    pub(super) fn fixed(log: u32, fixed: &[i16]) -> Self {
        let mut probabilities = [0; MAX_SYMBOLS];
        for (to, from) in probabilities.iter_mut().zip(fixed) {
            *to = *from;
        }
        Self { log, probabilities, symbols_count: fixed.len().min(MAX_SYMBOLS) }
    }

    /// Reads a description of at most `max_symbols` symbols, and returns it with its length.
    pub(super) fn read(bytes: &[u8], max_log: u32, max_symbols: usize) -> Result<(Self, usize), Bad> {
        let mut bits = Forward { bytes, at: 0 };
        let log = bits.take(4).wrapping_add(5);
        if log > max_log {
            return Err(Bad);
        }
        let mut left = 1_u32.wrapping_shl(log);
        let mut probabilities = [0; MAX_SYMBOLS];
        let mut symbol = 0_usize;
        while left > 0 {
            // A number up to `left` + 1, in one bit less if it is among the lowest.
            let count = 32_u32.wrapping_sub(left.wrapping_add(1).leading_zeros());
            let value = bits.peek(count);
            let low = value & 1_u32.wrapping_shl(count.wrapping_sub(1)).wrapping_sub(1);
            let short = 1_u32.wrapping_shl(count).wrapping_sub(2).wrapping_sub(left);
            let value = if low < short {
                bits.skip(count.wrapping_sub(1));
                low
            } else {
                bits.skip(count);
                if value == low { value } else { value.wrapping_sub(short) }
            };
            let probability = i16::try_from(value).map_err(|_| Bad)?.wrapping_sub(1);
            let used = u32::from(probability.unsigned_abs());
            left = left.checked_sub(used).ok_or(Bad)?;
            *probabilities.get_mut(symbol).filter(|_| symbol < max_symbols).ok_or(Bad)? = probability;
            symbol = symbol.wrapping_add(1);
            if probability == 0 {
                loop {
                    let more = bits.take(2);
                    symbol = symbol.wrapping_add(more as usize);
                    if more != 3 {
                        break;
                    }
                    if symbol > max_symbols {
                        return Err(Bad);
                    }
                }
            }
        }
        let len = (bits.at.wrapping_add(7) >> 3) as usize;
        if symbol > max_symbols || len > bytes.len() {
            return Err(Bad);
        }
        Ok((Self { log, probabilities, symbols_count: symbol }, len))
    }
}

/// Spreads the symbols over the states. Only the first 2^`log` are set.
pub(super) fn spread(distribution: &Distribution, states: &mut [State; MAX_STATES]) -> Result<(), Bad> {
    let size = 1_usize.wrapping_shl(distribution.log).min(MAX_STATES);
    let mask = size.wrapping_sub(1);
    let mut counters = [0_u16; MAX_SYMBOLS];
    let mut high = size;
    let probabilities = || distribution.probabilities.iter().take(distribution.symbols_count).zip(0_u8..);
    for ((probability, symbol), counter) in probabilities().zip(&mut counters) {
        *counter = probability.unsigned_abs();
        if *probability < 0 {
            high = high.checked_sub(1).ok_or(Bad)?;
            states.get_mut(high).ok_or(Bad)?.symbol = symbol;
        }
    }
    let step = (size >> 1).wrapping_add(size >> 3).wrapping_add(3);
    let mut at = 0;
    for (probability, symbol) in probabilities() {
        for _ in 0..(*probability).max(0) {
            states.get_mut(at).ok_or(Bad)?.symbol = symbol;
            loop {
                at = at.wrapping_add(step) & mask;
                if at < high {
                    break;
                }
                if high == 0 {
                    return Err(Bad);
                }
            }
        }
    }
    if at != 0 {
        return Err(Bad);
    }
    for state in states.iter_mut().take(size) {
        let counter = counters.get_mut(usize::from(state.symbol)).ok_or(Bad)?;
        let number = *counter;
        *counter = number.wrapping_add(1);
        let bits = distribution.log.wrapping_sub(15_u32.wrapping_sub(number.leading_zeros()));
        state.bits = (bits & 15) as u8;
        state.next = number.wrapping_shl(bits).wrapping_sub(1_u16.wrapping_shl(distribution.log));
    }
    Ok(())
}

/// Bits that are read forwards; there are zeros after the end.
struct Forward<'a> {
    bytes: &'a [u8],
    /// The number of bits that have been read.
    at: u32,
}

impl Forward<'_> {
    fn peek(&self, count: u32) -> u32 {
        let from = self.bytes.iter().skip((self.at >> 3) as usize);
        let word =
            from.take(4).zip(0_u32..).fold(0, |word, (byte, index)| word | u32::from(*byte).wrapping_shl(index << 3));
        word.wrapping_shr(self.at & 7) & 1_u32.wrapping_shl(count).wrapping_sub(1)
    }

    const fn skip(&mut self, count: u32) {
        self.at = self.at.wrapping_add(count);
    }

    fn take(&mut self, count: u32) -> u32 {
        let value = self.peek(count);
        self.skip(count);
        value
    }
}
