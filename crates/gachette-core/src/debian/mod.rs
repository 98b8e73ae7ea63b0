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

/// Serialises a type as its `Display` text, and reads it back through `FromStr`.
macro_rules! as_text {
    ($type:ty) => {
        $crate::debian::as_text!($type, |_| schemars::json_schema!({"type": "string"}));
    };
    ($type:ty, $pattern:literal) => {
        $crate::debian::as_text!($type, |_| schemars::json_schema!({"type": "string", "pattern": $pattern}));
    };
    ($type:ty, $pattern:literal, at most $longest:literal) => {
        $crate::debian::as_text!($type, |_| {
            schemars::json_schema!({"type": "string", "pattern": $pattern, "maxLength": $longest})
        });
    };
    // A pattern of what is safe to send; what is answered may be more.
    ($type:ty, wished $pattern:literal) => {
        $crate::debian::as_text!($type, |generator: &schemars::SchemaGenerator| {
            if generator.contract().is_deserialize() {
                schemars::json_schema!({"type": "string", "pattern": $pattern})
            } else {
                schemars::json_schema!({"type": "string"})
            }
        });
    };
    ($type:ty, $schema:expr) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let schema: fn(&schemars::SchemaGenerator) -> schemars::Schema = $schema;
                schema(generator)
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::parsed::parsed(deserializer)
            }
        }
    };
}
pub(crate) use as_text;
