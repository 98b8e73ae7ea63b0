//! The Release file of a suite: what is signed, and what names every index by its hash.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use serde::{Deserialize, Serialize};

use super::suite::Suite;
use crate::Sha256Digest;
use crate::debian::{Architecture, Paragraph, ParagraphError};

/// The field of a Release file that says what it shows; clients pass over fields that they do not know.
const CONTENT: &str = "Gachette-Content";

/// The one component of every suite.
const COMPONENT: &str = "main";

/// A Release file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The suite it is of.
    pub suite: Suite,
    /// Who publishes it.
    pub origin: String,
    /// What it is part of.
    pub label: String,
    /// One line about it.
    pub description: String,
    /// The SHA-256 of what it shows, as the ledger of a stack has it: by that it is told from any other state, also of its own stack.
    pub content: Sha256Digest,
    /// When it came to be, to the second. apt takes no older one after it.
    pub date: Timestamp,
    /// Until when apt believes it; for ever when there is none.
    pub valid_until: Option<Timestamp>,
    /// The architectures that have an index, `all` among them.
    pub architectures: Vec<Architecture>,
    /// Every index by its path from the suite's folder.
    pub indices: Indices,
}

/// Indices by their paths from the suite's folder.
pub type Indices = BTreeMap<String, IndexEntry>;

/// What a Release file says of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexEntry {
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Sha256Digest,
}

/// Text that is no Release file as we read it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// It is no paragraph.
    #[error(transparent)]
    Paragraph(#[from] ParagraphError),
    /// A line of its list of hashes is none.
    #[error("`{}` is no line of a list of hashes", .0.escape_debug())]
    Line(String),
    /// It has no such list.
    #[error("it has no field SHA256")]
    NoHashes,
}

impl Release {
    /// The component that all packages are in.
    pub fn component() -> &'static str {
        COMPONENT
    }

    /// The folder of an architecture's index, from the suite's folder.
    pub fn folder_of(architecture: &Architecture) -> String {
        format!("{COMPONENT}/binary-{architecture}")
    }

    /// The file as text.
    ///
    /// # Errors
    /// When a text has a control character or a blank line in it.
    pub fn to_text(&self) -> Result<String, ParagraphError> {
        let suite = self.suite.to_string();
        let mut paragraph = Paragraph::new();
        let architectures: Vec<&str> = self.architectures.iter().map(Architecture::as_str).collect();
        for (name, value) in [
            ("Origin", self.origin.as_str()),
            ("Label", &self.label),
            // What the client asks for must be the one or the other.
            ("Suite", &suite),
            ("Codename", &suite),
            ("Date", &date(self.date)),
            ("Valid-Until", &self.valid_until.map(date).unwrap_or_default()),
            ("Acquire-By-Hash", "yes"),
            // `all` among them, and no `No-Support-for-Architecture-all`: so apt installs packages of `all` on a machine of an
            // architecture that has no index (docs/decisions/0015).
            ("Architectures", &architectures.join(" ")),
            ("Components", COMPONENT),
            ("Description", &self.description),
            (CONTENT, &self.content.to_string()),
        ] {
            if !value.is_empty() {
                paragraph.set(name, value)?;
            }
        }
        let mut lines = String::new();
        for (path, entry) in &self.indices {
            // Writing to a String cannot fail.
            let _ = write!(lines, "\n{} {:>9} {path}", entry.sha256, entry.size);
        }
        paragraph.set("SHA256", &lines)?;
        Ok(paragraph.to_string())
    }

    /// The date that a Release file bears; none when it has none that can be read.
    pub fn date_of(text: &str) -> Option<Timestamp> {
        time_of(text, "Date")
    }

    /// Until when clients believe a Release file of ours; none when it does not say.
    pub fn valid_until_of(text: &str) -> Option<Timestamp> {
        time_of(text, "Valid-Until")
    }

    /// The SHA-256 of what a Release file of ours shows; none when it does not say.
    pub fn content_of(text: &str) -> Option<Sha256Digest> {
        Paragraph::parse(text).ok()?.get(CONTENT)?.parse().ok()
    }

    /// The suite that a Release file says it is of, as it is written; none when it does not say, or names two.
    pub fn suite_of(text: &str) -> Option<String> {
        let paragraph = Paragraph::parse(text).ok()?;
        let (suite, codename) = (paragraph.get("Suite")?, paragraph.get("Codename")?);
        (suite == codename).then(|| suite.to_owned())
    }

    /// The architectures that a Release file says have an index; none when it does not say.
    pub fn architectures_of(text: &str) -> BTreeSet<Architecture> {
        let paragraph = Paragraph::parse(text).ok();
        let named =
            paragraph.as_ref().and_then(|paragraph| paragraph.get("Architectures")).unwrap_or_default();
        named.split_whitespace().filter_map(|name| name.parse().ok()).collect()
    }

    /// The indices that a Release file names.
    ///
    /// # Errors
    /// When the text is no such file, or names something outside the suite's folder.
    pub fn indices_of(text: &str) -> Result<Indices, ReleaseError> {
        let paragraph = Paragraph::parse(text)?;
        let lines = paragraph.get("SHA256").ok_or(ReleaseError::NoHashes)?;
        let lines = lines.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| entry(line).ok_or_else(|| ReleaseError::Line(shown(line)))).collect()
    }
}

