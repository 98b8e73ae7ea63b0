//! Types that are one text wherever they are written down.

/// Serialises a type as its `Display` text, and reads it back through `FromStr`.
macro_rules! as_text {
    ($type:ty) => {
        $crate::as_text::as_text!($type, |_| schemars::json_schema!({"type": "string"}));
    };
    ($type:ty, $pattern:literal) => {
        $crate::as_text::as_text!($type, |_| schemars::json_schema!({"type": "string", "pattern": $pattern}));
    };
    ($type:ty, $pattern:literal, at most $longest:literal) => {
        $crate::as_text::as_text!($type, |_| {
            schemars::json_schema!({"type": "string", "pattern": $pattern, "maxLength": $longest})
        });
    };
    // A pattern of what is safe to send; what is answered may be more.
    ($type:ty, wished $pattern:literal) => {
        $crate::as_text::as_text!($type, |generator: &schemars::SchemaGenerator| {
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
