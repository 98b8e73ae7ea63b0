//! One package of a universe: what its paragraph says that matters to whether it can be installed.

use super::architectures::{Architectures, MultiArch, Place};
use crate::debian::RelationField;

/// One package of a [`Universe`](super::Universe): a name, a version and an architecture.
#[derive(Clone, Copy, Debug)]
pub struct Package<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) architecture: &'a str,
    /// The number of its name in its universe.
    pub(super) number: u32,
    pub(super) place: Place,
    pub(super) multi_arch: MultiArch,
    pub(super) essential: bool,
    /// Whether apt removes it only when told so twice, though hosts may be without it.
    pub(super) protected: bool,
    pub(super) priority: Priority,
    /// The number of its origin.
    pub(super) origin: u16,
    /// Whether it is chosen from: apt sees one version of each name and architecture.
    pub(super) candidate: bool,
    /// The values of [`FIELDS`], in that order.
    relations: [&'a str; 6],
}

/// How much a package belongs to every system (Debian Policy 2.5); of several that provide a name apt takes the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Priority {
    Required,
    Important,
    Standard,
    Optional,
    Extra,
}

/// The fields that decide.
pub(super) const FIELDS: [RelationField; 6] = [
    RelationField::PreDepends,
    RelationField::Depends,
    RelationField::Recommends,
    RelationField::Breaks,
    RelationField::Conflicts,
    RelationField::Provides,
];

/// A field without which a package is none, or that cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the field `{field}` {reason}")]
pub struct FieldError {
    field: &'static str,
    reason: &'static str,
}

/// The fields that name a package.
const IDENTITY: [&str; 3] = ["Package", "Version", "Architecture"];

/// Whether a field has a part in what can be installed.
pub(super) fn decides(field: &str) -> bool {
    let others = ["Multi-Arch", "Essential", "Priority"];
    let mut names = IDENTITY.into_iter().chain(others).chain(FIELDS.iter().map(|field| field.name()));
    names.any(|name| name.eq_ignore_ascii_case(field))
}

/// Whether these fields name a package.
pub(super) fn identify<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), FieldError> {
    let mut values = [""; 3];
    for (name, value) in fields {
        if let Some(at) = IDENTITY.iter().position(|field| name.eq_ignore_ascii_case(field)) {
            values[at] = value.trim_ascii();
        }
    }
    check(values)
}

fn check(identity: [&str; 3]) -> Result<(), FieldError> {
    for (field, value) in IDENTITY.into_iter().zip(identity) {
        if value.is_empty() {
            return Err(FieldError { field, reason: "is missing" });
        }
        if value.len() > 256 || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(FieldError { field, reason: "is no word of printable ASCII" });
        }
    }
    Ok(())
}

impl<'a> Package<'a> {
    /// The package that these fields describe, or none when the host does not take its architecture.
    pub(super) fn read(
        fields: impl Iterator<Item = (&'a str, &'a str)>,
        architectures: &Architectures,
        origin: u16,
    ) -> Result<Option<Self>, FieldError> {
        let mut package = Self {
            name: "",
            version: "",
            architecture: "",
            number: 0,
            place: Place::NATIVE,
            multi_arch: MultiArch::No,
            essential: false,
            protected: false,
            priority: Priority::Extra,
            origin,
            candidate: false,
            relations: [""; 6],
        };
        fields.for_each(|(name, value)| package.set(name, value));
        check([package.name, package.version, package.architecture])?;
        let Some(place) = architectures.place(package.architecture) else { return Ok(None) };
        package.place = place;
        Ok(Some(package))
    }

    fn set(&mut self, name: &'a str, value: &'a str) {
        let word = value.trim_ascii();
        if name.eq_ignore_ascii_case("Package") {
            self.name = word;
        } else if name.eq_ignore_ascii_case("Version") {
            self.version = word;
        } else if name.eq_ignore_ascii_case("Architecture") {
            self.architecture = word;
        } else if name.eq_ignore_ascii_case("Multi-Arch") {
            self.multi_arch = match word {
                "same" => MultiArch::Same,
                "foreign" => MultiArch::Foreign,
                "allowed" => MultiArch::Allowed,
                _ => MultiArch::No,
            };
        } else if name.eq_ignore_ascii_case("Essential") {
            self.essential = word == "yes";
        } else if name.eq_ignore_ascii_case("Protected") || name.eq_ignore_ascii_case("Important") {
            self.protected = word == "yes";
        } else if name.eq_ignore_ascii_case("Priority") {
            self.priority = match word {
                "required" => Priority::Required,
                "important" => Priority::Important,
                "standard" => Priority::Standard,
                "optional" => Priority::Optional,
                _ => Priority::Extra,
            };
        } else if let Some(at) = FIELDS.iter().position(|field| name.eq_ignore_ascii_case(field.name())) {
            self.relations[at] = value;
        }
    }

    /// The package's name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Its version.
    pub fn version(&self) -> &'a str {
        self.version
    }

    /// Its architecture, `all` among them.
    pub fn architecture(&self) -> &'a str {
        self.architecture
    }

    /// Whether apt refuses to remove it: `Essential`, `Protected`, or by the older name `Important`.
    pub fn is_protected(&self) -> bool {
        self.essential || self.protected
    }

    /// The text of a field that decides; empty when it is absent.
    pub(super) fn relations(&self, field: RelationField) -> &'a str {
        FIELDS.iter().position(|known| *known == field).map_or("", |at| self.relations[at])
    }
}
