//! An address to clone from on the wire: the one place where a user and password that stand in it are passed on.

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

    /// The address without a user and password, when there are some in it.
    pub(crate) fn without_credentials(&self) -> Option<Self> {
        self.url.credentials()?;
        self.url.as_str().parse().ok()
    }
}

impl From<GitUrl> for CloneUrl {
    fn from(url: GitUrl) -> Self {
        let text = match (url.credentials(), url.as_str().split_once("://")) {
            (Some(Credentials { user, password }), Some((scheme, rest))) => {
                let password = password.as_ref().map(|it| format!(":{}", encoded(it))).unwrap_or_default();
                format!("{scheme}://{}{password}@{rest}", encoded(user))
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
    fn a_user_and_password_reach_the_other_side_and_are_never_shown() {
        for text in
            ["https://ada:secret@example.org/x", "https://secret@example.org/x", "https://secret:@h/x"]
        {
            let url: CloneUrl = text.parse().unwrap();
            assert!(!format!("{url:?}").contains("secret"));
            let (wire, known) = (serde_json::to_string(&url).unwrap(), url.into_url());
            let there: CloneUrl = serde_json::from_str(&wire).unwrap();
            assert_eq!(there.clone().into_url(), known);
            // One that was taken apart is put together again.
            assert_eq!(String::from(CloneUrl::from(known)), text);
        }
    }
}
