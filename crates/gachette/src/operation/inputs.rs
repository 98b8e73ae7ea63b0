//! What a build is made from, as one digest: the same inputs need not be built twice.

use gachette_core::Sha256Digest;
use gachette_core::git::Commit;
use gachette_core::missile::Versions;

/// What decides the content of a build's packages.
///
/// Of gachette itself nothing is in it: a newer gachette must recognise what an older one built, since a version of a
/// package never changes its bytes.
pub(super) struct Inputs<'a> {
    pub(super) commit: &'a Commit,
    /// The recipe's path in the working copy.
    pub(super) missile: &'a str,
    pub(super) versions: &'a Versions,
    /// What packages with native files are built for.
    pub(super) architecture: &'a str,
    pub(super) compression: String,
    /// `SOURCE_DATE_EPOCH`, when it is set.
    pub(super) epoch: Option<&'a str>,
    /// The program that builds, when it is not the built-in one.
    pub(super) builder: Option<&'a str>,
}

impl Inputs<'_> {
    /// SHA-256 over the inputs, one `name=value` a line; no value holds a line end.
    pub(super) fn digest(&self) -> Sha256Digest {
        let Versions { app, env, service, static_files } = self.versions;
        let lines = [
            ("inputs", "1".to_owned()),
            ("commit", self.commit.to_string()),
            ("missile", self.missile.escape_default().to_string()),
            ("app", app.to_string()),
            ("env", env.to_string()),
            ("service", service.to_string()),
            ("static", static_files.to_string()),
            ("architecture", self.architecture.to_owned()),
            ("compression", self.compression.clone()),
            ("epoch", self.epoch.unwrap_or_default().escape_default().to_string()),
            ("builder", self.builder.unwrap_or_default().escape_default().to_string()),
        ];
        let text: String = lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        Sha256Digest::of(text.as_bytes())
    }
}
