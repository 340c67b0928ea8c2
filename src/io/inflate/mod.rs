//! A decoder of deflate streams (RFC 1951): [`Inflate`], and [`InflateWindow`], which owns the output.
//!
//! Almost everything is decoded by the loop in `fast`, which needs much input and room. Where there is less, one word is
//! decoded after the other, and the decoder can be interrupted at any byte.

mod codes;
mod copy;
mod decoder;
mod error;
mod fast;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod window;
mod zlib;

pub(crate) use decoder::{Inflate, Need};
pub(crate) use error::InflateError;
pub(crate) use window::InflateWindow;
pub(crate) use zlib::InflateZlib;
