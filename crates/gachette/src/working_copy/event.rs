//! What happens while a working copy is prepared, for whoever shows it.

use gachette_core::git::{Commit, GitUrl};

use super::Holder;

/// A step in the preparation of a working copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody else works in it; we wait for them.
    Waiting(Holder),
    /// It is cloned.
    Cloning {
        /// From where.
        url: GitUrl,
        /// Why what was there before will not do.
        why: Reason,
    },
    /// Something is fetched.
    Fetching {
        /// A ref or a commit.
        what: String,
    },
    /// What is wanted lies deeper in the history.
    Deepening {
        /// How many commits are fetched now; `None` is all of them.
        depth: Option<u32>,
    },
    /// The files of a commit are put in place.
    CheckingOut {
        /// The commit.
        commit: Commit,
    },
    /// The submodules are put in place.
    Submodules,
    /// Git says something, such as how far it is.
    Output {
        /// The line.
        line: String,
    },
}

/// Why a repository is cloned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// There is no working copy of this name yet.
    New,
    /// The one that is there comes from another address.
    UrlChanged {
        /// The other address, without a password.
        from: String,
    },
    /// The one that is there was left unfinished, or not made by us.
    Unfinished,
    /// The one that is there is damaged.
    Damaged {
        /// What git said.
        why: String,
    },
}
