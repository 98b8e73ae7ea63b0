//! The Python distributions that a package installs with its environment.

use super::package_url::encoded;

/// A distribution, as a package URL has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PythonDistribution {
    /// Its name in the form in which the package index compares names.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl PythonDistribution {
    /// That of which this path holds the metadata: installers leave it beside each distribution, in a folder
    /// `NAME-VERSION.dist-info` (<https://packaging.python.org/en/latest/specifications/recording-installed-packages/>).
    pub fn of(path: &[u8]) -> Option<Self> {
        let path = std::str::from_utf8(path).ok()?.strip_suffix(".dist-info/METADATA")?;
        // No name holds a `-` there.
        let (name, version) = path.rsplit('/').next()?.split_once('-')?;
        (is_name(name) && is_version(version))
            .then(|| Self { name: normalized(name), version: version.to_owned() })
    }

    /// `pkg:pypi/NAME@VERSION`.
    pub(super) fn package_url(&self) -> String {
        format!("pkg:pypi/{}@{}", encoded(&self.name), encoded(&self.version))
    }
}

/// What may be in a name besides letters and digits; runs of it are all the same.
const BETWEEN: [char; 3] = ['-', '_', '.'];

/// <https://packaging.python.org/en/latest/specifications/name-normalization/>
fn is_name(text: &str) -> bool {
    let is_end = |end: Option<char>| end.is_some_and(|end| end.is_ascii_alphanumeric());
    is_end(text.chars().next())
        && is_end(text.chars().next_back())
        && text.chars().all(|one| one.is_ascii_alphanumeric() || BETWEEN.contains(&one))
}

fn normalized(name: &str) -> String {
    let words: Vec<&str> = name.split(BETWEEN).filter(|word| !word.is_empty()).collect();
    words.join("-").to_ascii_lowercase()
}

/// Whether this is made of what versions are made of, <https://packaging.python.org/en/latest/specifications/version-specifiers/>.
fn is_version(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+!_-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn distributions_are_told_by_the_folders_of_their_metadata() {
        let paths: [&[u8]; 6] = [
            b"opt/shop_env/lib/python3.11/site-packages/Flask_Login-0.6.3.dist-info/METADATA",
            b"opt/shop_env/lib/python3.11/site-packages/flask_login-0.6.3.dist-info/METADATA",
            b"opt/shop_env/lib/python3.11/site-packages/local_tool-1.0+shop.2.dist-info/METADATA",
            b"opt/shop_env/lib/python3.11/site-packages/local_tool-1.0+shop.2.dist-info/RECORD",
            b"opt/shop_env/lib/python3.11/site-packages/-1.dist-info/METADATA",
            b"opt/\xff/x-1.dist-info/METADATA",
        ];
        let found = paths.into_iter().filter_map(PythonDistribution::of).collect::<BTreeSet<_>>();
        let found: Vec<String> = found.iter().map(PythonDistribution::package_url).collect();
        assert_eq!(found, ["pkg:pypi/flask-login@0.6.3", "pkg:pypi/local-tool@1.0%2Bshop.2"]);
    }

    fn names(folders: &[&str]) -> Vec<String> {
        let paths: Vec<String> =
            folders.iter().map(|folder| format!("lib/{folder}.dist-info/METADATA")).collect();
        let found = paths.iter().filter_map(|path| PythonDistribution::of(path.as_bytes()));
        let found: BTreeSet<_> = found.collect();
        found.iter().map(PythonDistribution::package_url).collect()
    }

    #[test]
    fn names_are_compared_as_the_package_index_does() {
        // The spellings of the specification, as far as they can be in the name of such a folder.
        let spellings =
            ["friendly_bard", "Friendly_Bard", "FRIENDLY.BARD", "friendly__bard", "FrIeNdLy_._.bArD"];
        let folders: Vec<String> = spellings.iter().map(|name| format!("{name}-1!2.0.post1")).collect();
        let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
        assert_eq!(names(&folders), ["pkg:pypi/friendly-bard@1%212.0.post1"]);
    }

    #[test]
    fn what_is_no_name_or_no_version_is_no_distribution() {
        let folders = [
            "_x-1",
            "x_-1",
            ".x-1",
            "x y-1",
            "\u{fc}x-1",
            "x\u{130}-1",
            "x@y-1",
            "x-",
            "x",
            "x-1 0",
            "x-1:0",
            "x-1\n",
            "x-\u{661}",
            "x-1/2",
        ];
        assert_eq!(names(&folders), Vec::<String>::new());
        assert_eq!(names(&["x-1", "3to2-1"]), ["pkg:pypi/3to2@1", "pkg:pypi/x@1"]);
    }
}
