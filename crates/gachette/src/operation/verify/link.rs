//! What was verified, as values: for people a line a link, for programs JSON.

use std::fmt;

use gachette_core::apt::Suite;
use gachette_core::stack::StackRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stack or channel that was verified.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Verification {
    /// Its suite.
    pub suite: Suite,
    /// The revision that it is to show, unless that is not known.
    pub shows: Option<StackRef>,
    /// The links of the chain, from what machines see to what was built.
    pub links: Vec<Link>,
    /// What should be seen to: configured keys by which nothing could be verified, packages whose own statement is lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One link of the chain.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// Which.
    pub link: LinkKind,
    /// What was looked at.
    pub about: String,
    /// What does not hold; nothing when all does.
    pub faults: Vec<String>,
}

/// Which link of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    /// The signed file is by a known key.
    Signature,
    /// The indices are those that the signed file names.
    Indices,
    /// What they list is what the newest revision holds, or what the channel was moved to.
    State,
    /// The package files are those that the revision names.
    Packages,
    /// So are the records.
    Records,
    /// The revision is the end of an unbroken ledger.
    Ledger,
    /// A known key stated all of that.
    Statements,
    /// The commits that the records name have the recipes that they name.
    Commits,
}

/// The links so far.
#[derive(Default)]
pub(super) struct Linked {
    pub(super) links: Vec<Link>,
}

impl Linked {
    pub(super) fn put(&mut self, link: LinkKind, about: impl Into<String>, faults: Vec<String>) {
        self.links.push(Link { link, about: about.into(), faults });
    }
}

impl Verification {
    /// Whether every link holds.
    pub fn holds(&self) -> bool {
        self.links.iter().all(|link| link.faults.is_empty())
    }
}

impl fmt::Display for LinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Signature => "signature",
            Self::Indices => "indices",
            Self::State => "state",
            Self::Packages => "packages",
            Self::Records => "records",
            Self::Ledger => "ledger",
            Self::Statements => "statements",
            Self::Commits => "commits",
        })
    }
}
