//! What a check found, as a value: for people, and for programs as JSON.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The outcome of a check of a whole repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FsckReport {
    /// How much was looked at.
    pub checked: Checked,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// Stacks, deleted ones as well.
    pub stacks: u64,
    /// Revisions of them.
    pub revisions: u64,
    /// Package records.
    pub records: u64,
    /// Package files.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The file, from the repository's folder; of a package file `debs/` and its name, wherever that folder is.
    pub path: String,
    /// What is wrong with it.
    #[serde(flatten)]
    pub fault: Fault,
    /// Whether it was mended.
    pub mended: bool,
    /// Why it could not be, when that was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
    /// What to do about it, where that is another thing than for most of its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What can be wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// It is gone, and cannot be made again.
    Lost {
        /// How that is known.
        reason: String,
    },
    /// It is not what it was when it was written, and cannot be made again.
    Changed {
        /// How that is known.
        reason: String,
    },
    /// It could not be looked at, nor what lies below it.
    Unreadable {
        /// Why.
        reason: String,
    },
    /// Derived, and not there.
    Missing,
    /// Derived, and not what it should be.
    Stale,
    /// Derived, and should not be there.
    Extra,
    /// A killed writer left it behind; nothing names it.
    Leftover,
    /// A package file, or the original tool's reference to one, without a record.
    Unregistered,
    /// The original tool's reference to a package file that is not there: it was lost before gachette knew of it.
    LostReference {
        /// The name of the file.
        file: String,
    },
    /// Not gachette's.
    Unknown,
}

/// How much a fault matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultClass {
    /// Nothing is wrong; it is only said.
    Note,
    /// Can be made right again.
    Mendable,
    /// What is there could not be seen.
    Unseen,
    /// Something was lost that only a backup or a new build can bring back.
    Damage,
}

impl Fault {
    /// How much it matters.
    pub fn class(&self) -> FaultClass {
        match self {
            Self::Lost { .. } | Self::Changed { .. } => FaultClass::Damage,
            Self::Unreadable { .. } => FaultClass::Unseen,
            Self::Missing | Self::Stale | Self::Extra => FaultClass::Mendable,
            Self::Leftover | Self::Unregistered | Self::LostReference { .. } | Self::Unknown => {
                FaultClass::Note
            }
        }
    }
}

impl Finding {
    /// Whether something has to be done about it, after what was mended.
    pub fn matters(&self) -> bool {
        match self.fault.class() {
            FaultClass::Damage | FaultClass::Unseen => true,
            FaultClass::Mendable => !self.mended,
            FaultClass::Note => false,
        }
    }
}

impl FsckReport {
    /// Whether everything was seen, nothing is lost or changed, and all that is derived is right, by now at least.
    pub fn is_clean(&self) -> bool {
        !self.findings.iter().any(Finding::matters)
    }

    /// The findings of this class.
    pub fn of(&self, class: FaultClass) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.fault.class() == class)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        match &self.fault {
            Fault::Lost { reason } => write!(f, "lost: {reason}")?,
            Fault::Changed { reason } => write!(f, "changed: {reason}")?,
            Fault::Unreadable { reason } => write!(f, "cannot be read: {reason}")?,
            Fault::Missing => f.write_str("missing")?,
            Fault::Stale => f.write_str("out of date")?,
            Fault::Extra => f.write_str("should not be there")?,
            Fault::Leftover => f.write_str("left behind by a killed writer")?,
            Fault::Unregistered => f.write_str("not registered")?,
            Fault::LostReference { file } => {
                write!(f, "the file that it names is lost: {}", file.escape_debug())?
            }
            Fault::Unknown => f.write_str("not gachette's")?,
        }
        match &self.obstacle {
            _ if self.mended => f.write_str(" (mended)"),
            Some(obstacle) => write!(f, " (not mended: {obstacle})"),
            None => Ok(()),
        }
    }
}
