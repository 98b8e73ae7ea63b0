//! What is stated of a package: from which commit and recipe it was built, where and when.

use serde_json::{Value, json};

use super::{PACKAGE_BUILD, known, source_uri, statement};
use crate::stack::PackageRecord;

/// The statement about a package: all of it is in the record.
pub fn of_package(record: &PackageRecord) -> Vec<u8> {
    let provenance = &record.provenance;
    let subject = vec![json!({"name": record.file, "digest": {"sha256": record.sha256}})];
    let external = known(json!({
        "project": provenance.project,
        "source": provenance.url.as_deref().map(source_uri),
        "ref": provenance.reference,
        "missile": provenance.missile,
    }));
    let definition = json!({
        "buildType": PACKAGE_BUILD,
        "externalParameters": external,
        "internalParameters": known(json!({"inputs": provenance.inputs})),
        "resolvedDependencies": dependencies(record),
    });
    let metadata = known(json!({
        "invocationId": provenance.inputs,
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

/// The commit and the recipe, as far as they are known.
fn dependencies(record: &PackageRecord) -> Vec<Value> {
    let provenance = &record.provenance;
    let recipe = provenance.recipe.map(|recipe| {
        let name = provenance.missile.as_deref().unwrap_or("missile");
        json!({"name": name, "digest": {"sha256": recipe}})
    });
    source(record).into_iter().chain(recipe).collect()
}

/// The commit that a package was built from, when it is known.
pub(super) fn source(record: &PackageRecord) -> Option<Value> {
    let provenance = &record.provenance;
    let commit = provenance.commit.as_ref()?;
    Some(known(json!({
        "uri": provenance.url.as_deref().map(source_uri),
        "digest": {"gitCommit": commit},
        "name": provenance.project,
    })))
}
