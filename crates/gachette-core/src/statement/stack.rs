//! What is stated of a sealed stack: which revision it is, the hash of each package in it, and where those come from.

use serde_json::{Value, json};

use super::package::source;
use super::{STACK_BUILD, statement};
use crate::Sha256Digest;
use crate::stack::{Entry, FormatError, PackageRecord};

/// How a statement about a stack calls a record.
pub fn record_name(record: &PackageRecord) -> String {
    format!("{}_{}_{}", record.name, record.version, record.architecture)
}

/// The statement about a stack at a revision, of whose packages these are the records, in their order.
///
/// Subjects are the revision and all package files. What it was made from are the records, by the SHA-256 of each as it is
/// stored, and the commits that those name: who has checked one signature, knows all that the records say.
///
/// # Errors
/// Never in practice; the signature is JSON's.
pub fn of_stack(entry: &Entry, records: &[PackageRecord], repository: &str) -> Result<Vec<u8>, FormatError> {
    let revision = &entry.revision;
    let of_revision =
        json!({"name": revision.stack.at(revision.number).to_string(), "digest": {"sha256": entry.hash}});
    let of_file = |record: &PackageRecord| json!({"name": record.file, "digest": {"sha256": record.sha256}});
    let subject = std::iter::once(of_revision).chain(records.iter().map(of_file)).collect();
    let mut dependencies = Vec::new();
    for record in records {
        let name = record_name(record);
        let digest = Sha256Digest::of(&record.to_bytes()?);
        dependencies
            .push(json!({"name": name, "mediaType": "application/json", "digest": {"sha256": digest}}));
    }
    let mut sources: Vec<Value> = Vec::new();
    for source in records.iter().filter_map(source) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    dependencies.extend(sources);
    let definition = json!({
        "buildType": STACK_BUILD,
        "externalParameters": {"stack": revision.stack, "revision": revision.number, "sealed": revision.sealed},
        "internalParameters": {"content": revision.content, "author": revision.author, "reason": revision.reason},
        "resolvedDependencies": dependencies,
    });
    let details = json!({
        "builder": {"id": format!("gachette:repository/{repository}")},
        "metadata": {"invocationId": entry.hash, "finishedOn": revision.time},
    });
    Ok(statement(subject, definition, details))
}
