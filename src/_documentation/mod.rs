//! Pages that belong to no single item.

#[doc = include_str!("findings.md")]
pub mod findings {}
