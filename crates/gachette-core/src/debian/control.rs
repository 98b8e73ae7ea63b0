//! The control file of a binary package as a value, by Debian Policy 5.3 and deb-control(5).

use super::relations::{Relations, RelationsError};
use super::{Architecture, PackageName, Paragraph, ParagraphError, RelationField, Version};

/// What a binary package says about itself.
///
/// Texts are plain: the description has its empty lines as empty lines; [`Control::to_paragraph`] does the escaping and
/// refuses what cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The package's name.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// The architecture it installs on.
    pub architecture: Architecture,
    /// `Name <address>` of who is responsible.
    pub maintainer: String,
    /// The synopsis, and after the first line the text.
    pub description: String,
    /// The section of the archive, such as `web`.
    pub section: Option<String>,
    /// The priority, such as `optional`.
    pub priority: Option<String>,
    /// Where to read more.
    pub homepage: Option<String>,
    /// The size when installed, in KiB; [`Control::to_paragraph`] writes it when it is there.
    pub installed_size: Option<u64>,
    /// What must be configured before this is unpacked.
    pub pre_depends: Relations,
    /// What it needs.
    pub depends: Relations,
    /// What is installed with it unless somebody minds.
    pub recommends: Relations,
    /// What goes well with it.
    pub suggests: Relations,
    /// What it goes well with.
    pub enhances: Relations,
    /// What it breaks.
    pub breaks: Relations,
    /// What it cannot be installed together with.
    pub conflicts: Relations,
    /// Which names it answers to.
    pub provides: Relations,
    /// Whose files it may overwrite.
    pub replaces: Relations,
    /// All other fields, in order.
    pub extra: Paragraph,
}

