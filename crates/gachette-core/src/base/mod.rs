//! Bases: the distributions that stacks are meant for, as they were at some time.
//!
//! A base's history is a ledger like that of a stack: entries numbered from 1, each naming by hash the lists of packages that the
//! base was. Where they come from and where they are kept is decided elsewhere; so an answer that names an entry can be repeated.

mod entry;
mod name;

pub use entry::{BASE_FORMAT, BaseEntry, BaseList, ListSource};
pub use name::{BaseName, BaseRef};
