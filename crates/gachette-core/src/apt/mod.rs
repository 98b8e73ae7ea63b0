//! APT's view of a stack: which packages each index lists, how they are written there, and the Release file above them.
//!
//! Bytes and names only; files, compression and signatures are of the one who publishes. The formats are described in
//! <https://wiki.debian.org/DebianRepository/Format>, and apt is the judge.

mod contents;
mod listing;
mod release;
mod source_entry;
mod stanza;
mod suite;

pub use contents::Contents;
pub use listing::{Listed, Listing, Part, STANZA_FORMAT};
pub use release::{IndexEntry, Indices, Release, ReleaseError};
pub use source_entry::SourceEntry;
pub use stanza::{POOL, files_of, lists, stanza};
pub use suite::Suite;
