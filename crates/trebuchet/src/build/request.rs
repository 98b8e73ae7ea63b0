//! What somebody wants to be built, and where.

use std::path::PathBuf;

use gachette_core::debian::Architecture;
use gachette_core::missile::Versions;
use url::Url;

use crate::deb::Compression;

/// A project, its missile, and how its packages are to be built.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The project's folder.
    pub project: PathBuf,
    /// The missile, absolute or relative to the project.
    pub missile: PathBuf,
    /// Where package files go; made when it is not there.
    pub output: PathBuf,
    /// Where the build's own temporary folder is made; the system's folder for such when not given.
    pub build_dir: Option<PathBuf>,
    /// The architecture of the packages that are not for all of them.
    pub architecture: Option<Architecture>,
    /// Options for pip, each a word of its own.
    pub pip_options: Vec<String>,
    /// One version per kind of package.
    pub versions: Versions,
    /// A text added to every description.
    pub extra_description: Option<String>,
    /// Where a POST is sent to for each package.
    pub web_callback: Option<Url>,
    /// The time that everything in the packages gets, in seconds since 1970. When not given: `SOURCE_DATE_EPOCH`, else the
    /// time of the commit, else that of the project's newest file.
    pub mtime: Option<i64>,
    /// The commit that is built; the project's own when not given.
    pub commit: Option<String>,
    /// Where environments are kept; the user's folder for such (`XDG_CACHE_HOME`) when not given.
    pub cache: Option<PathBuf>,
    /// How package files are compressed.
    pub compression: Compression,
}

impl BuildRequest {
    /// A build of this project by this missile, with everything else as it usually is.
    pub fn new(project: impl Into<PathBuf>, missile: impl Into<PathBuf>, output: impl Into<PathBuf>) -> Self {
        Self {
            project: project.into(),
            missile: missile.into(),
            output: output.into(),
            build_dir: None,
            architecture: None,
            pip_options: Vec::new(),
            versions: Versions::default(),
            extra_description: None,
            web_callback: None,
            mtime: None,
            commit: None,
            cache: None,
            compression: Compression::default(),
        }
    }
}
