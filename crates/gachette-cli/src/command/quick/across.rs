//! `quick` on one machine for a repository on another: what is built goes there over this one, so neither needs access to
//! the other.

use gachette::operation::{BuiltPackage, Outcome, PackageState, StackedIn};
use gachette_core::stack::{PackageRecord, StackName};
use gachette_http::wire::{AddFile, Change, ExpectedPackage, MakeOrder, StartBuild};
use gachette_http::{Build, Client};

use super::QuickArgs;
use crate::errand::Errand;
use crate::error::Failure;
use crate::output::printable;
use crate::session::{Session, unless_interrupted};

/// Builds what the repository has not got, brings it there, and adds all packages to the stack in one revision.
pub(super) async fn quick(
    builder: &Session,
    repository: &Session,
    stack: &StackName,
    args: QuickArgs,
) -> Result<Build, Failure> {
    let errand = Errand::parts(
        format!("quick {} into {stack}", args.project),
        "the stack has got all of its packages or none; those that were brought are kept for the next time",
    );
    let there = &repository.client(&errand).await?;
    if there.stack(&stack.clone().into()).await?.sealed {
        return Err(Failure::refused(format!("stack {stack} is sealed")));
    }
    let pushed = builder.push(&args.project, args.url.as_ref(), args.reference.as_ref()).await?;
    let reason = args.reason;
    let mut order = MakeOrder {
        project: args.project,
        reference: args.reference,
        url: args.url,
        path_to_missile: args.path_to_missile,
        rebuild: args.rebuild,
        pushed,
        // What is built again is built, whatever is there.
        plan: !args.rebuild,
    };
    let mut build = builder.carry_out(&StartBuild::Make(order.clone())).await?;
    let mut files = match known_there(there, outcome(&mut build)?).await? {
        Some(records) => {
            let outcome = outcome(&mut build)?;
            outcome.packages = records.iter().map(already_there).collect();
            records.iter().map(add_known).collect()
        }
        None => Vec::new(),
    };
    if files.is_empty() {
        if !outcome(&mut build)?.planned.is_empty() {
            order.plan = false;
            build = builder.carry_out(&StartBuild::Make(order)).await?;
        }
        files = unless_interrupted(bring(builder, there, outcome(&mut build)?)).await?;
    }
    let change = async { Ok(there.change(stack, Change::Add(files), &reason).await?) };
    let changed = unless_interrupted(change).await?;
    let outcome = outcome(&mut build)?;
    outcome.planned.clear();
    outcome.stack =
        Some(StackedIn { stack: stack.to_string(), revision: changed.revision, changed: changed.changed });
    Ok(build)
}

fn outcome(build: &mut Build) -> Result<&mut Outcome, Failure> {
    let unsaid = format!("build {} says nothing of its packages", build.id);
    build.outcome.as_mut().ok_or_else(|| Failure::fault(unsaid))
}

/// What the repository has of the planned packages from the same inputs, when it has all of them.
async fn known_there(there: &Client, outcome: &Outcome) -> Result<Option<Vec<PackageRecord>>, Failure> {
    let inputs = outcome.provenance.as_ref().and_then(|provenance| provenance.inputs);
    let Some(inputs) = inputs.filter(|_| !outcome.planned.is_empty()) else { return Ok(None) };
    let records = there.built_from(&inputs).await?;
    let find = |planned: &gachette::event::PlannedPackage| {
        records
            .iter()
            .find(|record| record.name == planned.name && record.version == planned.version)
            .cloned()
    };
    Ok(outcome.planned.iter().map(find).collect())
}

/// Brings the packages of a build to the repository.
async fn bring(builder: &Session, there: &Client, outcome: &Outcome) -> Result<Vec<AddFile>, Failure> {
    let errand = Errand::parts(
        "bring the packages to the repository",
        "the stack is as it was; the same command again brings the rest",
    );
    let client = builder.client(&errand).await?;
    let provenance = outcome.provenance.as_deref().cloned().unwrap_or_default();
    if let Some(digest) = &provenance.buildinfo {
        client.hand_over_buildinfo(digest, there).await?;
    }
    let mut files = Vec::new();
    for package in &outcome.packages {
        builder.output.note(&format!("  {} goes to the repository", printable(&package.file_name)));
        let placed = client.hand_over(package, there).await?;
        let expected = ExpectedPackage {
            name: package.name.clone(),
            version: package.version.clone(),
            architecture: Some(package.architecture.clone()),
        };
        files.push(AddFile {
            file_name: placed.file,
            expected: Some(expected),
            provenance: provenance.clone(),
        });
    }
    Ok(files)
}

fn add_known(record: &PackageRecord) -> AddFile {
    let expected = ExpectedPackage {
        name: record.name.clone(),
        version: record.version.clone(),
        architecture: Some(record.architecture.clone()),
    };
    AddFile {
        file_name: record.file.clone(),
        expected: Some(expected),
        provenance: record.provenance.clone(),
    }
}

fn already_there(record: &PackageRecord) -> BuiltPackage {
    BuiltPackage {
        name: record.name.clone(),
        version: record.version.clone(),
        architecture: record.architecture.clone(),
        file_name: record.file.clone(),
        size: record.size,
        sha256: record.sha256,
        state: PackageState::AlreadyThere,
        milliseconds: 0,
    }
}
