//! Dumps of pg_dump: read, verified, described, and written back.

mod damage;
mod identity;
mod limits;
mod live;
mod real;
mod rows;
mod streams;
mod versions;
