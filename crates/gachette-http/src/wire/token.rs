//! Tokens on the wire. The token itself is in one answer only: the one to the wish for it.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Role, TokenName};

/// What is known of a token.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TokenSummary {
    /// Its name, by which it stands in logs and ledgers.
    pub name: TokenName,
    /// What who shows it may do.
    pub role: Role,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is refused.
    #[serde(default)]
    pub expires: Option<Timestamp>,
}

/// A wish for a token.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// Its name.
    pub name: TokenName,
    /// What who shows it may do.
    pub role: Role,
    /// From when on it is refused.
    #[serde(default)]
    pub expires: Option<Timestamp>,
}

/// A new token.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreatedToken {
    /// What is known of it.
    #[serde(flatten)]
    pub summary: TokenSummary,
    /// The token; it is shown here, and never again.
    pub token: String,
}

impl fmt::Debug for CreatedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary.fmt(f)
    }
}
