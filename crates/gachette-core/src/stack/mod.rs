//! Stacks: their names, the ledger of revisions each of them is, and the difference between two.
//!
//! All of it is values. A stack's history is a chain of [`Revision`]s, each holding the hash of the one before; the
//! methods of [`Entry`] say what the next one would be, or why there cannot be one. Where the ledger is kept, and who
//! wins when two writers want the same number, is decided elsewhere.

mod change;
mod content;
mod diff;
mod encoding;
mod forced;
mod head;
mod ledger;
mod lower;
mod name;
mod record;
mod revision;
mod role;
mod stacked_files;

pub use change::{Deletion, Next, Refusal};
pub use content::{Content, ContentError, StackedPackage};
pub use diff::{PackageChange, PackageDiff, StackDiff};
pub use encoding::to_readable_json;
pub use forced::is_forced;
pub use head::Head;
pub use ledger::{Entry, LedgerFault, latest};
pub use lower::{LowerPackage, lower, lower_by_lines};
pub use name::{Domain, NameError, StackName, StackRef};
pub(crate) use name::{revision_number, segment};
pub use record::{PackageRecord, Provenance, RECORD_FORMAT};
pub(crate) use revision::parse_format;
pub use revision::{Attribution, By, Change, FormatError, Origin, REVISION_FORMAT, Revision, person};
pub use role::{RoleName, packages_of_role};
pub use stacked_files::StackedFiles;
