//! What is stated of a sealed stack: which revision it is, the hash of each package in it, and where those come from.

use serde::Serialize;
use serde_json::{Value, json};

use super::package::Source;
use super::{OfBytes, STACK_BUILD, Subject, statement};
use crate::Sha256Digest;
use crate::stack::{Entry, FormatError, PackageRecord};

/// How a statement about a stack calls a record.
pub fn record_name(record: &PackageRecord) -> String {
    format!("{}_{}_{}", record.name, record.version, record.architecture)
}

/// What a statement about a stack says of one of its records: a small part of it.
#[derive(Clone, Debug)]
pub struct StatedRecord {
    file: String,
    sha256: Sha256Digest,
    name: String,
    /// The SHA-256 of the record as it is stored.
    record: Sha256Digest,
    source: Option<Source>,
}

impl StatedRecord {
    /// What is said of this one.
    ///
    /// # Errors
    /// Never in practice; the signature is JSON's.
    pub fn of(record: &PackageRecord) -> Result<Self, FormatError> {
        Ok(Self {
            file: record.file.clone(),
            sha256: record.sha256,
            name: record_name(record),
            record: Sha256Digest::of(&record.to_bytes()?),
            source: Source::of(record),
        })
    }

    fn subject(&self) -> Subject<'_> {
        Subject { name: &self.file, digest: OfBytes { sha256: self.sha256 } }
    }

    fn dependency(&self) -> Dependency<'_> {
        let digest = OfBytes { sha256: self.record };
        Dependency::Record { name: &self.name, media_type: "application/json", digest }
    }
}

/// How a stack was put together.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Definition<'a> {
    build_type: &'static str,
    external_parameters: Value,
    internal_parameters: Value,
    resolved_dependencies: Vec<Dependency<'a>>,
}

/// What it was made from.
#[derive(Serialize)]
#[serde(untagged)]
enum Dependency<'a> {
    #[serde(rename_all = "camelCase")]
    Record {
        name: &'a str,
        media_type: &'static str,
        digest: OfBytes,
    },
    Source(&'a Source),
}

/// The statement about a stack at a revision, of whose packages these are the records, in their order.
///
/// Subjects are the revision and all package files. What it was made from are the records, by the SHA-256 of each as it is
/// stored, and the commits that those name: who has checked one signature, knows all that the records say.
pub fn of_stack(entry: &Entry, records: &[StatedRecord], repository: &str) -> Vec<u8> {
    let revision = &entry.revision;
    let exact = revision.stack.at(revision.number).to_string();
    let of_revision = Subject { name: &exact, digest: OfBytes { sha256: entry.hash } };
    let subject = std::iter::once(of_revision).chain(records.iter().map(StatedRecord::subject)).collect();
    let mut sources: Vec<&Source> = Vec::new();
    for source in records.iter().filter_map(|record| record.source.as_ref()) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let definition = Definition {
        build_type: STACK_BUILD,
        external_parameters: json!({
            "stack": revision.stack, "revision": revision.number, "sealed": revision.sealed,
        }),
        internal_parameters: json!({
            "content": revision.content, "author": revision.author, "reason": revision.reason,
        }),
        resolved_dependencies: records
            .iter()
            .map(StatedRecord::dependency)
            .chain(sources.into_iter().map(Dependency::Source))
            .collect(),
    };
    let details = json!({
        "builder": {"id": format!("gachette:repository/{repository}")},
        "metadata": {"invocationId": entry.hash, "finishedOn": revision.time},
    });
    statement(subject, definition, details)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{By, Content, Next, Provenance, RECORD_FORMAT};

    #[test]
    fn what_was_signed_of_a_stack_is_made_again_byte_by_byte() {
        let record = |name: &str, commit: Option<&str>| PackageRecord {
            format: RECORD_FORMAT,
            name: name.parse().unwrap(),
            version: "1.0".parse().unwrap(),
            architecture: "all".parse().unwrap(),
            file: format!("{name}-1.0-all.deb"),
            size: 1,
            sha256: Sha256Digest::of(name.as_bytes()),
            provenance: Provenance {
                commit: commit.map(str::to_owned),
                url: commit.map(|_| "/srv/web.git".to_owned()),
                ..Provenance::default()
            },
            control: Default::default(),
            record: None,
        };
        let records = [record("ab", None), record("cd", Some("c0ffee")), record("ef", Some("c0ffee"))];
        let content: Content = records.iter().map(PackageRecord::stacked).collect();
        let by = By::new("ada").at(jiff::Timestamp::UNIX_EPOCH, "w".to_owned());
        let Next::Revision(revision) = Next::adopt(&"124".parse().unwrap(), content, by) else {
            panic!("nothing came");
        };
        let entry = Entry::of(*revision, b"bytes");
        let stated: Vec<StatedRecord> = records.iter().map(|it| StatedRecord::of(it).unwrap()).collect();
        // As the first version of this wrote it, by way of untyped JSON.
        let name_of = |it: &PackageRecord| format!("{}_1.0_all", it.name);
        let digest = |it: &PackageRecord| Sha256Digest::of(&it.to_bytes().unwrap());
        let subject = |it: &PackageRecord| json!({"name": it.file, "digest": {"sha256": it.sha256}});
        let dependency = |it: &PackageRecord| json!({"name": name_of(it), "mediaType": "application/json", "digest": {"sha256": digest(it)}});
        let expected = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                {"name": "default/124@1", "digest": {"sha256": entry.hash}},
                subject(&records[0]), subject(&records[1]), subject(&records[2]),
            ],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": "gachette:stack/v1",
                    "externalParameters": {"stack": "default/124", "revision": 1, "sealed": false},
                    "internalParameters": {"content": entry.revision.content, "author": "ada", "reason": ""},
                    "resolvedDependencies": [
                        dependency(&records[0]), dependency(&records[1]), dependency(&records[2]),
                        {"uri": "git+file:///srv/web.git", "digest": {"gitCommit": "c0ffee"}},
                    ],
                },
                "runDetails": {
                    "builder": {"id": "gachette:repository/r1"},
                    "metadata": {"invocationId": entry.hash, "finishedOn": "1970-01-01T00:00:00Z"},
                },
            },
        });
        assert_eq!(String::from_utf8(of_stack(&entry, &stated, "r1")).unwrap(), expected.to_string());
    }
}
