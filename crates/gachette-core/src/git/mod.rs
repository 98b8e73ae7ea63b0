//! Git's own names, each as a type that cannot hold what git, a shell or a path would misread, and the versions that
//! follow from a commit. Nothing here runs git.

mod commit;
mod ref_name;
mod url;
mod version_scheme;
mod working_copy_name;

pub use commit::{AbbreviatedCommit, Commit, CommitError};
pub use ref_name::{GitRef, RefName, RefNameError, near_refs};
pub use url::{Credentials, GitUrl, GitUrlError, Transport, submodule_address};
pub use version_scheme::{CommitFacts, Description, SchemeError, VersionScheme, rev_version, version_suffix};
pub use working_copy_name::{WorkingCopyName, WorkingCopyNameError};
