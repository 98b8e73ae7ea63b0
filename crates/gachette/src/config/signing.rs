//! What APT suites are signed with: the part `signing` of a configuration.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::keys::Keys;
use crate::signing::KeyRef;

/// What APT suites are signed with. Its keys are those of the machine that has the repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signing {
    /// The keys that sign, all of them each time.
    pub keys: Vec<KeyRef>,
    /// The folder of our own keys; `gachette/keys` in the user's folder for data when not configured.
    pub folder: Option<PathBuf>,
    /// The file of the passphrase of our own keys.
    pub passphrase_file: Option<PathBuf>,
}

/// The keys below `signing`.
const KEYS: &[&str] = &["folder", "keys", "passphrase_file"];

impl Signing {
    /// Whether nothing of it is configured.
    pub(super) fn is_unset(&self) -> bool {
        *self == Self::default()
    }

    /// Reads it from a configuration, whose relative paths start at `base`.
    pub(super) fn read(keys: &mut Keys<'_>, base: Option<&Path>) -> Self {
        let Some(entry) = keys.entry("signing") else { return Self::default() };
        let Some(entries) = entry.value.entries() else {
            keys.wrong("signing", &entry.value, "a map of keys such as `keys`");
            return Self::default();
        };
        let keys = &mut Keys::of(entries, "signing.".to_owned(), KEYS, base, keys.problems);
        let named: Vec<KeyRef> = keys.parsed_list("keys");
        let rooted = |key| match key {
            KeyRef::File(path) => KeyRef::File(keys.rooted(&path.to_string_lossy())),
            key => key,
        };
        Self {
            keys: named.into_iter().map(rooted).collect(),
            folder: keys.path("folder"),
            passphrase_file: keys.path("passphrase_file"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;
    use crate::signing::KeyRef;

    #[test]
    fn keys_are_named_by_name_fingerprint_file_or_as_held_by_gpg() {
        let digits = "0123456789ABCDEF0123456789ABCDEF01234567";
        let text = format!(
            "signing:\n  keys: [archive, {digits}, ./k.asc, gpg:{digits}]\n  folder: keys\nsigning.passphrase_file: /p\n"
        );
        let signing = Config::parse(&text, Path::new("/srv/conf/gachette.yml")).unwrap().config.signing;
        let fingerprint = digits.parse().unwrap();
        let expected = [
            KeyRef::Name("archive".parse().unwrap()),
            KeyRef::Fingerprint(fingerprint),
            KeyRef::File("/srv/conf/k.asc".into()),
            KeyRef::Gpg(fingerprint),
        ];
        assert_eq!(signing.keys, expected);
        assert_eq!(signing.folder.unwrap(), Path::new("/srv/conf/keys"));
        assert_eq!(signing.passphrase_file.unwrap(), Path::new("/p"));
    }

    #[test]
    fn what_names_no_key_is_said_with_its_line() {
        for (text, expected) in [
            ("signing: archive\n", "1:10: `signing` takes a map of keys such as `keys`, not `archive`"),
            ("signing:\n  keys: [gpg:me]\n", "2:9: `signing.keys`: `me` is no fingerprint: 40"),
            ("signing.keys: -x\n", "1:15: `signing.keys`: `-x` is no name for a key: 1 to 64"),
        ] {
            let said = Config::parse(text, Path::new("/g.yml")).unwrap_err().to_string();
            assert!(said.starts_with(&format!("/g.yml:{expected}")), "{said}");
        }
    }
}
