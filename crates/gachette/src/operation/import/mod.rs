//! `repository import`: packages that others made come into the repository, and if that is wished into a stack.
//!
//! Each is read whole before it is taken in, so that nothing comes in that dpkg could not unpack, and gets the name that its
//! control fields say. What is there already, by its bytes, is left as it is; so an import that was ended is begun again.

mod archive;
mod batch;
mod candidate;
mod distributions;
mod fetching;
mod folder;
mod imported;
mod intake;
mod linked;
mod offer;
mod registered;
mod report;
mod sources;

use std::path::{Path, PathBuf};

use gachette_core::debian::Architecture;
use gachette_core::stack::{By, Provenance, StackName};

use super::{Context, OperationError, Outcome, StackedIn};
use crate::event::Event;
use crate::repository::Repository;
use archive::Archive;
use candidate::Bytes;
use intake::Intake;

pub use report::{Distribution, ImportReport, RefusedFile};
pub use sources::check_sources;

/// How many files are made durable together, at most: a disk takes as long for a few as for many.
const BATCH: usize = 1000;
/// Up to how many bytes they are, unless one file is larger: between two batches an import can be ended.
const BATCH_BYTES: u64 = 64 << 20;
/// How many at least, although more threads could share them.
const SMALLEST_BATCH: usize = 10;

/// Where packages come from.
#[derive(Debug, Clone)]
pub enum ImportSource {
    /// A folder of package files, or of a repository of aptly or reprepro.
    Folder(PathBuf),
    /// Package files.
    Files(Vec<PathBuf>),
    /// APT sources, as one line or as paragraphs.
    Apt {
        /// The sources.
        sources: String,
        /// Whether they are believed although nobody signed them.
        unsigned: bool,
        /// Whose packages are taken, with those of `all`; the machine's own when none is named.
        architectures: Vec<Architecture>,
    },
}

/// By what a package file that is there already is known to be as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Its size.
    Size,
    /// All of its bytes.
    Bytes,
}

/// What to import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// Where it comes from.
    pub source: ImportSource,
    /// The stack that gets the highest version of each package; it must exist.
    pub stack: Option<StackName>,
    /// What is looked at of what is there already; one that is not as it was is brought again.
    pub compare: Compare,
    /// Who does it, and why.
    pub by: By,
}

/// Takes package files into the repository. Those that cannot be taken are told in the outcome, and stop nothing.
///
/// # Errors
/// When there is no package, no such stack, apt does not believe the sources, or the repository fails.
pub fn import(context: &mut Context<'_>, request: &ImportRequest) -> Result<Outcome, OperationError> {
    let repository = context.config.made_repository()?;
    if let Some(stack) = &request.stack {
        repository.check_open(stack)?;
    }
    let repository = repository.vouching_later();
    let mut intake = Intake::new(&repository, request.compare);
    let taken = take(context, request, &repository, &mut intake);
    repository.vouch_for_all();
    taken?;
    let stack = request.stack.as_ref().map(|stack| intake.add_to(stack, &request.by)).transpose()?;
    if let Some(StackedIn { stack, revision, changed }) = stack.clone() {
        context.tell(Event::Stacked { stack, revision, changed });
    }
    Ok(Outcome { import: Some(Box::new(intake.finish())), stack, ..Outcome::default() })
}

/// Takes in what the source has.
fn take(
    context: &mut Context<'_>,
    request: &ImportRequest,
    repository: &Repository,
    intake: &mut Intake<'_>,
) -> Result<(), OperationError> {
    match &request.source {
        ImportSource::Folder(folder) => take_folder(context, folder, repository, intake),
        ImportSource::Files(files) => take_files(context, files, intake),
        ImportSource::Apt { sources, unsigned, architectures } => {
            let archive = Archive::open(context, sources, *unsigned, architectures)?;
            intake.name_source(archive.source());
            archive.take(context, intake)
        }
    }
}

fn take_folder(
    context: &mut Context<'_>,
    folder: &Path,
    repository: &Repository,
    intake: &mut Intake<'_>,
) -> Result<(), OperationError> {
    let folder::Found { top, files, unseen } = folder::package_files(folder, repository.debs())?;
    let source = come_from(folder, intake);
    intake.name_source(source);
    intake.name_distributions(distributions::distributions(folder, &top));
    take_each(context, &files, files.len(), intake)?;
    intake.refuse_all(unseen);
    Ok(())
}

/// Takes in files, each as if its folder held nothing else.
fn take_files(
    context: &mut Context<'_>,
    files: &[PathBuf],
    intake: &mut Intake<'_>,
) -> Result<(), OperationError> {
    let files = folder::named_files(files)?;
    let mut sources = Vec::new();
    for beside in files.chunk_by(|one, other| one.parent() == other.parent()) {
        let folder = beside.first().and_then(|file| file.parent()).unwrap_or(Path::new("/"));
        sources.push(come_from(folder, intake));
        take_each(context, beside, files.len(), intake)?;
    }
    intake.name_source(sources.join(" "));
    Ok(())
}

/// Says that packages come from a folder, and how that is called.
fn come_from(folder: &Path, intake: &mut Intake<'_>) -> String {
    let source = format!("file:{}", folder.display());
    intake.come_from(Provenance {
        url: Some(source.clone()),
        gachette: Some(env!("CARGO_PKG_VERSION").to_owned()),
        ..Provenance::default()
    });
    source
}

/// Takes in these of so many files.
fn take_each(
    context: &mut Context<'_>,
    files: &[PathBuf],
    all: usize,
    intake: &mut Intake<'_>,
) -> Result<(), OperationError> {
    intake.take_all(files, Bytes::any(), |report| {
        let text = format!("{} of {all} package files", report.looked_at());
        context.tell(Event::Step { name: None, text });
        if context.cancel.is_cancelled() { Err(OperationError::Cancelled) } else { Ok(()) }
    })
}
