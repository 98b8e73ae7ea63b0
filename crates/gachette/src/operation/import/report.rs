//! What became of an import.

use gachette_core::stack::LowerPackage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportReport {
    /// Where the packages came from.
    pub source: String,
    /// How many were taken in.
    pub taken: usize,
    /// The size of these, in bytes.
    pub bytes: u64,
    /// How many were there already.
    pub already_there: usize,
    /// How many did not come into the stack, because it got a higher version of the same package, or one that
    /// Debian holds equal in another spelling.
    pub left_out: usize,
    /// The packages that are lower in the stack than they were before: hosts take them only with a pin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lower: Vec<LowerPackage>,
    /// The distributions of the repository that lies in the folder: these are the packages of its pool, of whichever of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distributions: Vec<Distribution>,
    /// Those that were not taken.
    pub refused: Vec<RefusedFile>,
}

/// A distribution of a repository, such as `stable`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Distribution {
    /// Its name.
    pub name: String,
    /// The APT sources that are this distribution alone; `KEYRING` stands for the file of the keys that signed it.
    pub sources: String,
    /// Whether somebody signed it.
    pub signed: bool,
}

/// A package file that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RefusedFile {
    /// Its path, or what a list calls it.
    pub file: String,
    /// Why not.
    pub reason: String,
}

impl ImportReport {
    /// How many files were looked at.
    pub fn looked_at(&self) -> usize {
        self.taken + self.already_there + self.refused.len()
    }
}
