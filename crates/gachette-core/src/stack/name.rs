//! The names of domains and stacks, and references to one revision of a stack.
//!
//! A name becomes a folder's name and a part of URLs, so it is checked here, once, and nothing unchecked goes further.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::as_text::as_text;

/// The longest domain or stack name, in bytes.
const LONGEST: usize = 100;

/// A family of stacks; `default` when none is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

/// A stack's full name: its domain, and its name within it.
///
/// Written `DOMAIN/NAME`, or `NAME` alone for the domain `default`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackName {
    domain: Domain,
    name: String,
}

/// A stack, or one revision of it: `NAME`, `DOMAIN/NAME`, `NAME@7`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackRef {
    /// The stack.
    pub stack: StackName,
    /// The number of the revision; the newest when there is none.
    pub revision: Option<u64>,
}

/// Text that is no name of a domain, a stack, or a revision of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[error("`{}` is no {what}: {reason}", text.escape_debug())]
pub struct NameError {
    text: String,
    what: String,
    reason: String,
}

impl NameError {
    fn new(text: &str, what: &str, reason: &str) -> Self {
        Self { text: text.chars().take(LONGEST).collect(), what: what.to_owned(), reason: reason.to_owned() }
    }
}

impl Domain {
    /// The domain as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Domain {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl StackName {
    /// The stack of this name in this domain.
    pub fn new(domain: Domain, name: &str) -> Result<Self, NameError> {
        Ok(Self { domain, name: segment(name, "stack name")? })
    }

    /// The domain.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The name within the domain.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether clients of the original tool mean another stack by this name: [`latest`](super::latest) of the domain.
    pub fn is_alias(&self) -> bool {
        self.name == "latest"
    }

    /// This stack at one of its revisions.
    pub fn at(&self, revision: u64) -> StackRef {
        StackRef { stack: self.clone(), revision: Some(revision) }
    }

    /// Reads `NAME` or `DOMAIN/NAME`, where `domain` is meant when none is written.
    pub fn parse_in(text: &str, domain: &Domain) -> Result<Self, NameError> {
        if let Some(at) = text.find('@').filter(|at| text[at + 1..].bytes().all(|byte| byte.is_ascii_digit()))
        {
            let reason = format!(
                "it names one revision, where all of the stack is meant; leave out `{}`",
                &text[at..]
            );
            return Err(NameError::new(text, "stack name", &reason));
        }
        match text.split_once('/') {
            Some((domain, name)) => Self::new(domain.parse()?, name),
            None => Self::new(domain.clone(), text),
        }
    }
}

impl StackRef {
    /// Reads `NAME`, `DOMAIN/NAME`, or either with `@NUMBER`, where `domain` is meant when none is written.
    pub fn parse_in(text: &str, domain: &Domain) -> Result<Self, NameError> {
        let (name, revision) = match text.split_once('@') {
            None => (text, None),
            Some((name, number)) => (name, Some(revision_number(text, "revision of a stack", number)?)),
        };
        Ok(Self { stack: StackName::parse_in(name, domain)?, revision })
    }
}

impl From<StackName> for StackRef {
    fn from(stack: StackName) -> Self {
        Self { stack, revision: None }
    }
}

impl FromStr for Domain {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        segment(text, "domain").map(Self)
    }
}

impl FromStr for StackName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse_in(text, &Domain::default())
    }
}

impl FromStr for StackRef {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse_in(text, &Domain::default())
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StackName {
    /// Always with the domain, so that the text names one stack wherever it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.domain, self.name)
    }
}

impl fmt::Display for StackRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.revision {
            Some(number) => write!(f, "{}@{number}", self.stack),
            None => write!(f, "{}", self.stack),
        }
    }
}

as_text!(Domain, r"^[A-Za-z0-9_][A-Za-z0-9._+~-]{0,99}$");
as_text!(StackName, r"^([A-Za-z0-9_][A-Za-z0-9._+~-]{0,99}/)?[A-Za-z0-9_][A-Za-z0-9._+~-]{0,99}$");
as_text!(
    StackRef,
    r"^([A-Za-z0-9_][A-Za-z0-9._+~-]{0,99}/)?[A-Za-z0-9_][A-Za-z0-9._+~-]{0,99}(@[1-9][0-9]{0,9})?$"
);

/// One folder's name: nothing that a path, a URL, a command line or `object_store` reads as anything else.
pub(crate) fn segment(text: &str, what: &str) -> Result<String, NameError> {
    let refuse = |reason| Err(NameError::new(text, what, reason));
    let Some(first) = text.bytes().next() else { return refuse("it is empty") };
    if text.len() > LONGEST {
        return refuse("it is longer than 100 characters");
    }
    if !first.is_ascii_alphanumeric() && first != b'_' {
        return refuse("it must begin with a letter, a digit or `_`");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'~' | b'-')) {
        return refuse("only letters, digits and `. _ + ~ -` are allowed");
    }
    Ok(text.to_owned())
}

/// The number of a revision, or whatever else has one: from 1, and short enough for the ten digits of its file's name.
pub(crate) fn revision_number(whole: &str, what: &'static str, digits: &str) -> Result<u64, NameError> {
    let well_formed = (1..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    match digits.parse::<u64>() {
        Ok(number) if well_formed && number > 0 => Ok(number),
        _ => Err(NameError::new(whole, what, "after `@` comes a number from 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_named_alone_or_with_its_domain() {
        let alone: StackName = "124".parse().unwrap();
        assert_eq!((alone.domain().as_str(), alone.name()), ("default", "124"));
        let with: StackRef = "web/2024.06~rc1@7".parse().unwrap();
        assert_eq!((with.stack.domain().as_str(), with.revision), ("web", Some(7)));
        assert_eq!(with.to_string(), "web/2024.06~rc1@7");
        assert_eq!(alone.to_string(), "default/124");
    }

    #[test]
    fn nothing_that_could_leave_its_folder_is_a_name() {
        for text in [
            "",
            ".",
            "..",
            "../x",
            "a/../b",
            "/a",
            "a/",
            "a/b/c",
            "-x",
            ".x",
            "~x",
            "a b",
            "a\n",
            "a\0",
            "é",
            "a#1",
            "a%2fb",
            "a:b",
            "a@",
            "a@0",
            "a@-1",
            "a@+1",
            "a@1x",
            "a@99999999999",
            "a\\b",
            "$(x)",
            "`x`",
            &"x".repeat(101),
        ] {
            assert!(text.parse::<StackRef>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_hostile_name_does_not_come_in_through_json_either() {
        assert!(serde_json::from_str::<StackName>(r#""a/../../b""#).is_err());
        assert!(serde_json::from_str::<Domain>(r#""..""#).is_err());
    }
}
