//! What of a `Packages` text decides what can be installed: a sixth of it, in the same format.

use super::builder::UniverseError;
use super::package::{decides, identify};
use crate::debian::Paragraphs;

/// A condensed `Packages` text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condensed {
    /// The text: for each package the fields that decide, each on one line, in the order they had.
    pub text: String,
    /// How many packages there are in it.
    pub packages: u64,
}

impl Condensed {
    /// Leaves out of a `Packages` text what does not decide.
    ///
    /// # Errors
    /// When the text is malformed, or a paragraph lacks name, version or architecture.
    pub fn of(text: &str) -> Result<Self, UniverseError> {
        let mut condensed = Self { text: String::with_capacity(text.len() / 5), packages: 0 };
        for paragraph in Paragraphs::new(text) {
            let paragraph = paragraph?;
            identify(paragraph.iter().map(|field| (field.name(), field.raw())))
                .map_err(|source| UniverseError::Paragraph { line: paragraph.line(), source })?;
            if condensed.packages > 0 {
                condensed.text.push('\n');
            }
            condensed.packages += 1;
            for field in paragraph.iter().filter(|field| decides(field.name())) {
                condensed.text.push_str(field.name());
                condensed.text.push(':');
                for line in field.raw().lines().map(str::trim_ascii).filter(|line| !line.is_empty()) {
                    condensed.text.push(' ');
                    condensed.text.push_str(line);
                }
                condensed.text.push('\n');
            }
        }
        Ok(condensed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Package: dh-web\nVersion: 1.0\nArchitecture: all\nMaintainer: Ada <ada@example.org>\nDepends: liba,\n libb (>= 2)
Description: text\n with lines\n\n\n
Package: libb\nVersion: 2\nArchitecture: amd64\nPriority: optional\nMulti-Arch: same\nessential: no\n";

    #[test]
    fn what_decides_stays_and_nothing_besides() {
        let condensed = Condensed::of(TEXT).unwrap();
        insta::assert_snapshot!(condensed.text);
        assert_eq!(condensed.packages, 2);
        assert_eq!(Condensed::of(&condensed.text).unwrap(), condensed);
    }

    #[test]
    fn a_paragraph_that_is_no_package_is_named_by_its_line() {
        let wrong = format!("{TEXT}\nPackage: x1\nArchitecture: all\n");
        assert_eq!(Condensed::of(&wrong).unwrap_err().to_string(), "line 19: the field `Version` is missing");
        assert_eq!(Condensed::of("x").unwrap_err().to_string(), "line 1: expected `Name: value`, found `x`");
    }
}
