//! pgdump
