//! The sources of the crate, read for the tests that hold its structure.

pub mod api;
mod expand;
pub mod files;
pub mod layers;
pub mod lexer;
pub mod model;
pub mod prose;
