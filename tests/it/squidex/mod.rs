//! squidex
