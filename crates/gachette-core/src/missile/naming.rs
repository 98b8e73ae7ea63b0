//! How the parts of one variant are named: prefix, suffix, package.

use super::fields::Fields;
use super::{Problem, RecipeName, values};
use crate::debian::PackageName;
use crate::yaml::{Node, Problems};

/// What every name of a variant gets.
pub(super) struct Naming {
    pub(super) prefix: String,
    pub(super) suffix: String,
}

/// A name with all that follows from it.
pub(super) struct Named {
    pub(super) name: RecipeName,
    pub(super) full_name: String,
    pub(super) package: PackageName,
}

impl Naming {
    /// The `name` of a part that becomes a package.
    pub(super) fn named(&self, fields: &Fields, problems: &mut Problems) -> Option<Named> {
        let node = fields.required("name", problems)?;
        let name: RecipeName = values::parsed(node, problems)?;
        let package = self.package(&name, node, problems)?;
        Some(Named { full_name: name.suffixed(&self.suffix), name, package })
    }

    fn package(&self, name: &RecipeName, node: &Node, problems: &mut Problems) -> Option<PackageName> {
        let error = match name.package(&self.prefix, &self.suffix) {
            Ok(package) => return Some(package),
            Err(error) => error,
        };
        let mut problem = Problem::error(node.place, format!("the package's name would be wrong: {error}"));
        let lower = name.as_str().to_ascii_lowercase();
        let fixed =
            lower.parse::<RecipeName>().ok().and_then(|name| name.package(&self.prefix, &self.suffix).ok());
        if fixed.is_some() && lower != name.as_str() {
            problem = problem.with_hint(format!("write it in lower case: `{lower}`"));
        }
        problems.push(problem);
        None
    }
}
