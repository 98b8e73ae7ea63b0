//! Debian's own formats, each as a type that cannot hold a wrong value.

mod architecture;
mod buildinfo;
mod control;
mod deb822;
mod installed;
mod package_name;
mod paragraph;
mod relation_field;
mod relation_reader;
mod relation_ref;
mod relations;
mod version;
mod version_ref;

pub use architecture::{Architecture, ArchitectureError};
pub use buildinfo::{Buildinfo, BuildinfoError, BuiltFile, ENVIRONMENT};
pub use control::{Control, ControlError};
pub use deb822::{Deb822Error, Deb822Fault, Field, Fields, Paragraphs};
pub use installed::Installed;
pub use package_name::{PackageName, PackageNameError};
pub use paragraph::{Paragraph, ParagraphError};
pub use relation_field::RelationField;
pub use relation_ref::{RelationRef, RelationRefs};
pub use relations::{Alternatives, Operator, Relation, Relations, RelationsError};
pub use version::{Version, VersionError};
pub use version_ref::VersionRef;
