//! What a machine needs to be told to install from a suite: a paragraph of a `.sources` file (sources.list(5)).

use super::release::Release;
use super::suite::Suite;
use crate::debian::{Paragraph, ParagraphError};

/// Where a suite is found, and by whose signature it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEntry<'a> {
    /// The repository's address: `http://…`, `https://…` or `file:/…`.
    pub uri: &'a str,
    /// The suite.
    pub suite: &'a Suite,
    /// The armored certificates of the keys that sign it; none when it is not signed.
    pub certificates: Option<&'a str>,
}

impl SourceEntry<'_> {
    /// The paragraph.
    ///
    /// # Errors
    /// When the address or the certificates have a control character in them.
    pub fn to_text(&self) -> Result<String, ParagraphError> {
        let mut paragraph = Paragraph::new();
        paragraph.set("Types", "deb")?;
        paragraph.set("URIs", self.uri)?;
        paragraph.set("Suites", &self.suite.to_string())?;
        paragraph.set("Components", Release::component())?;
        match self.certificates {
            None => paragraph.set("Trusted", "yes")?,
            Some(armored) => {
                // A blank line would end the paragraph; a dot stands for it (sources.list(5), Signed-By).
                let lines = armored.trim().lines().map(|line| if line.is_empty() { "." } else { line });
                let lines: Vec<&str> = lines.collect();
                paragraph.set("Signed-By", &format!("\n{}", lines.join("\n")))?;
            }
        }
        Ok(paragraph.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::StackName;

    #[test]
    fn a_key_stands_in_the_paragraph() {
        let suite = "124".parse::<StackName>().unwrap().into();
        let certificates = Some("-----BEGIN-----\n\nabc\n-----END-----\n");
        let entry = SourceEntry { uri: "http://repo/", suite: &suite, certificates };
        assert_eq!(
            entry.to_text().unwrap(),
            "Types: deb\nURIs: http://repo/\nSuites: default/124\nComponents: main\nSigned-By:\n -----BEGIN-----\n .\n \
             abc\n -----END-----\n"
        );
    }
}
