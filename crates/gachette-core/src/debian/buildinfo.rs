//! The file that says how packages were built, by deb-buildinfo(5): what was installed, in which environment, and what came
//! out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::{Architecture, PackageName, Paragraph, ParagraphError, Version};
use crate::Sha256Digest;

/// The version of the format.
const FORMAT: &str = "1.0";

/// The longest line of names, as dpkg-genbuildinfo folds it.
const LONGEST_LINE: usize = 980;

/// How packages were built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buildinfo {
    /// What they were built from.
    pub source: PackageName,
    /// Its version.
    pub version: Version,
    /// What came out.
    pub files: Vec<BuiltFile>,
    /// The distribution of the machine.
    pub origin: Option<String>,
    /// Its architecture.
    pub architecture: Architecture,
    /// When they were built.
    pub date: Timestamp,
    /// What may have had an influence that is none of any package.
    pub tainted_by: Vec<String>,
    /// The packages that may have had a part in it ([`Installed::needed_by`](super::Installed::needed_by)).
    pub installed: Vec<String>,
    /// The variables that may have had an influence, of those in [`ENVIRONMENT`].
    pub environment: BTreeMap<String, String>,
}

/// A file that came out of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltFile {
    /// The package in it.
    pub package: PackageName,
    /// That package's architecture.
    pub architecture: Architecture,
    /// The file's name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its MD5, in hexadecimal digits.
    pub md5: String,
    /// Its SHA-1, in hexadecimal digits.
    pub sha1: String,
    /// Its SHA-256.
    pub sha256: Sha256Digest,
}

/// Text that is no such file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildinfoError {
    /// It is no paragraph.
    #[error(transparent)]
    Paragraph(#[from] ParagraphError),
    /// It is of a format that is not known.
    #[error("its format is `{}`, and 1.x is known", .0.escape_debug())]
    Format(String),
    /// A line of its list of hashes is none.
    #[error("`{}` is no line of a list of hashes", .0.escape_debug())]
    Line(String),
}

impl Buildinfo {
    /// Its usual name: as specific as need be and no more.
    pub fn file_name(&self) -> String {
        // Without its epoch, which is in no file's name.
        let version = self.version.as_str();
        let version = version.split_once(':').map_or(version, |(_, version)| version);
        let native = self.files.iter().map(|file| &file.architecture).find(|it| !it.is_all());
        let architecture = native.map_or("all", Architecture::as_str);
        format!("{}_{version}_{architecture}.buildinfo", self.source)
    }

    /// The file as text.
    ///
    /// # Errors
    /// When a value cannot be written.
    pub fn to_text(&self) -> Result<String, ParagraphError> {
        let names: BTreeSet<&str> = self.files.iter().map(|file| file.package.as_str()).collect();
        let architectures: BTreeSet<&str> = self.files.iter().map(|it| it.architecture.as_str()).collect();
        let environment = self.environment.iter().map(|(name, value)| {
            let value = value.replace('"', "\\\"");
            format!("{name}=\"{value}\"")
        });
        let mut paragraph = Paragraph::new();
        for (name, value) in [
            ("Format", FORMAT.to_owned()),
            ("Source", self.source.to_string()),
            ("Binary", folded(names)),
            ("Architecture", joined(architectures)),
            ("Version", self.version.to_string()),
            ("Checksums-Md5", self.checksums(|file| file.md5.clone())),
            ("Checksums-Sha1", self.checksums(|file| file.sha1.clone())),
            ("Checksums-Sha256", self.checksums(|file| file.sha256.to_string())),
            ("Build-Origin", self.origin.clone().unwrap_or_default()),
            ("Build-Architecture", self.architecture.to_string()),
            ("Build-Date", date(self.date)),
            ("Build-Tainted-By", listed(self.tainted_by.iter().cloned(), "")),
            ("Installed-Build-Depends", listed(self.installed.iter().cloned(), ",")),
            ("Environment", listed(environment, "")),
        ] {
            if !value.is_empty() {
                paragraph.set(name, &value)?;
            }
        }
        Ok(paragraph.to_string())
    }

    fn checksums(&self, sum: impl Fn(&BuiltFile) -> String) -> String {
        listed(self.files.iter().map(|file| format!("{} {} {}", sum(file), file.size, file.name)), "")
    }

    /// The SHA-256 of each file that came out, by the file's name.
    ///
    /// # Errors
    /// When the text is no such file.
    pub fn files_of(text: &str) -> Result<BTreeMap<String, Sha256Digest>, BuildinfoError> {
        let paragraph = Paragraph::parse(text)?;
        let format = paragraph.get("Format").unwrap_or_default();
        if !format.starts_with("1.") {
            return Err(BuildinfoError::Format(format.chars().take(20).collect()));
        }
        let lines = paragraph.get("Checksums-Sha256").unwrap_or_default().lines();
        let file = |line: &str| {
            let [sha256, _, name] = line.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
            Some((name.to_owned(), sha256.parse().ok()?))
        };
        let wrong = |line: &str| BuildinfoError::Line(line.chars().take(100).collect());
        let lines = lines.filter(|line| !line.trim().is_empty());
        lines.map(|line| file(line).ok_or_else(|| wrong(line))).collect()
    }
}

/// The variables that are known to have an influence on builds and to tell nothing of who builds (dpkg's `Dpkg::BuildInfo`).
#[rustfmt::skip]
pub const ENVIRONMENT: [&str; 52] = [
    "CC", "CPP", "CXX", "OBJC", "OBJCXX", "PC", "FC", "M2C", "AS", "LD", "AR", "RANLIB", "MAKE", "AWK", "LEX", "YACC",
    "ASFLAGS", "CFLAGS", "CPPFLAGS", "CXXFLAGS", "OBJCFLAGS", "OBJCXXFLAGS", "GCJFLAGS", "DFLAGS", "FFLAGS", "LDFLAGS",
    "ARFLAGS", "MAKEFLAGS",
    "LD_LIBRARY_PATH",
    "LANG", "LC_ALL", "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES", "LC_PAPER", "LC_NAME",
    "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION",
    "DEB_BUILD_OPTIONS", "DEB_BUILD_PROFILES", "DEB_VENDOR",
    "DPKG_ROOT", "DPKG_ADMINDIR", "DPKG_DATADIR", "DPKG_ORIGINS_DIR", "DPKG_GENSYMBOLS_CHECK_LEVEL",
    "SOURCE_DATE_EPOCH",
];

/// A date as deb-changelog(5) has it.
fn date(time: Timestamp) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&time).unwrap_or_default().replace("GMT", "+0000")
}

fn joined<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// Words in lines that are not too long.
fn folded<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let (mut text, mut line) = (String::new(), 0);
    for word in words {
        if line > 0 {
            let full = line + word.len() >= LONGEST_LINE;
            text.push(if full { '\n' } else { ' ' });
            line = if full { 0 } else { line + 1 };
        }
        text.push_str(word);
        line += word.len();
    }
    text
}

/// Lines of a field whose first is empty.
fn listed(lines: impl Iterator<Item = String>, between: &str) -> String {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.join(&format!("{between}\n"))) }
}
