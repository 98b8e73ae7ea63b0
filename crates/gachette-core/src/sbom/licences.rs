//! The licences of what is in a package, as far as it says so in a form for programs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::debian::Paragraphs;

/// The longest name of a licence; what is longer is its text.
const LONGEST: usize = 120;
/// The most names that are told of one thing.
const MOST: usize = 50;
/// How a machine-readable copyright file begins, after `http:` or `https:`.
const FORMAT: &str = "//www.debian.org/doc/packaging-manuals/copyright-format/1.0";

/// Licences, as their owner calls them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Licences {
    /// One expression by SPDX that says all.
    expression: Option<String>,
    names: BTreeSet<String>,
}

impl Licences {
    /// Those of a Python distribution, by its metadata
    /// (<https://packaging.python.org/en/latest/specifications/core-metadata/>): an expression says it best, then classifiers.
    pub fn of_python(metadata: &[u8]) -> Self {
        let text = String::from_utf8_lossy(metadata);
        let head: Vec<&str> = text.lines().take_while(|line| !line.trim().is_empty()).collect();
        let values = |name: &'static str| {
            let fields = head.iter().filter_map(|line| line.split_once(':'));
            fields.filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let expression = values("License-Expression").find(|text| is_expression(text)).map(str::to_owned);
        if expression.is_some() {
            return Self { expression, names: BTreeSet::new() };
        }
        let classifiers = values("Classifier").filter_map(|text| text.strip_prefix("License ::"));
        let names = classifiers.filter_map(|text| text.rsplit("::").next()).map(str::trim);
        let mut names = named(names.filter(|name| *name != "OSI Approved"));
        if names.is_empty() {
            names = named(values("License").filter(|name| !name.eq_ignore_ascii_case("unknown")));
        }
        Self { expression: None, names }
    }

    /// Those of a Debian package, by its copyright file, when that is machine-readable
    /// (<https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>): the short names of what files are under.
    pub fn of_copyright(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut paragraphs = Paragraphs::new(&text).map_while(Result::ok);
        let Some(head) = paragraphs.next() else { return Self::default() };
        let format = head.get("Format").unwrap_or_default();
        if !format.trim_start_matches("https:").trim_start_matches("http:").starts_with(FORMAT) {
            return Self::default();
        }
        let of_files = paragraphs.filter(|paragraph| paragraph.get("Files").is_some());
        let licences = std::iter::once(head).chain(of_files).filter_map(|paragraph| {
            Some(paragraph.get("License")?.lines().next().unwrap_or_default().trim().to_owned())
        });
        let licences: Vec<String> = licences.collect();
        Self { expression: None, names: named(licences.iter().map(String::as_str)) }
    }

    /// As CycloneDX has it; none where nothing is known.
    pub(super) fn to_json(&self) -> Option<Value> {
        match &self.expression {
            Some(expression) => Some(json!([{"expression": expression}])),
            None if self.names.is_empty() => None,
            None => Some(self.names.iter().map(|name| json!({"license": {"name": name}})).collect()),
        }
    }
}

fn named<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let is_name = |name: &&str| !name.is_empty() && name.len() <= LONGEST && !name.contains(char::is_control);
    names.filter(is_name).take(MOST).map(str::to_owned).collect()
}

/// Whether this is made of what SPDX makes expressions of.
fn is_expression(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-+:() ".contains(&byte);
    !text.is_empty() && text.len() <= 1000 && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(text: &str) -> Value {
        Licences::of_python(text.as_bytes()).to_json().unwrap_or_default()
    }

    #[test]
    fn a_distribution_says_its_licence_by_expression_or_classifier_or_field() {
        let head = "Metadata-Version: 2.4\nName: x\nLicense: see below\n";
        let classifiers = "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved\n\
                           Classifier: Topic :: Utilities\nClassifier: License :: Public Domain\n";
        let expression = "license-expression: MIT AND (Apache-2.0 OR BSD-2-Clause)\n";
        assert_eq!(
            python(&format!("{head}{classifiers}{expression}")),
            json!([{"expression": "MIT AND (Apache-2.0 OR BSD-2-Clause)"}])
        );
        let names = json!([{"license": {"name": "MIT License"}}, {"license": {"name": "Public Domain"}}]);
        assert_eq!(python(&format!("{head}{classifiers}\nLicense-Expression: in the description\n")), names);
        assert_eq!(python(head), json!([{"license": {"name": "see below"}}]));
        for nothing in ["License: UNKNOWN\n", "License:\n", "Name: x\n\nLicense: MIT\n", "", "\u{0}\u{1}"] {
            assert_eq!(python(nothing), Value::Null, "{nothing}");
        }
        assert_eq!(python(&format!("License: {}\n", "x".repeat(121))), Value::Null, "a text is no name");
        assert_eq!(
            python("License-Expression: \"MIT\"\nLicense: MIT\n"),
            json!([{"license": {"name": "MIT"}}])
        );
    }

    #[test]
    fn a_copyright_file_for_programs_says_under_what_the_files_are() {
        let text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
                    Upstream-Name: X\n\nFiles: *\nCopyright: 2020 Ada\nLicense: GPL-2+ or Artistic-2.0\n The text.\n\n\
                    Files: debian/*\nCopyright: 2021 Ada\nLicense: Expat\n\nLicense: Unused\n A text.\n";
        let names = json!([{"license": {"name": "Expat"}}, {"license": {"name": "GPL-2+ or Artistic-2.0"}}]);
        assert_eq!(Licences::of_copyright(text.as_bytes()).to_json(), Some(names));
        for other in ["This is free software.\n", "", "Format: 1\n\nFiles: *\nLicense: MIT\n", "\u{fffd}"] {
            assert_eq!(Licences::of_copyright(other.as_bytes()).to_json(), None, "{other}");
        }
    }
}
