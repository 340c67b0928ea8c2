//! Other programs: what they write we read, and what we write they read.

mod indexed;
#[cfg(unix)]
mod tars;
