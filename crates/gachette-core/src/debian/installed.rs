//! What is installed on a machine, by dpkg's own list of it, and what of that a build needs.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use super::{Deb822Error, Fields, Paragraphs, RelationRefs};

/// The packages that are installed and configured, as dpkg's file `status` has them.
#[derive(Debug, Default)]
pub struct Installed {
    packages: BTreeMap<String, Vec<Package>>,
    /// Who provides a name, in the order of the file.
    provided: BTreeMap<String, Vec<String>>,
    essential: Vec<String>,
}

#[derive(Debug)]
struct Package {
    version: String,
    architecture: String,
    /// What it needs, by name and architecture.
    needs: Vec<(String, Option<String>)>,
}

impl Installed {
    /// Reads the file. A relation that cannot be read ends its field: dpkg is more lenient than we need to be.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(status: &str) -> Result<Self, Deb822Error> {
        let mut installed = Self::default();
        for paragraph in Paragraphs::new(status) {
            installed.add(&paragraph?);
        }
        Ok(installed)
    }

    fn add(&mut self, fields: &Fields<'_>) {
        let get = |name| fields.get(name).map(std::borrow::Cow::into_owned);
        let (Some(name), Some(version), Some(architecture)) =
            (get("Package"), get("Version"), get("Architecture"))
        else {
            return;
        };
        if !get("Status").is_some_and(|status| status.ends_with("ok installed")) {
            return;
        }
        let relations = |field| {
            let text = fields.get(field).unwrap_or_default().into_owned();
            let relations = RelationRefs::new(&text).map_while(Result::ok);
            relations
                .map(|it| (it.name.to_owned(), real(it.qualifier).map(str::to_owned)))
                .collect::<Vec<_>>()
        };
        for (provided, _) in relations("Provides") {
            self.provided.entry(provided).or_default().push(name.clone());
        }
        if get("Essential").as_deref() == Some("yes") {
            self.essential.push(name.clone());
        }
        let needs = [relations("Pre-Depends"), relations("Depends")].concat();
        self.packages.entry(name).or_default().push(Package { version, architecture, needs });
    }

    /// What may have had a part in a build that needs these packages: they, all essential ones, and whatever those depend
    /// on, each as `name (= version)` or `name:architecture (= version)`, in order. It is what `dpkg-genbuildinfo` lists.
    ///
    /// All alternatives count that are installed, and all packages that provide a name which no package has.
    pub fn needed_by(&self, packages: &[&str]) -> Vec<String> {
        let first = self.essential.iter().map(String::as_str).chain(packages.iter().copied());
        let mut queue: VecDeque<(String, Option<String>)> =
            first.map(|name| (name.to_owned(), None)).collect();
        let (mut seen, mut found) = (HashSet::new(), BTreeSet::new());
        while let Some((name, wanted)) = queue.pop_front() {
            if !seen.insert((name.clone(), wanted.clone())) {
                continue;
            }
            let fits = |it: &&Package| wanted.as_ref().is_none_or(|wanted| *wanted == it.architecture);
            let Some(package) = self.packages.get(&name).and_then(|all| all.iter().find(fits)) else {
                queue.extend(self.provided.get(&name).into_iter().flatten().map(|it| (it.clone(), None)));
                continue;
            };
            found.insert((name, wanted.clone(), package.version.clone()));
            for (name, qualifier) in &package.needs {
                // What a package of another architecture needs is of that one too, where there is one.
                let theirs = wanted.clone().filter(|wanted| self.is_there(name, wanted));
                queue.push_back((name.clone(), qualifier.clone().or(theirs)));
            }
        }
        let line = |(name, architecture, version): (String, Option<String>, String)| match architecture {
            Some(architecture) => format!("{name}:{architecture} (= {version})"),
            None => format!("{name} (= {version})"),
        };
        found.into_iter().map(line).collect()
    }

    fn is_there(&self, name: &str, architecture: &str) -> bool {
        self.packages.get(name).is_some_and(|all| all.iter().any(|it| it.architecture == architecture))
    }
}

/// The architecture that is meant, if it is one.
fn real(qualifier: Option<&str>) -> Option<&str> {
    qualifier.filter(|qualifier| !matches!(*qualifier, "all" | "any" | "native"))
}
