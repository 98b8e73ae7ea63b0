//! The source of a build: a project at a commit, and what is built from it, new or recognised.

use std::path::PathBuf;

use gachette_core::Sha256Digest;
use gachette_core::git::{GitRef, GitUrl, WorkingCopyName};
use gachette_core::missile::Versions;
use gachette_core::stack::{PackageRecord, Provenance};
use jiff::Timestamp;
use trebuchet::BuildinfoFile;

use super::build::{Build, Product, choose_missile};
use super::prepare::Origin;
use super::{BuiltPackage, Context, OperationError, PackageState, PreparedCopy, prepare};
use crate::config::Config;
use crate::event::{Event, PlannedPackage};
use crate::repository::Repository;
use crate::working_copy::{Prepared, WorkingCopy};

/// What to build: a project at a ref.
#[derive(Debug, Clone)]
pub struct SourceRequest {
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
    /// Where the commits are fetched from.
    pub origin: Origin,
}

/// A project at its commit, with a build that is set up.
pub(super) struct Source<'a> {
    request: &'a SourceRequest,
    url: GitUrl,
    reference: Option<GitRef>,
    copy: WorkingCopy,
    prepared: Prepared,
    build: Build,
    inputs: Sha256Digest,
}

impl<'a> Source<'a> {
    /// Brings the working copy to the commit, and sets the build up; packages go to the repository of `config`.
    pub(super) fn bring(
        context: &mut Context<'_>,
        config: &Config,
        request: &'a SourceRequest,
    ) -> Result<Self, OperationError> {
        let project = config.project(&request.project);
        let reference = context.chosen("the ref", request.reference.clone(), project.reference.clone());
        let name = WorkingCopyName::of_project(&request.project, request.reference.as_ref())?;
        let copy = WorkingCopy::new(name, &config.working_copies);
        let url = prepare::resolve_url(context, &copy, &request.project, request.url.clone())?;
        let prepared = prepare::bring(context, &copy, &url, reference.as_ref(), request.origin)?;
        let facts =
            prepared.facts(project.version_scheme, context.cancel, &mut context.working_copy(&copy))?;
        let version = project.version_scheme.version(&facts, request.reference.as_ref())?;

        let missile = choose_missile(context, request.path_to_missile.as_deref(), project.path_to_missile);
        let mut build = Build::new(config, prepared.path(), same_for_all(version), missile)?;
        build.request.commit = Some(prepared.commit.to_string());
        build.compress(project.compression);
        build.date(facts.time)?;
        let inputs = build.inputs(&prepared.commit);
        Ok(Self { request, url, reference, copy, prepared, build, inputs })
    }

    /// The working copy, as part of an outcome.
    pub(super) fn working_copy(&self) -> PreparedCopy {
        prepare::describe(&self.copy, &self.prepared)
    }

    /// What is said of the packages' origin.
    pub(super) fn provenance(&self) -> Provenance {
        Provenance {
            project: Some(self.request.project.clone()),
            url: Some(self.url.to_string()),
            reference: self.reference.as_ref().map(ToString::to_string),
            commit: self.build.request.commit.clone(),
            recipe: self.build.recipe_digest(),
            missile: Some(self.build.missile().to_owned()),
            inputs: Some(self.inputs),
            built_at: Some(Timestamp::now()),
            builder: Some(crate::identity::host()),
            gachette: Some(env!("CARGO_PKG_VERSION").to_owned()),
            buildinfo: None,
        }
    }

    /// Whether all packages of the build are registered already.
    pub(super) fn is_there(&self, repository: &Repository) -> Result<bool, OperationError> {
        Ok(!self.request.rebuild && recognise(&repository.keeping()?, &self.build, self.inputs)?.is_some())
    }

    /// The packages that the build would make, in order.
    pub(super) fn plan(&self) -> Result<Vec<PlannedPackage>, OperationError> {
        self.build.plan()
    }

    /// The registered packages of the build: those that are there already, or newly built ones.
    pub(super) fn take(
        &mut self,
        context: &mut Context<'_>,
        repository: &Repository,
    ) -> Result<Taken, OperationError> {
        if !self.request.rebuild {
            let repository = repository.keeping()?;
            if let Some(records) = recognise(&repository, &self.build, self.inputs)? {
                let packages: Vec<_> = records.iter().cloned().map(already_there).collect();
                context.tell(Event::Recognised { packages: packages.clone() });
                return Ok(Taken { records, packages, repository });
            }
        }
        let provenance = self.provenance();
        let staging = repository.staging()?;
        let products = self.build.run(context, staging.path())?;
        let described = self.build.describe(context, &products);
        let repository = repository.keeping()?;
        let taken = take_in(context, &repository, products, provenance, described)?;
        let (records, packages) = taken.into_iter().unzip();
        Ok(Taken { records, packages, repository })
    }
}

/// The packages of a build, which stay as long as this lives.
pub(super) struct Taken {
    pub(super) records: Vec<PackageRecord>,
    pub(super) packages: Vec<BuiltPackage>,
    /// Where they are.
    pub(super) repository: Repository,
}

fn same_for_all(version: gachette_core::debian::Version) -> Versions {
    Versions { app: version.clone(), env: version.clone(), service: version.clone(), static_files: version }
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

/// Whether a record's file is there, and then for some days more although nothing names it.
fn is_whole(repository: &Repository, record: &PackageRecord) -> bool {
    repository.has_whole_file(record) && repository.renew(&record.file)
}

/// Takes built files into the repository. A file that is known from the same inputs stays the one it is, even where
/// building it again gave other bytes.
fn take_in(
    context: &mut Context<'_>,
    repository: &Repository,
    products: Vec<Product>,
    mut provenance: Provenance,
    described: Option<BuildinfoFile>,
) -> Result<Vec<(PackageRecord, BuiltPackage)>, OperationError> {
    let mut known = Vec::new();
    for product in &products {
        let package = &product.package;
        let record = repository.record(&package.name, &package.version, &package.architecture)?;
        let same = |record: &PackageRecord| record.provenance.inputs == provenance.inputs;
        known.push(record.filter(|record| same(record) && is_whole(repository, record)));
    }
    let new = products.iter().zip(&known).filter(|(_, known)| known.is_none());
    let new: Vec<PathBuf> = new.map(|(product, _)| product.path.clone()).collect();
    // Without a record that names it, it would be nobody's.
    if let Some(file) = described.filter(|_| !new.is_empty()) {
        provenance.buildinfo = Some(repository.keep_buildinfo(&file.text)?);
    }
    let mut new = repository.take_in_all(&new, &provenance)?.into_iter();
    let mut taken = Vec::new();
    for (product, known) in products.into_iter().zip(known) {
        match known {
            Some(known) => taken.push(built_again(context, known, product.package)),
            None => taken.extend(new.next().map(|record| (record, product.package))),
        }
    }
    Ok(taken)
}

/// The record that stays, of a package that was built again.
fn built_again(
    context: &mut Context<'_>,
    known: PackageRecord,
    mut package: BuiltPackage,
) -> (PackageRecord, BuiltPackage) {
    package.state = PackageState::RebuiltSame;
    if known.sha256 != package.sha256 {
        package.state = PackageState::RebuiltDifferent;
        context.warn(format!(
            "{} came out different: {} before, {} now; the repository keeps the file it knows",
            package.file_name, known.sha256, package.sha256
        ));
    }
    (known, package)
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
