//! What is stated of a package: from which commit and recipe it was built, where and when.

use serde::Serialize;
use serde_json::{Value, json};

use super::{OfBytes, PACKAGE_BUILD, PACKAGE_IMPORT, Subject, known, source_uri, statement};
use crate::Sha256Digest;
use crate::stack::{PackageRecord, Provenance};

/// The statement about a package: all of it is in the record. Of one that was not built here nothing more is said than where it
/// was taken from.
pub fn of_package(record: &PackageRecord) -> Vec<u8> {
    written(record, None)
}

/// The same as the first version of this wrote it: it said the inputs also in place of the run, which they are not, since two
/// runs have the same.
pub fn of_package_before(record: &PackageRecord) -> Vec<u8> {
    written(record, record.provenance.inputs)
}

fn written(record: &PackageRecord, invocation: Option<Sha256Digest>) -> Vec<u8> {
    let provenance = &record.provenance;
    let subject = vec![Subject { name: &record.file, digest: OfBytes { sha256: record.sha256 } }];
    let external = known(json!({
        "project": provenance.project,
        "source": provenance.url.as_deref().filter(|_| was_built(provenance)).map(source_uri),
        "origin": provenance.url.as_deref().filter(|_| !was_built(provenance)),
        "ref": provenance.reference,
        "missile": provenance.missile,
    }));
    let definition = json!({
        "buildType": if was_built(provenance) { PACKAGE_BUILD } else { PACKAGE_IMPORT },
        "externalParameters": external,
        "internalParameters": known(json!({"inputs": provenance.inputs})),
        "resolvedDependencies": dependencies(record),
    });
    let metadata = known(json!({
        "invocationId": invocation,
        "finishedOn": provenance.built_at,
    }));
    let builder = provenance.builder.as_deref().unwrap_or("unknown");
    let byproducts = provenance.buildinfo.map(
        |digest| json!([{"name": "buildinfo", "mediaType": "text/plain", "digest": {"sha256": digest}}]),
    );
    let version = provenance.gachette.as_ref().map(|version| json!({"gachette": version}));
    let details = known(json!({
        "builder": known(json!({"id": format!("gachette:builder/{builder}"), "version": version})),
        "metadata": metadata,
        "byproducts": byproducts,
    }));
    statement(subject, definition, details)
}

/// Whether a package was built by a missile, and not taken in as it was.
pub(crate) fn was_built(provenance: &Provenance) -> bool {
    provenance.commit.is_some() || provenance.recipe.is_some() || provenance.inputs.is_some()
}

/// The commit and the recipe, as far as they are known.
fn dependencies(record: &PackageRecord) -> Vec<Value> {
    let provenance = &record.provenance;
    let recipe = provenance.recipe.map(|recipe| {
        let name = provenance.missile.as_deref().unwrap_or("missile");
        json!({"name": name, "digest": {"sha256": recipe}})
    });
    Source::of(record).map(|source| json!(source)).into_iter().chain(recipe).collect()
}

/// The commit that a package was built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Source {
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    digest: OfCommit,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct OfCommit {
    git_commit: String,
}

impl Source {
    /// That of a package, when it is known.
    pub(super) fn of(record: &PackageRecord) -> Option<Self> {
        let provenance = &record.provenance;
        let digest = OfCommit { git_commit: provenance.commit.clone()? };
        let uri = provenance.url.as_deref().map(source_uri);
        Some(Self { uri, digest, name: provenance.project.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::RECORD_FORMAT;

    fn stated(provenance: Provenance) -> Value {
        serde_json::from_slice(&of_package(&record(provenance))).unwrap()
    }

    fn record(provenance: Provenance) -> PackageRecord {
        PackageRecord {
            format: RECORD_FORMAT,
            name: "web".parse().unwrap(),
            version: "1.0".parse().unwrap(),
            architecture: "all".parse().unwrap(),
            file: "web-1.0-all.deb".to_owned(),
            size: 1,
            sha256: Sha256Digest::of(b"web"),
            provenance,
            control: Default::default(),
            record: None,
        }
    }

    #[test]
    fn what_was_signed_before_is_written_again_and_new_statements_name_no_run() {
        let inputs = Some(Sha256Digest::of(b"inputs"));
        let record = record(Provenance { inputs, ..Provenance::default() });
        let metadata = |bytes: Vec<u8>| {
            let statement: Value = serde_json::from_slice(&bytes).unwrap();
            statement["predicate"]["runDetails"]["metadata"].clone()
        };
        assert_eq!(metadata(of_package(&record)), json!({}));
        let before = of_package_before(&record);
        let said = format!("\"metadata\":{{\"invocationId\":\"{}\"}}", Sha256Digest::of(b"inputs"));
        assert!(String::from_utf8(before).unwrap().contains(&said));
        let parameters =
            stated(record.provenance)["predicate"]["buildDefinition"]["internalParameters"].clone();
        assert_eq!(parameters, json!({"inputs": inputs}));
    }

    #[test]
    fn what_was_taken_in_is_not_said_to_be_built() {
        let url = Some("file:/srv/packages".to_owned());
        let taken = stated(Provenance { url: url.clone(), ..Provenance::default() });
        let definition = &taken["predicate"]["buildDefinition"];
        assert_eq!(definition["buildType"], PACKAGE_IMPORT);
        assert_eq!(definition["externalParameters"], json!({"origin": "file:/srv/packages"}));
        assert!(!taken.to_string().contains("git+"), "{taken}");
        let recipe = Some(Sha256Digest::of(b"recipe"));
        let built =
            stated(Provenance { url: Some("/srv/web.git".to_owned()), recipe, ..Provenance::default() });
        assert_eq!(built["predicate"]["buildDefinition"]["buildType"], PACKAGE_BUILD);
    }
}
