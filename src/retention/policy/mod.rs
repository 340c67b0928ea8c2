//! The parts of a [`Policy`](super::Policy): which backups a rule selects, how long it keeps them, and what guards hold.

pub(super) mod data;
mod guard;
mod keep;
pub(super) mod rule;
mod select;
mod unit;

pub use data::Counting;
pub use guard::Guard;
pub use keep::{Count, ExpiryStart, Keep, SpanEnd};
pub use select::{Pick, Select};
pub use unit::Unit;
