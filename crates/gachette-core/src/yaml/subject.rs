//! The kinds of files that are read, as messages call them.

/// What is read: its words in messages about text that is no YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Its name, such as `recipe`.
    pub name: &'static str,
    /// A line that it usually begins with.
    pub first_line: &'static str,
    /// What to do instead of a second document.
    pub second_document: &'static str,
}

impl Subject {
    /// A missile.
    pub const RECIPE: Self = Self {
        name: "recipe",
        first_line: "name: …",
        second_document: "several recipes in one file are variants beside a `default` key",
    };
    /// The configuration of gachette.
    pub const CONFIGURATION: Self = Self {
        name: "configuration",
        first_line: "meta_path: /srv/gachette",
        second_document: "put all keys into the first",
    };
}
