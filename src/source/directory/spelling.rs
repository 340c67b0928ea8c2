//! The spelling of a document's path: the depth of its shard folders and the letter case of each character.

use std::path::PathBuf;

use crate::document::{DocumentId, TEXT_BYTES};
use crate::io::decimal;

/// The number of characters in the shard folders above a document: `xx` and `yy`.
const SHARD_CHARS: u32 = 4;
/// The bit of files that are named by a number.
const NUMBERED: u64 = 1 << 63;
/// The number of hex digits in a UUID; its hyphens have no case.
const ID_DIGITS: u32 = 32;

/// A folder below the files folder that may contain documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Shards {
    /// The files folder itself.
    Root,
    /// `xx`, two hex digits in either letter case.
    One([u8; 2]),
    /// `xx/yy`
    Two([u8; 2], [u8; 2]),
    /// `NNN` and longer: the thousands of a numbered file.
    Thousands(u32),
}

/// The part of a document's path that its id does not determine.
///
/// The order is that of preference among the files of one document: deeper folders first, lower case before upper.
/// Bits 0 to 31 are set for every upper-case digit of the name, bits 32 to 35 for those of the shard folders; bits 36
/// and 37 count the shard folders that are missing. Bit 63 marks a file that is named by a number, which is then in the
/// other bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::source) struct Spelling(u64);

/// The reason why a file is not a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Mismatch {
    NotAnId,
    WrongShard,
}

impl Shards {
    /// Returns the folder `name` inside this one, if it can be a shard folder.
    pub(in crate::source) fn child(self, name: &[u8]) -> Option<Self> {
        match (self, name) {
            (Self::Root, [a, b]) if is_hex(*a) && is_hex(*b) => Some(Self::One([*a, *b])),
            (Self::One(first), [a, b]) if is_hex(*a) && is_hex(*b) => Some(Self::Two(first, [*a, *b])),
            (Self::Root, [b'1'..=b'9', _, _, ..]) => decimal(name).map(Self::Thousands),
            _ => None,
        }
    }

    /// Returns the name of this folder in the one that it is in; `None` for the files folder.
    pub(in crate::source) fn name(self) -> Option<String> {
        match self {
            Self::Root => None,
            Self::One(name) | Self::Two(_, name) => Some(String::from_iter(name.map(char::from))),
            Self::Thousands(number) => Some(number.to_string()),
        }
    }

    /// Appends the path of this folder, relative to the files folder.
    pub(in crate::source) fn push_to(self, path: &mut PathBuf) {
        let mut push = |shard: [u8; 2]| path.push(String::from_iter(shard.map(char::from)));
        match self {
            Self::Root => {}
            Self::One(first) => push(first),
            Self::Two(first, second) => {
                push(first);
                push(second);
            }
            Self::Thousands(number) => path.push(number.to_string()),
        }
    }
}

impl Spelling {
    /// Parses `name`, found in the folder `shards`, into the id and its spelling.
    pub(in crate::source) fn parse(shards: Shards, name: &[u8]) -> Result<(DocumentId, Self), Mismatch> {
        let id = DocumentId::parse(name).map_err(|_| Mismatch::NotAnId)?;
        let (shard, missing_count) = match shards {
            Shards::Root => ([0; 4], 2),
            Shards::One([a, b]) => ([a, b, 0, 0], 1),
            Shards::Two([a, b], [c, d]) => ([a, b, c, d], 0),
            Shards::Thousands(_) => return Err(Mismatch::WrongShard),
        };
        let matches = shard.iter().zip(name).all(|(found, wanted)| *found == 0 || found.eq_ignore_ascii_case(wanted));
        if !matches {
            return Err(Mismatch::WrongShard);
        }
        let name_bits = case_bits(name.iter().filter(|byte| **byte != b'-'));
        let shard_bits = case_bits(shard.iter());
        Ok((id, Self(missing_count << (ID_DIGITS + SHARD_CHARS) | shard_bits << ID_DIGITS | name_bits)))
    }

    /// Parses the name of a file that a very old app named by a number, in the folder of its thousands.
    ///
    /// That folder has two digits at least. Any other spelling was never written.
    pub(in crate::source) fn parse_number(shards: Shards, name: &[u8]) -> Option<Self> {
        let number =
            decimal::<u64>(name).filter(|number| *number < NUMBERED && name == number.to_string().as_bytes())?;
        let thousands = match shards {
            Shards::One([a, b]) => decimal::<u32>(&[a, b])?,
            Shards::Thousands(thousands) => thousands,
            Shards::Root | Shards::Two(..) => return None,
        };
        (u64::from(thousands) == number / 1000).then_some(Self(NUMBERED | number))
    }

    /// Returns the number that names the file; `None` for a document.
    pub(in crate::source) const fn number(self) -> Option<u64> {
        if self.0 & NUMBERED == 0 { None } else { Some(self.0 & !NUMBERED) }
    }

    /// Returns the spelling with these [`bits`](Self::bits).
    pub(in crate::source) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Returns this spelling as a number, in the same order.
    pub(in crate::source) const fn bits(self) -> u64 {
        self.0
    }