impl IndexEntry {
    /// The path of the index under the name of its hash, from the suite's folder, for its path there. Clients ask for this one where
    /// the Release file says `Acquire-By-Hash: yes`.
    ///
    /// Source: <https://wiki.debian.org/DebianRepository/Format#indices_acquisition_via_hashsums_.28by-hash.29>
    pub fn by_hash(&self, path: &str) -> String {
        let folder = path.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"));
        format!("{folder}by-hash/SHA256/{}", self.sha256)
    }
}

/// The time in a field.
fn time_of(text: &str, field: &str) -> Option<Timestamp> {
    let time = Paragraph::parse(text).ok()?.get(field)?.replace("UTC", "GMT");
    DateTimeParser::new().parse_timestamp(time).ok()
}

impl fmt::Display for IndexEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.sha256, self.size)
    }
}

fn entry(line: &str) -> Option<(String, IndexEntry)> {
    let mut words = line.split_whitespace();
    let (sha256, size, path) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?);
    (words.next().is_none() && leads_below(path)).then(|| (path.to_owned(), IndexEntry { size, sha256 }))
}

/// Whether a path leads nowhere but below the folder that it starts in.
fn leads_below(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn shown(line: &str) -> String {
    line.chars().take(100).collect()
}

/// A date as apt reads it: in UTC, which it wants to be called so.
fn date(time: Timestamp) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&time).unwrap_or_default().replace("GMT", "UTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::StackName;

    fn release() -> Release {
        let stack: StackName = "shop/124".parse().unwrap();
        let entry = IndexEntry { size: 5, sha256: Sha256Digest::of(b"hello") };
        Release {
            suite: stack.into(),
            origin: "Example".to_owned(),
            label: "shop".to_owned(),
            description: "stack 124 of shop".to_owned(),
            content: Sha256Digest::of(b"content"),
            date: "2026-01-02T03:04:05.9Z".parse().unwrap(),
            valid_until: None,
            architectures: vec![Architecture::all(), "amd64".parse().unwrap()],
            indices: [("main/binary-amd64/Packages".to_owned(), entry)].into(),
        }
    }

    #[test]
    fn a_release_file_says_what_it_is_of() {
        let (digest, content) = (Sha256Digest::of(b"hello"), Sha256Digest::of(b"content"));
        let expected = format!(
            "Origin: Example\nLabel: shop\nSuite: shop/124\nCodename: shop/124\nDate: Fri, 02 Jan 2026 03:04:05 UTC\n\
             Acquire-By-Hash: yes\nArchitectures: all amd64\nComponents: main\n\
             Description: stack 124 of shop\nGachette-Content: {content}\nSHA256:\n {digest}         5 main/binary-amd64/Packages\n"
        );
        assert_eq!(release().to_text().unwrap(), expected);
    }

    #[test]
    fn the_indices_it_names_are_read_back() {
        let release = release();
        let text = release.to_text().unwrap();
        assert_eq!(Release::date_of(&text), Some("2026-01-02T03:04:05Z".parse().unwrap()));
        assert_eq!(Release::date_of("Date: soon\n"), None);
        assert_eq!(Release::valid_until_of(&text), None);
        let limited =
            Release { valid_until: Some("2026-02-02T03:04:05Z".parse().unwrap()), ..release.clone() };
        assert_eq!(Release::valid_until_of(&limited.to_text().unwrap()), limited.valid_until);
        assert_eq!(
            (Release::content_of(&text), Release::content_of("Suite: x\n")),
            (Some(release.content), None)
        );
        assert_eq!(Release::architectures_of(&text), release.architectures.iter().cloned().collect());
        assert_eq!(Release::architectures_of("Architectures: -x\n"), BTreeSet::new());
        assert_eq!(Release::suite_of(&text).as_deref(), Some("shop/124"));
        assert_eq!(Release::suite_of("Suite: x\nCodename: y\n"), None);
        assert_eq!(Release::indices_of(&text), Ok(release.indices));
        assert_eq!(Release::indices_of("Suite: x\n"), Err(ReleaseError::NoHashes));
        let wrong = Release::indices_of("SHA256:\n abc 5 x\n");
        assert_eq!(wrong, Err(ReleaseError::Line("abc 5 x".to_owned())));
        for path in ["/dev/zero", "../../gachette.json", "main/../../x", "main//x", "./x"] {
            let line = format!("{} 5 {path}", Sha256Digest::of(b"hello"));
            assert_eq!(Release::indices_of(&format!("SHA256:\n {line}\n")), Err(ReleaseError::Line(line)));
        }
    }

    #[test]
    fn no_text_adds_a_field() {
        let hostile = Release { label: "x\nSHA256: y\n\n".to_owned(), ..release() };
        let text = hostile.to_text().unwrap();
        assert_eq!(Release::indices_of(&text).unwrap(), release().indices, "{text}");
        assert!(Release { label: "x\n\ny".to_owned(), ..release() }.to_text().is_err());
    }
}
