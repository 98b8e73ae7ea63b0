//! Which versions the packages of a build get, where somebody chose.

use gachette_core::debian::{Version, VersionError};
use gachette_core::missile::Versions;

/// The versions somebody chose, each of which may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChosenVersions {
    /// Of applications and configurations; of static entries, too.
    pub app: Option<Version>,
    /// Of environments.
    pub env: Option<Version>,
    /// Of services.
    pub service: Option<Version>,
}

impl ChosenVersions {
    /// Reads them as text, where an empty one says nothing.
    ///
    /// # Errors
    /// When one is no Debian version.
    pub fn parse(app: &str, env: &str, service: &str) -> Result<Self, VersionError> {
        let read = |text: &str| if text.is_empty() { Ok(None) } else { text.parse().map(Some) };
        Ok(Self { app: read(app)?, env: read(env)?, service: read(service)? })
    }

    /// The versions for a build, with its own where none was chosen.
    pub fn or_default(&self) -> Versions {
        let Versions { app, env, service, static_files } = Versions::default();
        Versions {
            static_files: self.app.clone().unwrap_or(static_files),
            app: self.app.clone().unwrap_or(app),
            env: self.env.clone().unwrap_or(env),
            service: self.service.clone().unwrap_or(service),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_entries_get_the_version_of_the_application_and_an_empty_choice_is_none() {
        let chosen = ChosenVersions::parse("1.2", "", "3").unwrap().or_default();
        let texts =
            [&chosen.app, &chosen.env, &chosen.service, &chosen.static_files].map(|version| version.as_str());
        assert_eq!(texts, ["1.2", "1.0.0", "3", "1.2"]);
        assert!(ChosenVersions::parse("1.2", "; rm -rf", "").is_err());
    }
}
