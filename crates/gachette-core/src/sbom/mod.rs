//! What a stack is made of, for programs that look for known weaknesses: a bill of materials in CycloneDX's JSON, version 1.6.
//!
//! All of it follows from the revision and its package records, so that the same revision gives the same bytes.

mod licences;
mod package_url;
mod python;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::debian::RelationRefs;
use crate::stack::{Entry, PackageRecord};
use crate::statement::source_uri;
use crate::{Sha256Digest, uri};
use package_url::package_url;

pub use licences::Licences;
pub use python::PythonDistribution;

/// A package of a bill.
pub struct Part {
    /// Its record.
    pub record: PackageRecord,
    /// Its licences, as far as it says them.
    pub licences: Licences,
    /// The Python distributions in it, with theirs.
    pub python: BTreeMap<PythonDistribution, Licences>,
}

/// The bill of a revision, of whose package files these are all; packages are `vendor`'s.
pub fn cyclonedx(entry: &Entry, parts: &[Part], vendor: &str) -> Value {
    let revision = &entry.revision;
    let stack = revision.stack.at(revision.number).to_string();
    let references: Vec<String> = parts.iter().map(|part| package_url(&part.record, vendor)).collect();
    let named = Named::of(parts);
    let mut dependencies = vec![json!({"ref": stack, "dependsOn": references})];
    for (part, reference) in parts.iter().zip(&references) {
        let needed = named.needed_by(&part.record).into_iter().filter_map(|at| references.get(at));
        let needed: Vec<&String> = needed.collect();
        dependencies.push(json!({"ref": reference, "dependsOn": needed}));
    }
    let components = parts.iter().zip(&references).map(|(part, reference)| component(part, reference));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial_number(&entry.hash),
        "version": 1,
        "metadata": {
            "timestamp": revision.time,
            "tools": {"components": [{"type": "application", "name": "gachette"}]},
            "component": {
                "type": "platform",
                "bom-ref": stack,
                "name": revision.stack,
                "version": revision.number.to_string(),
                "properties": [{"name": "gachette:revision", "value": entry.hash}],
            },
        },
        "components": components.collect::<Vec<_>>(),
        "dependencies": dependencies,
    })
}

fn component(part: &Part, reference: &str) -> Value {
    let Part { record, licences, python } = part;
    let mut component = json!({
        "type": "application",
        "bom-ref": reference,
        "name": record.name,
        "version": record.version,
        "purl": reference,
        "hashes": [{"alg": "SHA-256", "content": record.sha256}],
    });
    let first_line = |field: &str| record.control.get(field).and_then(|value| value.lines().next());
    let mut put = |name: &str, value: Option<Value>| {
        if let Some((fields, value)) = component.as_object_mut().zip(value) {
            fields.insert(name.to_owned(), value);
        }
    };
    put("publisher", first_line("Maintainer").map(|text| json!(text)));
    put("description", first_line("Description").map(|text| json!(text)));
    let provenance = &record.provenance;
    let source = provenance.url.as_deref().map(|url| match &provenance.commit {
        Some(commit) => {
            json!([{"type": "vcs", "url": uri::reference(&source_uri(url)), "comment": format!("commit {commit}")}])
        }
        None => json!([{"type": "distribution", "url": uri::reference(url)}]),
    });
    put("externalReferences", source);
    put("licenses", licences.to_json());
    let inner: Vec<Value> =
        python.iter().map(|(python, licences)| library(python, licences, reference)).collect();
    put("components", (!inner.is_empty()).then(|| json!(inner)));
    component
}

/// A Python distribution in a package. Others may hold it too, and a reference is of one thing in a bill.
fn library(python: &PythonDistribution, licences: &Licences, holder: &str) -> Value {
    let url = python.package_url();
    let mut library = json!({
        "type": "library",
        "bom-ref": format!("{holder}#{url}"),
        "name": python.name,
        "version": python.version,
        "purl": url,
    });
    if let Some((fields, licences)) = library.as_object_mut().zip(licences.to_json()) {
        fields.insert("licenses".to_owned(), licences);
    }
    library
}

/// A UUID of version 8 (RFC 9562, 5.8), which is what its maker makes of it: here the beginning of the revision's hash.
fn serial_number(revision: &Sha256Digest) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&revision.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let [a, b, c, d, e] = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    format!("urn:uuid:{a}-{b}-{c}-{d}-{e}")
}

/// Packages by what they are called and what they provide.
struct Named<'a> {
    parts: &'a [Part],
    by_name: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Named<'a> {
    fn of(parts: &'a [Part]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, Part { record, .. }) in parts.iter().enumerate() {
            by_name.entry(record.name.as_str()).or_default().push(at);
            for provided in related(record, "Provides") {
                by_name.entry(provided).or_default().push(at);
            }
        }
        Self { parts, by_name }
    }

    /// The packages that this one depends on, alternatives included.
    fn needed_by(&self, record: &PackageRecord) -> BTreeSet<usize> {
        let own = &record.architecture;
        let fits = |at: &&usize| {
            self.parts.get(**at).is_some_and(|Part { record: other, .. }| {
                let their = &other.architecture;
                !std::ptr::eq(other, record) && (their == own || their.is_all() || own.is_all())
            })
        };
        let names = ["Pre-Depends", "Depends"].into_iter().flat_map(|field| related(record, field));
        names.filter_map(|name| self.by_name.get(name)).flatten().filter(fits).copied().collect()
    }
}

/// The names in a field of relations.
fn related<'a>(record: &'a PackageRecord, field: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let text = record.control.get(field).map_or("", String::as_str);
    RelationRefs::new(text).map_while(Result::ok).map(|relation| relation.name)
}
