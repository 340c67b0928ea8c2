//! The kinds of entries that rules are about.

pub(super) const ROUTINES: &[&[u8]] = &[b"FUNCTION", b"PROCEDURE"];
pub(super) const VIEWS: &[&[u8]] = &[b"VIEW", b"MATERIALIZED VIEW", b"RULE"];
pub(super) const TABLES: &[&[u8]] = &[b"TABLE", b"FOREIGN TABLE"];
pub(super) const STORED: &[&[u8]] = &[b"TABLE", b"FOREIGN TABLE", b"MATERIALIZED VIEW"];
pub(super) const CONSTRAINED: &[&[u8]] = &[b"TABLE", b"FOREIGN TABLE", b"CONSTRAINT", b"CHECK CONSTRAINT"];
pub(super) const RIGHTS: &[&[u8]] = &[b"ACL", b"DEFAULT ACL"];
pub(super) const TRIGGERS: &[&[u8]] = &[b"TRIGGER", b"EVENT TRIGGER"];
pub(super) const ATTACHES: &[&[u8]] = &[b"TABLE", b"TABLE ATTACH"];
pub(super) const INDEXES: &[&[u8]] = &[b"INDEX", b"CONSTRAINT"];
pub(super) const ABOUT: &[&[u8]] = &[b"ACL", b"DEFAULT ACL", b"COMMENT", b"SECURITY LABEL"];
