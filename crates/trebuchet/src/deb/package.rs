//! A binary package as a value, before it is a file.

use std::collections::BTreeMap;

use gachette_core::debian::Control;

use super::{Entry, PackagePath};

/// Everything a `.deb` is made of.
#[derive(Debug, Clone)]
pub struct DebPackage {
    /// What it says about itself; the size when installed is filled in while it is written.
    pub control: Control,
    /// The scripts that dpkg runs.
    pub scripts: MaintainerScripts,
    /// Files that a user may change, which dpkg then keeps; each has to be a file among the entries.
    pub conffiles: Vec<PackagePath>,
    /// What it installs, in any order; folders above an entry are added where they are missing.
    pub entries: Vec<Entry>,
    /// Further control files by name, such as `triggers` or `templates`.
    pub control_files: BTreeMap<String, ControlFile>,
}

/// The scripts that dpkg runs while it installs, upgrades or removes a package (Debian Policy 6). Each begins with `#!`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaintainerScripts {
    /// Before the package is unpacked.
    pub preinst: Option<String>,
    /// After it was unpacked.
    pub postinst: Option<String>,
    /// Before it is removed.
    pub prerm: Option<String>,
    /// After it was removed.
    pub postrm: Option<String>,
}

/// A control file that is neither `control`, `md5sums`, `conffiles` nor a maintainer script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlFile {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether it is a program.
    pub executable: bool,
}

impl DebPackage {
    /// A package that installs nothing yet.
    pub fn new(control: Control) -> Self {
        Self {
            control,
            scripts: MaintainerScripts::default(),
            conffiles: Vec::new(),
            entries: Vec::new(),
            control_files: BTreeMap::new(),
        }
    }
}

impl MaintainerScripts {
    /// The scripts there are, by the name dpkg knows them by.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("preinst", &self.preinst),
            ("postinst", &self.postinst),
            ("prerm", &self.prerm),
            ("postrm", &self.postrm),
        ];
        all.into_iter().filter_map(|(name, script)| Some((name, script.as_deref()?)))
    }
}
