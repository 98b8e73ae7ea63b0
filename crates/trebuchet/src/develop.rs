//! Stages the trees of packages into folders to look at or to work with: all of a build but the packing.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use gachette_core::missile::PlannedPackage;
use serde::Serialize;

use crate::build::{BuildError, BuildRequest, Event, Scratch, Session};
use crate::deb::{Content, DebPackage, Source, check};
use crate::io_error::{At as _, IoError};
use crate::process::Cancel;

/// A package whose tree was staged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StagedPackage {
    /// The package.
    #[serde(flatten)]
    pub package: PlannedPackage,
    /// The folder that holds what the package would install, and `DEBIAN` with its control files.
    pub folder: PathBuf,
}

/// Stages every package of the missile into a folder of its name, in `build_dir` or else in `output`.
///
/// # Errors
/// Like [`build`](crate::build), and when a folder of a package's name is there that is none of ours.
pub fn develop(
    request: &BuildRequest,
    cancel: &Cancel,
    on_event: &mut dyn FnMut(Event),
) -> Result<Vec<StagedPackage>, BuildError> {
    let target = request.build_dir.as_ref().unwrap_or(&request.output);
    fs::create_dir_all(target).at(target)?;
    let target = target.canonicalize().at(target)?;
    let session = Session::open(request, cancel)?;
    // On the disk of the trees, so that a whole one takes its place at once.
    let scratch = Scratch::make(&target, ".trebuchet-")?;
    let mut staged = Vec::new();
    session.each(cancel, on_event, |planned, package, _| {
        let folder = target.join(planned.name.as_str());
        if folder.exists() && !folder.join("DEBIAN/control").is_file() {
            return Err(BuildError::NotStaged(folder));
        }
        check(&package.entries).map_err(|source| BuildError::write(&planned.name, source))?;
        let fresh = scratch.path().join(planned.name.as_str());
        fs::create_dir(&fresh).at(&fresh)?;
        fill(&fresh, &package)?;
        if folder.exists() {
            fs::remove_dir_all(&folder).at(&folder)?;
        }
        fs::set_permissions(&fresh, Permissions::from_mode(0o755)).at(&folder)?;
        fs::rename(&fresh, &folder).at(&folder)?;
        staged.push(StagedPackage { package: planned.clone(), folder });
        Ok(())
    })?;
    Ok(staged)
}

/// Writes the tree of a package as `dpkg-deb --raw-extract` would, but for the owners.
fn fill(folder: &Path, package: &DebPackage) -> Result<(), BuildError> {
    let mut entries: Vec<_> = package.entries.iter().collect();
    entries.sort_by_key(|entry| &entry.path);
    for entry in entries {
        let path = folder.join(entry.path.as_path());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).at(parent)?;
        }
        match &entry.content {
            Content::Directory => fs::create_dir_all(&path),
            Content::File(Source::Path(source)) => fs::copy(source, &path).map(|_| ()),
            Content::File(Source::Bytes(bytes)) => fs::write(&path, bytes),
            Content::Symlink(target) => symlink(std::ffi::OsStr::from_bytes(target), &path),
        }
        .at(&path)?;
        if !matches!(entry.content, Content::Symlink(_)) {
            fs::set_permissions(&path, Permissions::from_mode(entry.mode)).at(&path)?;
        }
    }
    let debian = folder.join("DEBIAN");
    fs::create_dir(&debian).at(&debian)?;
    let name = package.control.package.clone();
    let control = package.control.to_paragraph();
    let control =
        control.map_err(|source| BuildError::Write { package: name, source: source.into() })?.to_string();
    put(&debian.join("control"), control.as_bytes(), 0o644)?;
    for (name, script) in package.scripts.iter() {
        put(&debian.join(name), script.as_bytes(), 0o755)?;
    }
    for (name, file) in &package.control_files {
        put(&debian.join(name), &file.bytes, if file.executable { 0o755 } else { 0o644 })?;
    }
    if !package.conffiles.is_empty() {
        let list: String = package.conffiles.iter().map(|path| format!("/{path}\n")).collect();
        put(&debian.join("conffiles"), list.as_bytes(), 0o644)?;
    }
    Ok(())
}

fn put(path: &Path, content: &[u8], mode: u32) -> Result<(), IoError> {
    fs::write(path, content).at(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode)).at(path)
}
