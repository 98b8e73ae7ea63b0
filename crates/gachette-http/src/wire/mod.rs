//! The types that go over the wire, as JSON, in version 1 of the API.
//!
//! They are apart from the repository's own formats, so that either can change without the other.

mod clone_url;
mod package;
mod repository;
mod request;
mod stack;

pub use clone_url::CloneUrl;
pub use package::{PackageDetail, PackageSummary, PackageVersion};
pub use repository::{FsckRequest, RepositoryState};
pub use request::{BuildOrder, StartBuild};
pub use stack::{
    AddFile, Change, ChangeStack, Changed, CreateStack, Diff, ExpectedPackage, RevisionSummary, StackPackage,
    StackState, StackSummary,
};
