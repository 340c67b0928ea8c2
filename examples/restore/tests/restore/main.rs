//! The command, run against live servers: whatever happens, everything is old or everything is new.
#![cfg(target_os = "linux")]

mod app;
mod broken;
mod bucket;
mod connect;
mod full;
mod others;
mod refused;
mod versions;
mod whole;
