//! `SOURCE_DATE_EPOCH`: the time that what is made bears in place of the one that it was made at.
//! <https://reproducible-builds.org/specs/source-date-epoch/>

use jiff::Timestamp;

const NAME: &str = "SOURCE_DATE_EPOCH";

/// The time that is set in the environment of this process.
#[derive(Debug)]
pub struct SourceDate {
    /// As it is written there.
    pub text: String,
    /// As a time.
    pub time: Timestamp,
}

/// What is set is no number of seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{NAME} is `{}`, which is no number of seconds since 1970; unset it, or set one such as 1700000000",
    .0.escape_debug()
)]
pub struct SourceDateError(String);

impl SourceDate {
    /// The one that is set, if one is.
    ///
    /// # Errors
    /// When it is no number of seconds since 1970.
    pub fn find() -> Result<Option<Self>, SourceDateError> {
        std::env::var_os(NAME).map(|text| Self::read(&text.to_string_lossy())).transpose()
    }

    fn read(text: &str) -> Result<Self, SourceDateError> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = is_number.then(|| text.parse().ok()).flatten();
        let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let time = time.ok_or_else(|| SourceDateError(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_number_of_seconds_and_nothing_else() {
        let time = |text: &str| SourceDate::read(text).map(|read| read.time.to_string()).ok();
        assert_eq!(time("1700000000").as_deref(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(time("0").as_deref(), Some("1970-01-01T00:00:00Z"));
        for wrong in ["", "soon", "-5", "+5", "1.5", " 5", "99999999999999", "99999999999999999999999"] {
            let said = SourceDate::read(wrong).unwrap_err().to_string();
            assert!(said.contains(&format!("SOURCE_DATE_EPOCH is `{wrong}`")), "{said}");
        }
    }
}
