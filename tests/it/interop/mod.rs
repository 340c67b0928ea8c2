//! Other programs: what they write we read, and what we write they read.

#[cfg(unix)]
mod tars;
