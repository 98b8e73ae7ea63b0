//! Statements of where packages and stacks come from, for programs that judge them: in-toto Statements with SLSA provenance, in
//! DSSE envelopes.
//!
//! What a statement says is all in package records and revisions; it is the same bytes each time it is made. Who signs it, and
//! where it is kept, is decided elsewhere.

mod envelope;
mod package;
mod source_uri;
mod stack;

pub use envelope::{
    Envelope, EnvelopeError, EnvelopeSignature, Opened, PAYLOAD_TYPE, signed_bytes, subjects,
};
pub use package::{of_package, of_package_before};
pub use source_uri::source_uri;
pub use stack::{StatedRecord, of_stack, record_name};

use serde::Serialize;
use serde_json::Value;

use crate::Sha256Digest;

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

/// A statement, with its fields in the order in which they are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a, D> {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: Vec<Subject<'a>>,
    predicate_type: &'static str,
    predicate: Predicate<D>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<D> {
    build_definition: D,
    run_details: Value,
}

/// What a statement is about.
#[derive(Serialize)]
struct Subject<'a> {
    name: &'a str,
    digest: OfBytes,
}

/// The hash of bytes, as in-toto has it.
#[derive(Serialize)]
struct OfBytes {
    sha256: Sha256Digest,
}

/// The bytes of a statement about these subjects.
fn statement(subject: Vec<Subject<'_>>, build_definition: impl Serialize, run_details: Value) -> Vec<u8> {
    let predicate = Predicate { build_definition, run_details };
    let statement = Statement { kind: STATEMENT, subject, predicate_type: PREDICATE, predicate };
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
