//! Stacks, their revisions and their differences on the wire.

use gachette::operation::CommitRange;
use gachette::operation::StackVerdict;
use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::stack::{
    Change as LedgerChange, Content, Domain, Entry, PackageDiff, Provenance, Revision, StackDiff, StackName,
    StackRef, StackedFiles,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The form of a package file's name, as a regular expression. What is accepted is more.
pub(crate) const PACKAGE_FILE_FORM: &str = r"^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,99}\.deb$";

/// A stack in a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StackSummary {
    /// The stack, with its domain.
    pub stack: StackName,
    /// The number of its newest revision.
    pub revision: u64,
    /// Whether it never changes again.
    pub sealed: bool,
    /// How many packages it holds.
    pub packages: usize,
    /// When its newest revision was made.
    pub time: Timestamp,
    /// Who made it.
    pub author: String,
}

/// A stack at one of its revisions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StackState {
    /// The stack, with its domain.
    pub stack: StackName,
    /// The number of the revision.
    pub revision: u64,
    /// The SHA-256 of the revision.
    pub hash: Sha256Digest,
    /// The SHA-256 of what it holds.
    pub content: Sha256Digest,
    /// Whether the stack is sealed at this revision.
    pub sealed: bool,
    /// When the revision was made.
    pub time: Timestamp,
    /// Who made it.
    pub author: String,
    /// Why; may be empty.
    pub reason: String,
    /// The packages, by name.
    pub packages: Vec<StackPackage>,
}

/// A package of a stack.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StackPackage {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// The SHA-256 of its file, by architecture.
    pub files: StackedFiles,
}

/// One revision in a stack's log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RevisionSummary {
    /// Its number.
    pub number: u64,
    /// Its SHA-256.
    pub hash: Sha256Digest,
    /// What it did.
    pub change: LedgerChange,
    /// When it was made.
    pub time: Timestamp,
    /// Who made it.
    pub author: String,
    /// Why; may be empty.
    pub reason: String,
    /// How many packages the stack held after it.
    pub packages: usize,
    /// The packages that it changed, with their versions before and after.
    pub differences: Vec<PackageDiff>,
}

/// A wish for a new stack.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateStack {
    /// Its name within the domain.
    #[schemars(with = "Domain")]
    pub name: String,
    /// The stack, or revision of one, to copy. A stack that exists with other contents is refused (409).
    #[serde(default)]
    pub from: Option<StackRef>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// A wish for a change of a stack.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStack {
    /// What to change.
    pub change: Change,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// What to change in a stack.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Add packages whose files lie in the debs folder, all in one revision.
    Add(Vec<AddFile>),
    /// Remove packages, all in one revision.
    Remove(Vec<PackageName>),
    /// Seal the stack, if it can be installed on the base that it is meant for.
    Seal,
    /// Seal the stack in any case, for this reason.
    ForceSeal(#[schemars(regex(pattern = r"[!-~]"))] String),
    /// Bring back the content of an earlier revision.
    Rollback(u64),
    /// Delete the stack; its ledger stays.
    Delete,
}

/// A package file to be added to a stack.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddFile {
    /// The name of the file in the debs folder.
    #[schemars(regex(pattern = PACKAGE_FILE_FORM))]
    pub file_name: String,
    /// What the file must hold; otherwise nothing is added.
    #[serde(default)]
    pub expected: Option<ExpectedPackage>,
    /// Where it comes from, when that is known.
    #[serde(default)]
    pub provenance: Provenance,
}

/// What a package file must hold.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedPackage {
    /// The package's name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// Its architecture, if that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Architecture>,
}

/// What became of a wish.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// The stack, with its domain.
    pub stack: StackName,
    /// The number of its newest revision.
    pub revision: u64,
    /// Whether that revision is a new one; otherwise the stack already was as wished.
    pub changed: bool,
    /// How many packages it holds.
    pub packages: usize,
    /// What was known when it was sealed just now: whether it can be installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<StackVerdict>,
    /// Why what is stated of a sealed stack could not be signed, although there are keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsigned: Option<String>,
}

/// What leads from one stack to another.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    /// The old stack, at an exact revision.
    pub from: StackRef,
    /// The new stack, at an exact revision.
    pub to: StackRef,
    /// The packages that differ, by name.
    pub packages: Vec<PackageDiff>,
    /// How many packages are the same in both.
    pub unchanged: usize,
    /// The commits between the versions, where they were asked for and are at hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<CommitRange>,
}

impl StackSummary {
    /// The stack of this entry, its newest.
    pub fn of(entry: &Entry) -> Self {
        let revision = &entry.revision;
        Self {
            stack: revision.stack.clone(),
            revision: revision.number,
            sealed: revision.sealed,
            packages: revision.packages.len(),
            time: revision.time,
            author: revision.author.clone(),
        }
    }
}

impl From<Entry> for StackState {
    fn from(entry: Entry) -> Self {
        let Revision { stack, number, content, sealed, time, author, reason, packages, .. } = entry.revision;
        let packages = Vec::from(packages).into_iter();
        let packages = packages.map(|package| StackPackage {
            name: package.name,
            version: package.version,
            files: package.files,
        });
        let packages = packages.collect();
        Self { stack, revision: number, hash: entry.hash, content, sealed, time, author, reason, packages }
    }
}

impl RevisionSummary {
    /// The summary of a revision and what it changed of the one before.
    pub fn between(before: Option<&Entry>, entry: &Entry) -> Self {
        let nothing = Content::default();
        let old = before.map_or(&nothing, |before| &before.revision.packages);
        let differences = StackDiff::between(old, &entry.revision.packages).packages;
        let packages = entry.revision.packages.len();
        let Revision { number, change, time, author, reason, .. } = entry.revision.clone();
        Self { number, hash: entry.hash, change, time, author, reason, packages, differences }
    }
}
