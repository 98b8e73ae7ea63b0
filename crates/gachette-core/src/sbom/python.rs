//! The Python distributions that a package installs with its environment.

use std::collections::BTreeSet;

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
    /// Those of which these paths hold the metadata: installers leave it beside each distribution, in a folder
    /// `NAME-VERSION.dist-info` (<https://packaging.python.org/en/latest/specifications/recording-installed-packages/>).
    pub fn among<'a>(paths: impl IntoIterator<Item = &'a [u8]>) -> BTreeSet<Self> {
        paths.into_iter().filter_map(Self::of).collect()
    }

    fn of(path: &[u8]) -> Option<Self> {
        let path = std::str::from_utf8(path).ok()?.strip_suffix(".dist-info/METADATA")?;
        // Neither of them holds a `-`.
        let (name, version) = path.rsplit('/').next()?.split_once('-')?;
        let name = name.to_lowercase().replace(['_', '.'], "-");
        (!name.is_empty() && !version.is_empty()).then(|| Self { name, version: version.to_owned() })
    }

    /// `pkg:pypi/NAME@VERSION`.
    pub(super) fn package_url(&self) -> String {
        format!("pkg:pypi/{}@{}", encoded(&self.name), encoded(&self.version))
    }
}

#[cfg(test)]
mod tests {
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
        let found: Vec<String> =
            PythonDistribution::among(paths).iter().map(PythonDistribution::package_url).collect();
        assert_eq!(found, ["pkg:pypi/flask-login@0.6.3", "pkg:pypi/local-tool@1.0%2Bshop.2"]);
    }
}
