//! What could be read of many things, and what could not: one damaged file hides nothing but itself.

use gachette_core::stack::StackName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::RepositoryError;

/// A list, and what is missing in it because it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Readable<T> {
    /// What could be read.
    pub found: Vec<T>,
    /// What could not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<DamagedStack>,
}

/// A stack of which a revision cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DamagedStack {
    /// The stack.
    pub stack: StackName,
    /// Which file, and what is wrong with it.
    pub reason: String,
}

impl<T> Readable<T> {
    pub(crate) fn new() -> Self {
        Self { found: Vec::new(), damaged: Vec::new() }
    }

    /// Adds what was read of a stack, if there is any, or that it could not be.
    pub(crate) fn put(&mut self, stack: &StackName, outcome: Result<Option<T>, RepositoryError>) {
        match outcome {
            Ok(found) => self.found.extend(found),
            Err(error) => {
                self.damaged.push(DamagedStack { stack: stack.clone(), reason: error.to_string() });
            }
        }
    }

    /// The same, of what `convert` makes of each.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Readable<U> {
        Readable { found: self.found.into_iter().map(convert).collect(), damaged: self.damaged }
    }
}
