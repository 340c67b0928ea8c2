//! Preparing archives, and repairing them.

mod numbers;
mod prepared;
mod repair;
mod settle;
