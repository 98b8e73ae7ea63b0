//! The shell lines a recipe adds to a package's maintainer scripts.

use super::fields::Fields;
use crate::yaml::Problems;
use schemars::JsonSchema;
use serde::Serialize;

/// Lines for each maintainer script (Debian Policy chapter 6), run under `set -e`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MaintainerLines {
    /// Run before the package is unpacked.
    pub preinst: Vec<String>,
    /// Run after the package is configured.
    pub postinst: Vec<String>,
    /// Run before the package is removed.
    pub prerm: Vec<String>,
    /// Run after the package is removed.
    pub postrm: Vec<String>,
}

impl MaintainerLines {
    /// Whether the recipe adds nothing.
    pub fn is_empty(&self) -> bool {
        [&self.preinst, &self.postinst, &self.prerm, &self.postrm].iter().all(|lines| lines.is_empty())
    }
}

impl MaintainerLines {
    /// The keys it knows.
    pub(super) const KEYS: [&'static str; 4] = ["preinst", "postinst", "prerm", "postrm"];

    /// Reads `debian_scripts`, when it is there.
    pub(super) fn read(fields: &Fields, problems: &mut Problems) -> Self {
        let scripts = fields.get("debian_scripts");
        let Some(scripts) =
            scripts.and_then(|node| Fields::of(node, "debian_scripts", &Self::KEYS, problems))
        else {
            return Self::default();
        };
        Self {
            preinst: scripts.texts("preinst", problems),
            postinst: scripts.texts("postinst", problems),
            prerm: scripts.texts("prerm", problems),
            postrm: scripts.texts("postrm", problems),
        }
    }
}
