//! Statements of where packages and stacks come from, for programs that judge them: in-toto Statements with SLSA provenance, in
//! DSSE envelopes.
//!
//! What a statement says is all in package records and revisions; it is the same bytes each time it is made. Who signs it, and
//! where it is kept, is decided elsewhere.

mod envelope;
mod package;
mod source_uri;
mod stack;

pub use envelope::{Envelope, EnvelopeError, EnvelopeSignature, PAYLOAD_TYPE, signed_bytes};
pub use package::of_package;
pub use source_uri::source_uri;
pub use stack::{of_stack, record_name};

use serde_json::{Value, json};

/// The type of in-toto's statements, version 1.
const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// The type of SLSA's provenance, version 1.
const PREDICATE: &str = "https://slsa.dev/provenance/v1";

/// The type of a build of packages by a missile.
pub const PACKAGE_BUILD: &str = "gachette:missile/v1";

/// The type of what takes a package in that somebody else built.
pub const PACKAGE_IMPORT: &str = "gachette:import/v1";

/// The type of what puts packages together in a stack.
pub const STACK_BUILD: &str = "gachette:stack/v1";

/// The bytes of a statement about these subjects.
fn statement(subject: Vec<Value>, definition: Value, details: Value) -> Vec<u8> {
    let statement = json!({
        "_type": STATEMENT,
        "subject": subject,
        "predicateType": PREDICATE,
        "predicate": {"buildDefinition": definition, "runDetails": details},
    });
    // A value of strings and numbers can always be written.
    serde_json::to_vec(&statement).unwrap_or_default()
}

/// The object without its fields that are null.
fn known(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}
