//! What a recipe says about its main package beyond what is in it.

use serde::Serialize;

/// Control fields of the main package; all optional. Relations are in Debian's syntax and already checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// `Name <address>`.
    pub maintainer: Option<String>,
    /// Debian section, such as `web`.
    pub section: Option<String>,
    /// Debian priority, such as `optional`.
    pub priority: Option<String>,
    /// A URL.
    pub homepage: Option<String>,
    /// First line: the synopsis; the rest: the long description.
    pub description: Option<String>,
    /// Further packages it needs.
    pub depends: Option<String>,
    /// Packages it works better with.
    pub recommends: Option<String>,
    /// Packages it cannot be installed with.
    pub conflicts: Option<String>,
    /// Virtual packages it provides.
    pub provides: Option<String>,
    /// Packages whose files it may overwrite.
    pub replaces: Option<String>,
}
