//! Roles of hosts: the parts of a stack that are installed together.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::name::{NameError, segment};
use super::{Content, StackedPackage};
use crate::as_text::as_text;
use crate::debian::PackageName;

/// The name of a role of hosts, such as `web` or `database`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

impl RoleName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        segment(text, "name of a role").map(Self)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(RoleName, r"^[A-Za-z0-9_][A-Za-z0-9._+~-]{0,99}$");

/// The packages of a stack that a host with a role has: those that the role names, and those that no role names, which belong to
/// every host.
pub fn packages_of_role<'a>(
    stack: &Content,
    role: &[PackageName],
    all: impl IntoIterator<Item = &'a [PackageName]>,
) -> BTreeSet<PackageName> {
    let named: BTreeSet<&PackageName> = all.into_iter().flatten().collect();
    let is_there = |package: &&StackedPackage| role.contains(&package.name) || !named.contains(&package.name);
    stack.iter().filter(is_there).map(|package| package.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debian::Version;

    #[test]
    fn a_host_has_what_its_role_names_and_what_no_role_names() {
        let name = |name: &str| name.parse::<PackageName>().unwrap();
        let version: Version = "1".parse().unwrap();
        let packages = ["dh-db", "dh-tool", "dh-web"].map(|package| StackedPackage {
            name: name(package),
            version: version.clone(),
            files: Default::default(),
        });
        let stack = Content::try_from(packages.to_vec()).unwrap();
        let roles = [vec![name("dh-web"), name("dh-absent")], vec![name("dh-db")]];
        let of = |role: &[PackageName]| packages_of_role(&stack, role, roles.iter().map(Vec::as_slice));
        assert_eq!(of(&roles[0]), ["dh-tool", "dh-web"].map(name).into());
        assert_eq!(of(&roles[1]), ["dh-db", "dh-tool"].map(name).into());
        assert!("a/b".parse::<RoleName>().is_err());
    }
}
