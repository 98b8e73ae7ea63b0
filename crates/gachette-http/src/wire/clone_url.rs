//! An address to clone from on the wire: the one place where a password that stands in it is passed on.

use std::fmt;
use std::str::FromStr;

use gachette_core::git::{Credentials, GitUrl, GitUrlError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::encoded;

/// An address to clone from, with the user and password that may stand in it. Shown without them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "GitUrl")]
pub struct CloneUrl {
    text: String,
    url: GitUrl,
}

impl CloneUrl {
    /// The address, which keeps its credentials to itself.
    pub fn into_url(self) -> GitUrl {
        self.url
    }

    /// The address without a password, when there is one in it.
    pub(crate) fn without_password(&self) -> Option<Self> {
        self.url.credentials()?;
        self.url.as_str().parse().ok()
    }
}

impl From<GitUrl> for CloneUrl {
    fn from(url: GitUrl) -> Self {
        let text = match (url.credentials(), url.as_str().split_once("://")) {
            (Some(Credentials { user, password }), Some((scheme, rest))) => {
                format!("{scheme}://{}:{}@{rest}", encoded(user), encoded(password))
            }
            _ => url.as_str().to_owned(),
        };
        Self { text, url }
    }
}

impl FromStr for CloneUrl {
    type Err = GitUrlError;

    fn from_str(text: &str) -> Result<Self, GitUrlError> {
        Ok(Self { text: text.to_owned(), url: text.parse()? })
    }
}

impl TryFrom<String> for CloneUrl {
    type Error = GitUrlError;

    fn try_from(text: String) -> Result<Self, GitUrlError> {
        text.parse()
    }
}

impl From<CloneUrl> for String {
    fn from(url: CloneUrl) -> Self {
        url.text
    }
}

impl fmt::Debug for CloneUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_reaches_the_other_side_and_is_never_shown() {
        let url: CloneUrl = "https://ada:secret@example.org/x.git".parse().unwrap();
        assert!(!format!("{url:?}").contains("secret"));
        let wire = serde_json::to_string(&url).unwrap();
        let there: CloneUrl = serde_json::from_str(&wire).unwrap();
        assert_eq!(there.into_url().credentials().unwrap().password, "secret");
    }
}
