//! What arguments a task takes, and how a call is matched to them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::call::TaskCall;

/// A task: its name, its arguments and its text.
#[derive(Debug, Serialize)]
pub(crate) struct Signature {
    /// The task's name.
    pub(crate) name: &'static str,
    /// Arguments that must be given, in order.
    pub(crate) required: &'static [&'static str],
    /// Arguments that may be given, in order, after the required ones.
    pub(crate) optional: &'static [&'static str],
    /// Whether a domain may stand before all other arguments.
    pub(crate) takes_domain: bool,
    /// What it does; the first line alone stands in the list of tasks.
    pub(crate) text: &'static str,
}

/// The two generations of scripts that call tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Before there were domains.
    WithoutDomain,
    /// The domain is the first argument.
    WithDomain,
}

/// A call whose arguments do not fit the task.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ArgumentError {
    #[error("task `{task}` needs {missing}; it is called as `{signature}`")]
    Missing { task: &'static str, missing: String, signature: String },
    #[error("task `{task}` takes no argument `{argument}`; it is called as `{signature}`")]
    Unknown { task: &'static str, argument: String, signature: String },
    #[error("task `{task}` takes no further argument `{surplus}`; it is called as `{signature}`")]
    Surplus { task: &'static str, surplus: String, signature: String },
    #[error("task `{task}` got `{argument}` twice; it is called as `{signature}`")]
    Twice { task: &'static str, argument: String, signature: String },
    #[error("task `{task}`: {problem}; it is called as `{signature}`")]
    Unclear { task: &'static str, problem: String, signature: String },
}

/// A call's arguments by name. An empty optional argument counts as not given.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments(BTreeMap<&'static str, String>);

impl Arguments {
    /// The argument's value, when it was given and is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A required argument's value; matching made sure that it is there.
    pub(crate) fn required(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

impl Signature {
    /// How the task is called, for messages.
    pub(crate) fn usage(&self) -> String {
        let mut text = self.required.join(", ");
        if self.takes_domain {
            text = format!("[domain,] {text}");
        }
        if !self.optional.is_empty() {
            let open = if text.is_empty() { "[" } else { " [, " };
            text = format!("{text}{open}{}]", self.optional.join(", "));
        }
        let colon = if text.is_empty() { "" } else { ":" };
        format!("{}{colon}{text}", self.name)
    }

    /// Matches a call of this generation to the arguments' names.
    pub(crate) fn bind(&self, call: &TaskCall, generation: Generation) -> Result<Arguments, ArgumentError> {
        let domain: &[&'static str] = match generation {
            Generation::WithDomain => &["domain"],
            Generation::WithoutDomain => &[],
        };
        let order: Vec<&'static str> = [domain, self.required, self.optional].concat();
        if let Some(surplus) = call.positional.get(order.len()) {
            return Err(ArgumentError::Surplus {
                task: self.name,
                surplus: surplus.clone(),
                signature: self.usage(),
            });
        }
        let mut bound: BTreeMap<&'static str, String> =
            order.iter().copied().zip(call.positional.iter().cloned()).collect();
        for (key, value) in &call.keyword {
            let name = self.argument_named(key)?;
            if bound.insert(name, value.clone()).is_some() {
                let argument = key.clone();
                return Err(ArgumentError::Twice { task: self.name, argument, signature: self.usage() });
            }
        }
        let arguments = Arguments(bound);
        let missing: Vec<String> = self
            .required
            .iter()
            .filter(|name| arguments.get(name).is_none())
            .map(|name| format!("`{name}`"))
            .collect();
        if missing.is_empty() {
            return Ok(arguments);
        }
        let missing = missing.join(" and ");
        Err(ArgumentError::Missing { task: self.name, missing, signature: self.usage() })
    }

    /// An error that the call can be read in two ways, or in none.
    pub(crate) fn unclear(&self, problem: impl Into<String>) -> ArgumentError {
        ArgumentError::Unclear { task: self.name, problem: problem.into(), signature: self.usage() }
    }

    fn argument_named(&self, key: &str) -> Result<&'static str, ArgumentError> {
        let domain: &[&'static str] = if self.takes_domain { &["domain"] } else { &[] };
        let known = [domain, self.required, self.optional].concat();
        known.into_iter().find(|name| *name == key).ok_or_else(|| ArgumentError::Unknown {
            task: self.name,
            argument: key.to_owned(),
            signature: self.usage(),
        })
    }
}
