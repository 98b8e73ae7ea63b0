//! Statements, which are JSON for people too.

use gachette_core::statement::Envelope;

use super::Output;
use crate::error::Failure;

/// Prints a statement, and says when nobody signed it.
pub(crate) fn statement(output: &Output, envelope: &Envelope) -> Result<(), Failure> {
    if envelope.signatures.is_empty() {
        output.note("nobody signed this: statements of sealed stacks are signed when these are published");
    }
    output.result(envelope, |envelope| serde_json::to_string_pretty(envelope).unwrap_or_default())
}
