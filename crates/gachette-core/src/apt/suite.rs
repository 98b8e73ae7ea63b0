//! The name of a suite: what stands behind `Suites:` in a `.sources` file.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stack::{Domain, NameError, StackName};

/// A suite: that of a stack, or of a channel, of a domain. Written `DOMAIN/NAME`, its folder is `dists/DOMAIN/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "StackName")]
pub struct Suite(StackName);

impl Suite {
    /// The domain.
    pub fn domain(&self) -> &Domain {
        self.0.domain()
    }

    /// The name within the domain.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Reads `NAME` or `DOMAIN/NAME`, where `domain` is meant when none is written.
    ///
    /// # Errors
    /// When a suite cannot be named so.
    pub fn parse_in(text: &str, domain: &Domain) -> Result<Self, NameError> {
        StackName::parse_in(text, domain).map(Self)
    }
}

impl From<StackName> for Suite {
    fn from(name: StackName) -> Self {
        Self(name)
    }
}

impl From<Suite> for String {
    fn from(suite: Suite) -> Self {
        suite.to_string()
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.domain(), self.name())
    }
}
