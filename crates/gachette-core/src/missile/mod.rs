//! The recipe of a build: from YAML text to a plan of packages.
//!
//! Reading text, merging variants, checking every known key and deciding what is built in which order happens here.
//! Files (templates, requirements, the code tree) are looked at by others.

mod built_line;
mod check;
mod context;
mod custom_file;
mod environment;
mod extra_file;
mod fields;
mod maintainer_lines;
mod metadata;
mod names;
mod naming;
mod parse;
mod plan;
mod python_text;
mod read_recipe;
mod recipe;
mod schema;
mod service;
mod settings;
mod slip;
mod static_entry;
mod values;
mod versions;

pub use built_line::{BuiltLine, BuiltLineError};
pub use custom_file::{CustomFile, FileOwner};
pub use environment::Environment;
pub use extra_file::{ExtraFile, ExtraFileKind, ExtraFileTarget};
pub use maintainer_lines::MaintainerLines;
pub use metadata::Metadata;
pub use names::{NameError, RecipeName, UserName};
pub use plan::{PlannedArchitecture, PlannedDependency, PlannedKind, PlannedPackage};
pub use python_text::{python_quoted, python_repr, python_text};
pub use recipe::{Missile, Recipe, RecipeKind, Settings};
pub use schema::{schema, schema_text};
pub use service::{Service, ServiceKind};
pub use settings::{Export, shell_quoted};
pub use static_entry::{StaticEntry, StaticFolder};
pub use versions::Versions;

pub use crate::yaml::{Place, Problem, Severity};
