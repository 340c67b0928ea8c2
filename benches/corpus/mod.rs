//! The archives' contents that every bench measures on: made by code from a seed, so that figures can be compared.
#![allow(dead_code, reason = "every bench uses a part of it")]

pub mod text;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use appsnap::DocumentId;
use appsnap::snapshot::DocumentSource;

/// Bytes of the substitute for `db/db.backup`. A dump is compressed already.
pub const DUMP_BYTES: usize = 20_000_000;

/// A small, fast generator (splitmix64): the corpora must be the same everywhere and for ever.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normally distributed (Box-Muller).
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    pub fn noise(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 8);
        while bytes.len() < len {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }

    /// A word of a vocabulary of 4,096 in which some are common.
    pub fn word(&mut self) -> String {
        let rank = (4096.0 * self.unit().powf(2.0)) as u64;
        let mut word = Self(rank);
        (0..2 + word.next() % 8).map(|_| char::from(b'a' + (word.next() % 26) as u8)).collect()
    }

    /// Text of such words.
    pub fn text(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 32);
        while bytes.len() < len {
            bytes.extend_from_slice(self.word().as_bytes());
            bytes.push(if self.next().is_multiple_of(12) { b'\n' } else { b' ' });
        }
        bytes.truncate(len);
        bytes
    }
}

/// A corpus by its name: makes it in a folder, with so many documents.
pub type Make = fn(&Path, usize) -> io::Result<Corpus>;

/// All corpora on disk.
pub const ALL: [(&str, Make); 3] = [("small", small), ("mixed", mixed), ("text", text_heavy)];

/// A folder of documents and a dump, on disk.
pub struct Corpus {
    pub name: &'static str,
    pub files: PathBuf,
    pub dump: PathBuf,
}

impl Corpus {
    /// The paths of all documents, in the order of their names.
    pub fn paths(&self) -> Vec<PathBuf> {
        fn add(folder: &Path, paths: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() { add(&entry.path(), paths) } else { paths.push(entry.path()) }
            }
        }
        let mut paths = Vec::new();
        add(&self.files, &mut paths);
        paths.sort();
        paths
    }
}

/// 4,096-byte documents, 30 % of them incompressible.
pub fn small(root: &Path, count: usize) -> io::Result<Corpus> {
    make(root, "small", count, |random| {
        let is_noise = random.unit() < 0.3;
        if is_noise { random.noise(4096) } else { random.text(4096) }
    })
}

/// Log-normal sizes (median 6,000 bytes, sigma 1.2, at most 8 MiB), half of them incompressible.
pub fn mixed(root: &Path, count: usize) -> io::Result<Corpus> {
    make(root, "mixed", count, |random| {
        let len = (6000.0 * (1.2 * random.normal()).exp()).min(8.0 * 1024.0 * 1024.0) as usize;
        if random.unit() < 0.5 { random.noise(len) } else { random.text(len) }
    })
}

/// Text alone, in files of 1 to 200 KB, their sizes spread evenly over the orders of magnitude: 1.9 GB in 50,000 files.
pub fn text_heavy(root: &Path, count: usize) -> io::Result<Corpus> {
    make(root, "text", count, |random| {
        let len = (1000.0 * 200_f64.powf(random.unit())) as usize;
        text::file(random, len)
    })
}

fn make(
    root: &Path,
    name: &'static str,
    count: usize,
    mut content: impl FnMut(&mut Random) -> Vec<u8>,
) -> io::Result<Corpus> {
    let root = root.join(format!("{name}-{count}"));
    let corpus = Corpus { name, files: root.join("tree"), dump: root.join("db").join("db.backup") };
    let done = root.join(".complete");
    if done.exists() {
        return Ok(corpus);
    }
    let mut random = Random::new(20_261_120);
    fs::create_dir_all(root.join("db"))?;
    fs::write(&corpus.dump, random.noise(DUMP_BYTES))?;
    for _ in 0..count {
        let file = corpus.files.join(id(&mut random).path());
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create(file)?.write_all(&content(&mut random))?;
    }
    fs::write(root.join(".metadata"), b"{\"duration\":\"0\"}")?;
    File::create(done)?;
    Ok(corpus)
}

fn id(random: &mut Random) -> DocumentId {
    DocumentId::from_bytes(((u128::from(random.next()) << 64) | u128::from(random.next())).to_be_bytes())
}

/// Documents that exist only while they are read: 1 KiB each, a third of them incompressible, ids ascending.
pub struct Huge {
    pub count: usize,
    text: Vec<u8>,
    noise: Vec<u8>,
}

impl Huge {
    pub const DOCUMENT_BYTES: usize = 1024;

    pub fn new(count: usize) -> Self {
        let mut random = Random::new(1);
        Self { count, text: random.text(1 << 20), noise: random.noise(1 << 20) }
    }

    pub fn id(&self, index: usize) -> DocumentId {
        let mut random = Random::new(index as u64);
        let high = (index as u128) << 96;
        DocumentId::from_bytes((high | (u128::from(random.next()) << 16)).to_be_bytes())
    }

    pub fn bytes(&self, index: usize) -> &[u8] {
        let from = if index.is_multiple_of(3) { &self.noise } else { &self.text };
        let at = index.wrapping_mul(0x9e37_79b9) % (from.len() - Self::DOCUMENT_BYTES);
        &from[at..at + Self::DOCUMENT_BYTES]
    }
}

impl DocumentSource for Huge {
    type File = Vec<u8>;

    fn documents_count(&self) -> usize {
        self.count
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        (self.id(index), Self::DOCUMENT_BYTES as u64)
    }

    fn open(&self, index: usize) -> io::Result<Vec<u8>> {
        Ok(self.bytes(index).to_vec())
    }

    fn origin(&self, index: usize) -> String {
        format!("generated document {index}")
    }
}
