//! The archive itself: written, read, extracted and accessed at random.

mod content;

pub use content::DocumentSource;
