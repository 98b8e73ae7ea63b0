//! Building what a working copy holds, for programs that embed this library; the names are those of the original one.

use std::path::Path;

use trebuchet::lint::{LintReport, lint};
use trebuchet::process::Cancel;
use trebuchet::{BuildError, BuildRequest, BuiltPackage, IoError};

use super::Prepared;

/// The recipe when none is named.
pub(crate) const MISSILE: &str = ".missile.yml";

impl Prepared {
    /// What would fail a build of this recipe, `.missile.yml` when none is named.
    ///
    /// # Errors
    /// When the recipe cannot be read.
    pub fn lint(&self, missile: Option<&Path>) -> Result<LintReport, IoError> {
        lint(self.path(), missile.unwrap_or(Path::new(MISSILE)))
    }

    /// A build of this commit into a folder, to be adjusted (versions, a web callback) and handed to
    /// [`Prepared::build`].
    pub fn build_request(&self, output: &Path, missile: Option<&Path>) -> BuildRequest {
        let mut request = BuildRequest::new(self.path(), missile.unwrap_or(Path::new(MISSILE)), output);
        request.commit = Some(self.commit.to_string());
        request
    }

    /// Builds the packages of this commit. The working copy stays in our hands meanwhile.
    ///
    /// ```
    /// use gachette::Cancel;
    /// use gachette::working_copy::WorkingCopy;
    /// # let repository = gachette_testkit::GitRepository::new();
    /// # repository.commit_file(".missile.yml", "{name: web_config, type: configuration, colour: red}\n");
    /// # let url: gachette_core::git::GitUrl = repository.url().parse()?;
    /// # let folder = tempfile::tempdir()?;
    /// # let (base, output) = (folder.path().join("working_copies"), folder.path().join("debs"));
    ///
    /// let cancel = Cancel::new();
    /// let prepared = WorkingCopy::new("web".parse()?, base).prepare(&url, None, &cancel, &mut |_event| {})?;
    /// assert_eq!(prepared.lint(None)?.errors(), 0);
    ///
    /// let mut request = prepared.build_request(&output, None);
    /// request.versions.app = prepared.version(Default::default(), &cancel, &mut |_event| {})?;
    /// let packages = prepared.build(&request, &cancel, &mut |event| println!("{event:?}"))?;
    /// assert_eq!(packages[0].file_name, format!("dh-web-config-0.0.1rev{}-all.deb", prepared.short));
    /// assert!(packages[0].path.is_file());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the recipe is wrong, a package cannot be built, or it is cancelled.
    pub fn build(
        &self,
        request: &BuildRequest,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(trebuchet::Event),
    ) -> Result<Vec<BuiltPackage>, BuildError> {
        trebuchet::build(request, cancel, on_event)
    }
}
