//! The command, run against live servers.
