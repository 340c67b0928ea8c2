//! The limits of a command.

use appsnap::Limits;

/// Returns the limits of a command: untrusted totals, but everything that `pg_dump` legally writes is read.
pub fn command_limits() -> Limits {
    let (untrusted, trusted) = (Limits::untrusted(), Limits::trusted());
    untrusted
        .with_max_toc_bytes(trusted.max_toc_bytes())
        .with_max_toc_entries(trusted.max_toc_entries())
        .with_max_row_bytes(trusted.max_row_bytes())
        .with_max_window_bytes(trusted.max_window_bytes())
}
