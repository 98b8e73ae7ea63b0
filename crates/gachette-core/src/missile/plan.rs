//! Which packages a recipe makes, in which order, under which names and versions.

use serde::Serialize;

use super::{Missile, Recipe, Versions};
use crate::debian::{Architecture, PackageName, Version};

/// Which part of a recipe a package holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "index")]
pub enum PlannedKind {
    /// `services[index]` of the recipe.
    Service(usize),
    /// The environment.
    Environment,
    /// The application or configuration itself.
    Main,
    /// `static_files[index]` of the recipe.
    Static(usize),
}

/// The architecture a package will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedArchitecture {
    /// `all`.
    All,
    /// What the caller asks for, else the host's own when native files turn up in it, else `all`.
    NativeWhenNeeded,
}

/// A package that must be there at least in a version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct PlannedDependency {
    /// The package.
    pub name: PackageName,
    /// The oldest version that will do.
    pub version: Version,
}

/// One package to be built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedPackage {
    /// Which part of the recipe it holds.
    #[serde(flatten)]
    pub kind: PlannedKind,
    /// The variant's place in the missile, from 0.
    pub variant: usize,
    /// The package.
    pub name: PackageName,
    /// The part's name with the variant's suffix, such as `secret_sauce_live`.
    pub full_name: String,
    /// The version.
    pub version: Version,
    /// The architecture, as far as it can be known before building.
    pub architecture: PlannedArchitecture,
    /// Packages of the same recipe it needs.
    pub depends: Vec<PlannedDependency>,
}

impl PlannedPackage {
    /// The package file's name: `{package}-{version}-{arch}.deb`.
    pub fn file_name(&self, architecture: &Architecture) -> String {
        format!("{}-{}-{architecture}.deb", self.name, self.version)
    }
}

impl Missile {
    /// The packages of all variants, in build order.
    pub fn plan(&self, versions: &Versions) -> Vec<PlannedPackage> {
        let of_variant = |(index, recipe): (usize, &Recipe)| {
            let mut packages = recipe.plan(versions);
            for package in &mut packages {
                package.variant = index;
            }
            packages
        };
        self.variants.iter().enumerate().flat_map(of_variant).collect()
    }
}

impl Recipe {
    /// The packages of this recipe, in build order: services, the environment, the main package, static entries.
    pub fn plan(&self, versions: &Versions) -> Vec<PlannedPackage> {
        let services = self.services.iter().enumerate().map(|(index, service)| PlannedPackage {
            depends: vec![PlannedDependency { name: self.package.clone(), version: versions.app.clone() }],
            ..planned(PlannedKind::Service(index), &service.package, &service.full_name, &versions.service)
        });
        let environment = self.environment.iter().map(|environment| PlannedPackage {
            architecture: PlannedArchitecture::NativeWhenNeeded,
            ..planned(PlannedKind::Environment, &environment.package, &environment.full_name, &versions.env)
        });
        let statics = self.static_files.iter().enumerate().map(|(index, entry)| {
            planned(PlannedKind::Static(index), &entry.package, &entry.full_name, &versions.static_files)
        });
        services.chain(environment).chain([self.plan_main(versions)]).chain(statics).collect()
    }

    fn plan_main(&self, versions: &Versions) -> PlannedPackage {
        let environment =
            self.environment.as_ref().filter(|_| self.kind == super::RecipeKind::Application).map(
                |environment| PlannedDependency {
                    name: environment.package.clone(),
                    version: versions.env.clone(),
                },
            );
        PlannedPackage {
            depends: environment.into_iter().collect(),
            ..planned(PlannedKind::Main, &self.package, &self.full_name(), &versions.app)
        }
    }
}

fn planned(kind: PlannedKind, name: &PackageName, full_name: &str, version: &Version) -> PlannedPackage {
    PlannedPackage {
        kind,
        variant: 0,
        name: name.clone(),
        full_name: full_name.to_owned(),
        version: version.clone(),
        architecture: PlannedArchitecture::All,
        depends: Vec::new(),
    }
}
