//! How stacks are published as APT suites: `publish.…`.

use std::str::FromStr;

use gachette_core::address_without_secrets;
use gachette_core::debian::Architecture;
use gachette_core::yaml::{Entry, Problems};
use jiff::{SignedDuration, Span, SpanRelativeTo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::keys::Keys;
use crate::repository::SuiteSettings;

/// The keys below `publish`.
const KEYS: &[&str] =
    &["architectures", "contents", "description", "keep_indices", "label", "origin", "url", "valid_for"];
/// The architecture that has an index when none is configured and no package names one.
const USUAL_ARCHITECTURE: &str = "amd64";

/// How stacks are published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Publishing {
    /// The address under which clients find the repository; the folder itself when not configured.
    pub url: Option<String>,
    /// `Origin` of Release files.
    pub origin: Option<String>,
    /// `Label` of Release files; the domain's name when not configured.
    pub label: Option<String>,
    /// `Description` of Release files; which stack they show when not configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Architectures that have an index although no package is for them alone; `amd64` when not configured.
    pub architectures: Vec<Architecture>,
    /// Whether to say which package installs which file, for `apt-file`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub contents: bool,
    /// How long clients believe a Release file; for ever when not configured.
    pub valid_for: Option<Period>,
    /// How long indices stay after they were replaced.
    pub keep_indices: Option<Period>,
}

/// A length of time, such as `12h` or `14d`, of which a day is 24 hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    text: String,
    #[schemars(skip)]
    #[serde(skip)]
    duration: SignedDuration,
}

/// Text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` {reason}; write one such as `12h` or `14d`", text.escape_debug())]
pub struct PeriodError {
    text: String,
    reason: &'static str,
}

/// An address that can stand in everybody's `.sources` file.
struct Address(String);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let open = address_without_secrets(text);
        let shown = open.escape_debug();
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(format!("`{shown}` holds a space, and apt would take it for several addresses"));
        }
        let url: Url = text.parse().map_err(|error| format!("`{shown}` is no address: {error}"))?;
        if open != text {
            let host = url.host_str().unwrap_or_default();
            return Err(format!(
                "the address at `{host}` has a user or a query in it, and all who install would see that; \
                 on their machines it belongs into /etc/apt/auth.conf.d"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Publishing {
    /// Whether nothing is configured.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is chosen of every suite.
    pub fn settings(&self) -> SuiteSettings {
        let default = SuiteSettings::default();
        let usual = || USUAL_ARCHITECTURE.parse().into_iter().collect();
        SuiteSettings {
            origin: self.origin.clone(),
            label: self.label.clone(),
            description: self.description.clone(),
            architectures: if self.architectures.is_empty() { usual() } else { self.architectures.clone() },
            contents: self.contents,
            valid_for: self.valid_for.as_ref().map(Period::duration),
            source_date: None,
            keep_indices: self.keep_indices.as_ref().map_or(default.keep_indices, Period::duration),
        }
    }

    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        let Some(entry) = keys.entry("publish") else { return Self::default() };
        let Some(entries) = entry.value.entries() else {
            keys.wrong("publish", &entry.value, "a map of keys such as `url`");
            return Self::default();
        };
        Self::of(entries, keys.problems)
    }

    fn of(entries: &[Entry], problems: &mut Problems) -> Self {
        let keys = &mut Keys::of(entries, "publish.".to_owned(), KEYS, None, problems);
        Self {
            url: keys.parsed("url").map(|Address(url)| url),
            origin: keys.text("origin"),
            label: keys.text("label"),
            description: keys.text("description"),
            architectures: keys.parsed_list("architectures"),
            contents: keys.flag("contents").unwrap_or_default(),
            valid_for: keys.parsed("valid_for"),
            keep_indices: keys.parsed("keep_indices"),
        }
    }
}

impl Period {
    /// How long it is.
    pub fn duration(&self) -> SignedDuration {
        self.duration
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let wrong = |reason| PeriodError { text: text.chars().take(40).collect(), reason };
        let span: Span = text.parse().map_err(|_| wrong("is no length of time"))?;
        if span.get_months() != 0 || span.get_years() != 0 {
            return Err(wrong("is counted in months or years, of which one is longer than another"));
        }
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours());
        let duration = duration.map_err(|_| wrong("is no length of time"))?;
        if !duration.is_positive() {
            return Err(wrong("is no time at all"));
        }
        Ok(Self { text: text.to_owned(), duration })
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_and_has_no_secret() {
        for fine in ["http://10.0.0.1:8080", "https://apt.example.org/x", "file:/srv/repository"] {
            assert_eq!(fine.parse::<Address>().map(|it| it.0).as_deref(), Ok(fine));
        }
        for wrong in ["", "x", "http://a b", "http://a\thttp://b", "https://u@a", "https://u:secret@a/"] {
            let said = wrong.parse::<Address>().err().unwrap();
            assert!(!said.contains("secret"), "{said}");
        }
    }

    #[test]
    fn a_period_is_some_time() {
        let hours = |text: &str| text.parse::<Period>().map(|period| period.duration.as_hours());
        assert_eq!((hours("12h"), hours("14d"), hours("1w")), (Ok(12), Ok(14 * 24), Ok(7 * 24)));
        for wrong in ["", "soon", "-1h", "0s", "5", "1y 99999999999999h"] {
            assert!(hours(wrong).is_err(), "{wrong}");
        }
        for (wrong, reason) in
            [("1mo", "months or years"), ("2y", "months or years"), ("0s", "no time at all")]
        {
            let said = hours(wrong).unwrap_err().to_string();
            assert!(said.starts_with(&format!("`{wrong}` ")) && said.contains(reason), "{said}");
        }
    }
}
