//! A missile: one recipe, or several as variants.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    CustomFile, Environment, ExtraFile, MaintainerLines, Metadata, Place, RecipeName, Service, StaticEntry,
    UserName,
};
use crate::debian::PackageName;

/// Settings in the recipe's order.
pub type Settings = serde_json::Map<String, Value>;

/// A whole missile: its variants in build order, `default` first; a file without variants holds one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Missile {
    /// At least one.
    pub variants: Vec<Recipe>,
}

/// What a recipe builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecipeKind {
    /// Code below `/opt/trebuchet/NAME/code`.
    Application,
    /// A configuration file `/etc/trebuchet/NAME.conf`.
    Configuration,
}

/// One recipe, checked: every name in it makes a valid package name, every path stays where it belongs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recipe {
    /// The variant's key in the file; none when the file holds no variants.
    pub variant: Option<String>,
    /// As written in the recipe.
    pub name: RecipeName,
    /// `name_suffix`; empty when not given.
    pub suffix: String,
    /// The main package.
    pub package: PackageName,
    /// What it builds.
    pub kind: RecipeKind,
    /// Its virtual environment.
    pub environment: Option<Environment>,
    /// Paths or globs left out of the code tree.
    pub exclude_folders: Vec<String>,
    /// Shell steps run in the staged code tree.
    pub build_assets: Vec<String>,
    /// Lines for the main package's maintainer scripts.
    pub debian_scripts: MaintainerLines,
    /// Rendered templates.
    pub extra_files: Vec<ExtraFile>,
    /// Long-running programs.
    pub services: Vec<Service>,
    /// Parts of the tree in packages of their own.
    pub static_files: Vec<StaticEntry>,
    /// Of a configuration: application → its settings.
    pub applications: Settings,
    /// Every other key.
    pub settings: Settings,
    /// Control fields of the main package.
    pub metadata: Metadata,
    /// Who runs the services.
    pub user: UserName,
    /// Before every package's name.
    pub package_prefix: String,
    /// Files shipped as they are.
    pub files: Vec<CustomFile>,
    /// What templates see of the file: settings and known keys as they were written.
    #[serde(skip)]
    pub(super) visible: Settings,
    /// Where each key stands, by its path such as `services[0].binary_name`.
    #[serde(skip)]
    pub(super) places: IndexMap<String, Place>,
}

impl Recipe {
    /// The recipe's name with the variant's suffix, such as `secret_sauce_live`.
    pub fn full_name(&self) -> String {
        self.name.suffixed(&self.suffix)
    }

    /// Where an application's code is installed: `/opt/trebuchet/NAME/code`.
    pub fn code_path(&self) -> String {
        match self.kind {
            RecipeKind::Application => format!("/opt/trebuchet/{}/code", self.full_name()),
            // A configuration has no code tree: templates that name it get the root, as they always did.
            RecipeKind::Configuration => "/".to_owned(),
        }
    }

    /// Where a configuration's settings are installed: `/etc/trebuchet/NAME.conf`.
    pub fn configuration_path(&self) -> String {
        format!("/etc/trebuchet/{}.conf", self.full_name())
    }

    /// Where the environment of an application is installed; empty without one.
    pub fn environment_path(&self) -> String {
        match (&self.environment, self.kind) {
            (Some(environment), RecipeKind::Application) => environment.path(),
            _ => String::new(),
        }
    }

    /// The extra file that a service runs.
    pub fn binary_of(&self, service: &Service) -> Option<&ExtraFile> {
        self.extra_files.iter().find(|file| file.name.as_str() == service.binary_name)
    }

    /// Where a key stands in the file, by its path such as `services[0].binary_name`; of a missing key, where the
    /// nearest one around it stands.
    pub fn place(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return *place;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return self.places.get("").copied().unwrap_or_default(),
            }
        }
    }
}
