//! `quick`: from a ref to packages in a stack, in one go.
//!
//! The stack gets all packages of the build in one revision, or none. Packages that are registered already, built from
//! the same inputs, are recognised and not built again.

use gachette_core::Sha256Digest;
use gachette_core::git::{GitRef, GitUrl, WorkingCopyName};
use gachette_core::missile::Versions;
use gachette_core::stack::{By, PackageRecord, Provenance, StackName};
use jiff::Timestamp;

use super::build::{Build, Product, choose_missile};
use super::{BuiltPackage, Context, OperationError, Outcome, PackageState, StackedIn, prepare};
use crate::event::Event;
use crate::repository::Repository;
use crate::working_copy::WorkingCopy;

/// What to build, and where to put it.
#[derive(Debug, Clone)]
pub struct QuickRequest {
    /// The stack, which must exist.
    pub stack: StackName,
    /// The project; the configuration says the rest of it.
    pub project: String,
    /// The branch, tag or commit; else the configured one, else the remote's default branch.
    pub reference: Option<GitRef>,
    /// Where to clone from, over the configuration.
    pub url: Option<GitUrl>,
    /// The recipe's path in the working copy, over the configuration.
    pub path_to_missile: Option<String>,
    /// Build even what is there already, and compare.
    pub rebuild: bool,
    /// Who does it, and why.
    pub by: By,
}

/// Prepares, builds what is not there yet, and adds all packages to the stack.
///
/// # Errors
/// When a setting is missing, the stack does not exist or is sealed, git or the build fails, or a package is known with
/// other bytes. The stack is then as it was.
pub fn quick(context: &mut Context<'_>, request: &QuickRequest) -> Result<Outcome, OperationError> {
    let repository = context.config.repository()?;
    repository.check_open(&request.stack)?;
    let project = context.config.project(&request.project);
    let reference = context.chosen("the ref", request.reference.clone(), project.reference.clone());

    let name = WorkingCopyName::of_project(&request.project, request.reference.as_ref())?;
    let copy = WorkingCopy::new(name, &context.config.working_copies);
    let url = prepare::resolve_url(context, &copy, &request.project, request.url.clone())?;
    let prepared = prepare::bring(context, &copy, &url, reference.as_ref())?;
    let facts = prepared.facts(project.version_scheme, context.cancel, &mut context.working_copy(&copy))?;
    let version = project.version_scheme.version(&facts, request.reference.as_ref())?;

    let missile = choose_missile(context, request.path_to_missile.as_deref(), project.path_to_missile);
    let mut build = Build::new(context.config, prepared.path(), same_for_all(version), missile)?;
    build.request.commit = Some(prepared.commit.to_string());
    build.compress(project.compression);
    build.date(facts.time);
    let inputs = build.inputs(&prepared.commit);
    let source = Source { project: &request.project, url: &url, reference: reference.as_ref(), inputs };
    let taken = take(context, &repository, &mut build, &source, request.rebuild)?;

    if context.cancel.is_cancelled() {
        return Err(OperationError::Cancelled);
    }
    let records: Vec<_> = taken.iter().map(|(record, _)| record.clone()).collect();
    let committed = repository.add_to_stack(&request.stack, &records, &request.by)?;
    let (stack, revision, changed) =
        (request.stack.to_string(), committed.entry.revision.number, committed.changed);
    context.tell(Event::Stacked { stack: stack.clone(), revision, changed });
    Ok(Outcome {
        working_copy: Some(prepare::describe(&copy, &prepared)),
        packages: taken.into_iter().map(|(_, package)| package).collect(),
        stack: Some(StackedIn { stack, revision, changed }),
    })
}

/// Where a build's packages come from.
struct Source<'a> {
    project: &'a str,
    url: &'a GitUrl,
    reference: Option<&'a GitRef>,
    inputs: Sha256Digest,
}

fn same_for_all(version: gachette_core::debian::Version) -> Versions {
    Versions { app: version.clone(), env: version.clone(), service: version.clone(), static_files: version }
}

/// The registered packages of a build: those that are there already, or newly built ones.
fn take(
    context: &mut Context<'_>,
    repository: &Repository,
    build: &mut Build,
    source: &Source<'_>,
    rebuild: bool,
) -> Result<Vec<(PackageRecord, BuiltPackage)>, OperationError> {
    let known = if rebuild { None } else { recognise(repository, build, source.inputs)? };
    if let Some(records) = known {
        let taken: Vec<_> =
            records.into_iter().map(|record| (record.clone(), already_there(record))).collect();
        let packages = taken.iter().map(|(_, package)| package.clone()).collect();
        context.tell(Event::Recognised { packages });
        return Ok(taken);
    }
    let provenance = source.provenance(build);
    let staging = repository.staging()?;
    let products = build.run(context, staging.path())?;
    products.into_iter().map(|product| take_in(context, repository, product, &provenance)).collect()
}

/// The records of all packages that the build would make, when every one is there, file included.
fn recognise(
    repository: &Repository,
    build: &Build,
    inputs: Sha256Digest,
) -> Result<Option<Vec<PackageRecord>>, OperationError> {
    let mut found = Vec::new();
    for planned in build.plan()? {
        let records = repository.records(&planned.name, &planned.version)?;
        let same = records.into_iter().find(|record| record.provenance.inputs == Some(inputs));
        match same.filter(|record| is_whole(repository, record)) {
            Some(record) => found.push(record),
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// Whether the file is there in its full size; `fsck` compares the content.
fn is_whole(repository: &Repository, record: &PackageRecord) -> bool {
    let file = repository.debs().join(&record.file);
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == record.size)
}

/// Takes a built file into the repository. A file that is known from the same inputs stays the one it is, even where
/// building it again gave other bytes.
fn take_in(
    context: &mut Context<'_>,
    repository: &Repository,
    product: Product,
    provenance: &Provenance,
) -> Result<(PackageRecord, BuiltPackage), OperationError> {
    let Product { mut package, path } = product;
    let known = repository.record(&package.name, &package.version, &package.architecture)?;
    let known =
        known.filter(|known| known.provenance.inputs == provenance.inputs && is_whole(repository, known));
    let Some(known) = known else {
        return Ok((repository.take_in(&path, provenance)?, package));
    };
    package.state = PackageState::RebuiltSame;
    if known.sha256 != package.sha256 {
        package.state = PackageState::RebuiltDifferent;
        context.warn(format!(
            "{} came out different: {} before, {} now; the repository keeps the file it knows",
            package.file_name, known.sha256, package.sha256
        ));
    }
    Ok((known, package))
}

fn already_there(record: PackageRecord) -> BuiltPackage {
    BuiltPackage {
        name: record.name,
        version: record.version,
        architecture: record.architecture,
        file_name: record.file,
        size: record.size,
        sha256: record.sha256,
        state: PackageState::AlreadyThere,
        milliseconds: 0,
    }
}

impl Source<'_> {
    fn provenance(&self, build: &Build) -> Provenance {
        Provenance {
            project: Some(self.project.to_owned()),
            url: Some(self.url.to_string()),
            reference: self.reference.map(ToString::to_string),
            commit: build.request.commit.clone(),
            recipe: build.recipe_digest(),
            inputs: Some(self.inputs),
            built_at: Some(Timestamp::now()),
            builder: Some(crate::identity::host()),
            gachette: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }
    }
}
