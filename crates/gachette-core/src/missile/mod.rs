//! The recipe of a build: from YAML text to a plan of packages.
//!
//! Reading text, merging variants, checking every known key and deciding what is built in which order happens here.
//! Files (templates, requirements, the code tree) are looked at by others.

mod custom_file;
mod environment;
mod extra_file;
mod maintainer_lines;
mod metadata;
mod names;
mod place;
mod plan;
mod problem;
mod recipe;
mod service;
mod static_entry;
mod versions;

pub use custom_file::{CustomFile, FileOwner};
pub use environment::Environment;
pub use extra_file::{ExtraFile, ExtraFileKind, ExtraFileTarget};
pub use maintainer_lines::MaintainerLines;
pub use metadata::Metadata;
pub use names::{NameError, RecipeName, UserName};
pub use place::Place;
pub use plan::{PlannedArchitecture, PlannedDependency, PlannedKind, PlannedPackage};
pub use problem::{Problem, Severity};
pub use recipe::{Missile, Recipe, RecipeKind, Settings};
pub use service::{Service, ServiceKind};
pub use static_entry::{StaticEntry, StaticFolder};
pub use versions::Versions;