/// A control file that lacks something, or has something that cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// A field that every binary package has.
    #[error("the field `{0}` is missing")]
    Missing(&'static str),
    /// A field whose value is not of its kind.
    #[error("the field `{field}`: {reason}")]
    Value {
        /// The field's name.
        field: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A relation field that cannot be read.
    #[error("the field `{field}`: {source}")]
    Relations {
        /// The field's name.
        field: &'static str,
        /// What is wrong.
        source: RelationsError,
    },
    /// The text is no paragraph, or a value cannot be written into one.
    #[error(transparent)]
    Paragraph(#[from] ParagraphError),
    /// An extra field that has a place of its own.
    #[error("`{0}` cannot be an extra field: it is set from the package itself")]
    Reserved(String),
}

/// The fields that [`Control`] keeps apart, relations aside.
const OWN_FIELDS: [&str; 9] = [
    "Package",
    "Version",
    "Architecture",
    "Maintainer",
    "Installed-Size",
    "Section",
    "Priority",
    "Homepage",
    "Description",
];

impl Control {
    /// The control file of a package of which nothing else is known yet. Without maintainer and description it cannot be
    /// written.
    pub fn new(package: PackageName, version: Version, architecture: Architecture) -> Self {
        Self {
            package,
            version,
            architecture,
            maintainer: String::new(),
            description: String::new(),
            section: None,
            priority: None,
            homepage: None,
            installed_size: None,
            pre_depends: Relations::default(),
            depends: Relations::default(),
            recommends: Relations::default(),
            suggests: Relations::default(),
            enhances: Relations::default(),
            breaks: Relations::default(),
            conflicts: Relations::default(),
            provides: Relations::default(),
            replaces: Relations::default(),
            extra: Paragraph::new(),
        }
    }

    /// Reads the text of a control file, as leniently as dpkg does: maintainer and description may be missing.
    pub fn parse(text: &str) -> Result<Self, ControlError> {
        Self::from_paragraph(&Paragraph::parse(text)?)
    }

    /// Reads a paragraph, as leniently as dpkg does: maintainer and description may be missing.
    pub fn from_paragraph(paragraph: &Paragraph) -> Result<Self, ControlError> {
        let text = |field| paragraph.get(field).filter(|value| !value.is_empty()).map(str::to_owned);
        let mut control = Self::new(
            required(paragraph, "Package")?,
            required(paragraph, "Version")?,
            required(paragraph, "Architecture")?,
        );
        control.maintainer = text("Maintainer").unwrap_or_default();
        control.description = text("Description").map(|value| unescaped(&value)).unwrap_or_default();
        control.section = text("Section");
        control.priority = text("Priority");
        control.homepage = text("Homepage");
        control.installed_size = text("Installed-Size").and_then(|size| size.parse().ok());
        for field in RelationField::ALL {
            if let Some(value) = paragraph.get(field.name()) {
                let read = Relations::from_dpkg(value)
                    .and_then(|relations| field.check_as_dpkg(&relations).map(|()| relations));
                *control.relations_mut(field) =
                    read.map_err(|source| ControlError::Relations { field: field.name(), source })?;
            }
        }
        check_words(paragraph)?;
        for (name, value) in paragraph.iter().filter(|(name, _)| !is_own(name)) {
            control.extra.set(name, value)?;
        }
        Ok(control)
    }

    /// The paragraph to be written, fields in Debian's order.
    pub fn to_paragraph(&self) -> Result<Paragraph, ControlError> {
        let mut paragraph = Paragraph::new();
        paragraph.set("Package", self.package.as_str())?;
        paragraph.set("Version", self.version.as_str())?;
        paragraph.set("Architecture", self.architecture.as_str())?;
        paragraph.set("Maintainer", single_line("Maintainer", &self.maintainer)?)?;
        if let Some(size) = self.installed_size {
            paragraph.set("Installed-Size", &size.to_string())?;
        }
        for field in RelationField::ALL {
            let relations = self.relations(field);
            if !relations.is_empty() {
                field
                    .check(relations)
                    .map_err(|source| ControlError::Relations { field: field.name(), source })?;
                paragraph.set(field.name(), &relations.to_string())?;
            }
        }
        let optional =
            [("Section", &self.section), ("Priority", &self.priority), ("Homepage", &self.homepage)];
        for (field, value) in optional {
            if let Some(value) = value {
                paragraph.set(field, single_line(field, value)?)?;
            }
        }
        for (name, value) in self.extra.iter() {
            if is_own(name) {
                return Err(ControlError::Reserved(name.to_owned()));
            }
            paragraph.set(name, value)?;
        }
        paragraph.set("Description", &escaped(&self.description)?)?;
        Ok(paragraph)
    }

    /// The relations of one kind.
    pub fn relations(&self, field: RelationField) -> &Relations {
        match field {
            RelationField::PreDepends => &self.pre_depends,
            RelationField::Depends => &self.depends,
            RelationField::Recommends => &self.recommends,
            RelationField::Suggests => &self.suggests,
            RelationField::Enhances => &self.enhances,
            RelationField::Breaks => &self.breaks,
            RelationField::Conflicts => &self.conflicts,
            RelationField::Provides => &self.provides,
            RelationField::Replaces => &self.replaces,
        }
    }

    /// The relations of one kind, to be changed.
    pub fn relations_mut(&mut self, field: RelationField) -> &mut Relations {
        match field {
            RelationField::PreDepends => &mut self.pre_depends,
            RelationField::Depends => &mut self.depends,
            RelationField::Recommends => &mut self.recommends,
            RelationField::Suggests => &mut self.suggests,
            RelationField::Enhances => &mut self.enhances,
            RelationField::Breaks => &mut self.breaks,
            RelationField::Conflicts => &mut self.conflicts,
            RelationField::Provides => &mut self.provides,
            RelationField::Replaces => &mut self.replaces,
        }
    }
}

/// The fields of which dpkg refuses all words but these, in any case (dpkg's lib/dpkg/fields.c).
const WORDS: [(&str, &[&str]); 5] = [
    ("Essential", &["yes", "no"]),
    ("Protected", &["yes", "no"]),
    ("Multi-Arch", &["no", "same", "allowed", "foreign"]),
    ("Status", &[]),
    ("Config-Version", &[]),
];

/// Refuses what dpkg refuses of fields that say one of some words.
fn check_words(paragraph: &Paragraph) -> Result<(), ControlError> {
    for (field, words) in WORDS {
        let value = paragraph.get(field).filter(|value| !value.is_empty() || words.is_empty());
        if let Some(value) = value.filter(|value| !words.iter().any(|word| word.eq_ignore_ascii_case(value)))
        {
            let value = value.chars().take(60).collect::<String>().escape_debug().to_string();
            let reason = match words {
                [] => "a package file cannot say it".to_owned(),
                words => format!("`{value}` is none of {}", words.join(", ")),
            };
            return Err(ControlError::Value { field, reason });
        }
    }
    Ok(())
}

fn is_own(name: &str) -> bool {
    let relations = RelationField::ALL.iter().map(|field| field.name());
    OWN_FIELDS.into_iter().chain(relations).any(|own| own.eq_ignore_ascii_case(name))
}

fn required<T>(paragraph: &Paragraph, field: &'static str) -> Result<T, ControlError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let value = paragraph.get(field).ok_or(ControlError::Missing(field))?;
    value.parse().map_err(|error: T::Err| ControlError::Value { field, reason: error.to_string() })
}

/// The value, if it is one line that says something.
fn single_line<'a>(field: &'static str, value: &'a str) -> Result<&'a str, ControlError> {
    match value.trim() {
        "" => Err(ControlError::Missing(field)),
        line if line.contains('\n') => {
            Err(ControlError::Value { field, reason: "it must be one line".to_owned() })
        }
        line => Ok(line),
    }
}

/// A description as the field's value: Debian Policy 5.6.13 writes an empty line as a dot.
fn escaped(description: &str) -> Result<String, ControlError> {
    let mut lines = description.trim().lines().map(str::trim_end);
    let synopsis = lines.next().ok_or(ControlError::Missing("Description"))?;
    let mut value = synopsis.to_owned();
    for line in lines {
        value.push('\n');
        value.push_str(if line.is_empty() { "." } else { line });
    }
    Ok(value)
}

/// The description that a field's value holds.
fn unescaped(value: &str) -> String {
    let lines: Vec<&str> = value.lines().map(|line| if line == "." { "" } else { line }).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
#[path = "control_tests.rs"]
mod tests;