    /// Appends the path of the document, relative to the files folder: the inverse of [`parse`](Self::parse).
    pub(in crate::source) fn push_to(self, id: DocumentId, prefix: &str, suffix: &str, path: &mut PathBuf) {
        if let Some(number) = self.number() {
            path.push(format!("{:02}", number / 1000));
            path.push(format!("{prefix}{number}{suffix}"));
            return;
        }
        let text = id.ascii();
        let digits = text.into_iter().filter(|byte| *byte != b'-');
        let mut shard = [0; SHARD_CHARS as usize];
        for ((to, from), bit) in shard.iter_mut().zip(digits).zip(ID_DIGITS..) {
            *to = self.respell(from, bit);
        }
        let [a, b, c, d] = shard;
        match self.0 >> (ID_DIGITS + SHARD_CHARS) {
            0 => Shards::Two([a, b], [c, d]).push_to(path),
            1 => Shards::One([a, b]).push_to(path),
            _ => {}
        }
        let mut name = String::with_capacity(prefix.len().saturating_add(TEXT_BYTES).saturating_add(suffix.len()));
        name.push_str(prefix);
        let mut bits = 0..ID_DIGITS;
        for byte in text {
            // Hyphens have no bit, and there is one for every digit.
            let bit = if byte == b'-' { None } else { bits.next() };
            name.push(char::from(bit.map_or(byte, |bit| self.respell(byte, bit))));
        }
        name.push_str(suffix);
        path.push(name);
    }

    fn respell(self, byte: u8, bit: u32) -> u8 {
        let is_upper = self.0.checked_shr(bit).is_some_and(|bits| bits & 1 == 1);
        if is_upper { byte.to_ascii_uppercase() } else { byte }
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

/// Returns one bit for every upper-case letter, the lowest for the first byte.
fn case_bits<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    bytes.zip(0..).fold(0, |bits, (byte, bit)| match u64::from(byte.is_ascii_uppercase()).checked_shl(bit) {
        Some(upper) => bits | upper,
        None => bits,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const NAME: &[u8] = b"0d3e301f-5551-46f8-ad44-8de2be084c95";

    fn shards(path: &str) -> Option<Shards> {
        path.split('/')
            .filter(|part| !part.is_empty())
            .try_fold(Shards::Root, |shards, part| shards.child(part.as_bytes()))
    }

    #[test]
    fn parse_and_render_are_inverse() {
        let mut random = fastrand::Rng::with_seed(1);
        for round in 0..1000 {
            let lower = DocumentId::from_bytes(random.u128(..).to_be_bytes()).to_string();
            let mut spell = |text: &str| -> String {
                text.chars().map(|c| if random.bool() { c.to_ascii_uppercase() } else { c }).collect()
            };
            let name = spell(&lower);
            let folders = [spell(&lower[..2]), spell(&lower[2..4])];
            let depth = round % 3;
            let mut path = PathBuf::from_iter(&folders[..depth]);
            let folder = shards(&folders[..depth].join("/")).unwrap();
            let (id, spelling) = Spelling::parse(folder, name.as_bytes()).unwrap();
            path.push(format!("pre-{name}.bin"));
            let mut rendered = PathBuf::new();
            Spelling::from_bits(spelling.bits()).push_to(id, "pre-", ".bin", &mut rendered);
            assert_eq!(rendered, path);
        }
    }

    #[test]
    fn folders_must_lead_to_the_document() {
        assert_eq!(Spelling::parse(shards("0d/3f").unwrap(), NAME), Err(Mismatch::WrongShard));
        assert_eq!(Spelling::parse(shards("0e").unwrap(), NAME), Err(Mismatch::WrongShard));
        assert_eq!(Spelling::parse(shards("123").unwrap(), NAME), Err(Mismatch::WrongShard));
        assert_eq!(Spelling::parse(shards("0d").unwrap(), b"12"), Err(Mismatch::NotAnId));
    }

    #[test]
    fn only_two_levels_of_two_hex_digits_are_shards() {
        for path in ["0d/3e/30", "0g", "d", "0d3", "files", "012", "0d/012"] {
            assert_eq!(shards(path), None, "{path}");
        }
        assert_eq!(shards("12"), Some(Shards::One(*b"12")));
        assert_eq!(shards("4711"), Some(Shards::Thousands(4711)));
    }

    #[test]
    fn numbered_files_are_in_the_folder_of_their_thousands() {
        for (folder, name) in [("00", "7"), ("00", "999"), ("12", "12345"), ("123", "123456"), ("4711", "4711000")] {
            let spelling = Spelling::parse_number(shards(folder).unwrap(), name.as_bytes()).unwrap();
            assert_eq!(spelling.number().map(|number| number.to_string()).as_deref(), Some(name));
            let mut path = PathBuf::new();
            spelling.push_to(DocumentId::from_bytes([0; 16]), "", "", &mut path);
            assert_eq!(path, Path::new(folder).join(name));
        }
        for (folder, name) in [("01", "7"), ("00", "07"), ("", "7"), ("ab", "7"), ("12/34", "12345"), ("00", "")] {
            assert_eq!(Spelling::parse_number(shards(folder).unwrap(), name.as_bytes()), None, "{folder}/{name}");
        }
    }

    #[test]
    fn deeper_and_lower_case_spellings_come_first() {
        let upper = NAME.to_ascii_uppercase();
        let spellings = [("0d/3e", NAME), ("0d/3e", &upper), ("0D/3e", NAME), ("0d", NAME), ("", NAME)]
            .map(|(folder, name)| Spelling::parse(shards(folder).unwrap(), name).unwrap().1);
        assert!(spellings.is_sorted());
        let mut path = PathBuf::new();
        spellings[0].push_to(DocumentId::parse(NAME).unwrap(), "", "", &mut path);
        assert_eq!(path, Path::new("0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95"));
    }
}
