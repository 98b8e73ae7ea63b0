//! The types that go over the wire, as JSON, in version 1 of the API.
//!
//! They are apart from the repository's own formats, so that either can change without the other.

mod channel;
mod check;
mod clone_url;
mod hello;
mod host;
mod key;
mod package;
mod repository;
mod request;
mod stack;
mod suite;
mod token;

pub use channel::ChangeChannel;
pub use check::CheckStack;
pub use clone_url::CloneUrl;
pub use hello::{AgentHello, ClientHello, PROTOCOL};
pub use host::HostReport;
pub(crate) use key::KEY_FORM;
pub use key::{CertificateSummary, CreateKey, ExtendKey, KeyEnd, KeySummary};
pub use package::{PackageDetail, PackagePlaces, PackageSummary, PackageVersion};
pub use repository::{FsckRequest, GcOrder, RepositoryState};
pub use request::{BuildOrder, ImportFrom, ImportOrder, MakeOrder, StartBuild};
pub(crate) use stack::PACKAGE_FILE_FORM;
pub use stack::{
    AddFile, Change, ChangeStack, Changed, CreateStack, Diff, ExpectedPackage, RevisionSummary, StackPackage,
    StackState, StackSummary,
};
pub use suite::{PublishStack, VerifySuite};
pub use token::{CreateToken, CreatedToken, TokenSummary};

/// A value as one segment of a path or a query's value, percent-encoded.
pub(crate) fn encoded(text: &str) -> String {
    let kept = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'@');
    text.bytes().map(|b| if kept(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
