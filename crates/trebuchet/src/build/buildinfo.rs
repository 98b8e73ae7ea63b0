//! How packages were built, for the file beside them (deb-buildinfo(5)): what dpkg-genbuildinfo says of a build of its own.
//!
//! The packages do not depend on it: it is written when they are finished.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use gachette_core::Sha256Digest;
use gachette_core::debian::{
    Architecture, Buildinfo, BuiltFile, ENVIRONMENT, Installed, PackageName, Paragraph, Version,
};
use gachette_core::missile::{Missile, PlannedKind};
use jiff::Timestamp;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use walkdir::WalkDir;

use super::{BuildError, BuildRequest, session};
use crate::io_error::At as _;
use crate::process::{Cancel, Process};
use crate::read_regular;

/// Where dpkg keeps what is installed.
const STATUS: &str = "/var/lib/dpkg/status";

/// Where a distribution says which one it is (deb-origin(5)).
const ORIGIN: &str = "/etc/dpkg/origins/default";

/// What every build of a Debian package needs.
const BUILD_ESSENTIAL: &str = "build-essential";

/// A package that was built, and its file.
#[derive(Debug, Clone)]
pub struct BuildProduct {
    /// The package.
    pub package: PackageName,
    /// Its architecture.
    pub architecture: Architecture,
    /// Its file.
    pub path: PathBuf,
}

/// The file that says how packages were built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildinfoFile {
    /// Its usual name.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl BuildinfoFile {
    /// Writes it into a folder under its name, whole or not at all, in place of one of that name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<PathBuf> {
        let path = folder.join(&self.name);
        let mut file = tempfile::Builder::new().prefix(".buildinfo-").tempfile_in(folder)?;
        file.write_all(self.text.as_bytes())?;
        file.as_file().sync_all()?;
        file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(path)
    }
}

/// Says how these packages were built, now, on this machine and by this process.
///
/// # Errors
/// When this is no machine with dpkg, or a file or the missile cannot be read.
pub fn buildinfo(request: &BuildRequest, products: &[BuildProduct]) -> Result<BuildinfoFile, BuildError> {
    let (missile, _) = session::missile(request)?;
    let status = PathBuf::from(STATUS);
    let text = fs::read(&status).at(&status)?;
    let broken = |reason: String| BuildError::Buildinfo { reason };
    let installed = Installed::parse(&String::from_utf8_lossy(&text))
        .map_err(|error| broken(format!("{STATUS}: {error}")))?;
    let programs = programs(&missile);
    let mut needs = vec![BUILD_ESSENTIAL, "git"];
    needs.extend(programs.iter().map(String::as_str));
    let (source, version) = source(&missile, request).ok_or_else(|| broken("nothing is built".to_owned()))?;
    let set = |name: &&str| Some((name.to_string(), env::var(name).ok()?));
    // What dpkg-buildpackage sets for every build, of its changelog: who builds again needs the time that packages have.
    let asked = request.mtime.map(|mtime| ("SOURCE_DATE_EPOCH".to_owned(), mtime.to_string()));
    let buildinfo = Buildinfo {
        source,
        version,
        files: products.iter().map(file).collect::<Result<_, _>>()?,
        origin: origin(),
        architecture: architecture()?,
        date: Timestamp::now(),
        tainted_by: tainted_by(),
        installed: installed.needed_by(&needs),
        environment: ENVIRONMENT
            .iter()
            .filter_map(set)
            .filter(|(_, value)| is_plain(value))
            .chain(asked)
            .collect::<BTreeMap<_, _>>(),
    };
    let text = buildinfo.to_text().map_err(|error| broken(error.to_string()))?;
    Ok(BuildinfoFile { name: buildinfo.file_name(), text })
}

/// The main package: none of ours names another source.
fn source(missile: &Missile, request: &BuildRequest) -> Option<(PackageName, Version)> {
    let planned = missile.plan(&request.versions);
    let main = planned.iter().find(|package| package.kind == PlannedKind::Main).or(planned.first())?;
    Some((main.name.clone(), main.version.clone()))
}

/// The programs that the recipes name, which Debian's packages of interpreters are called like.
fn programs(missile: &Missile) -> Vec<String> {
    let environments = missile.variants.iter().filter_map(|recipe| recipe.environment.as_ref());
    let binary = environments.map(|environment| environment.binary.as_deref().unwrap_or("python3"));
    binary.filter_map(|path| Some(Path::new(path).file_name()?.to_str()?.to_owned())).collect()
}

fn file(product: &BuildProduct) -> Result<BuiltFile, BuildError> {
    let path = &product.path;
    let (mut md5, mut sha1, mut sha256, mut size) =
        (Md5::new(), <Sha1 as sha1::Digest>::new(), Sha256::new(), 0);
    let mut from = File::open(path).at(path)?;
    let mut buffer = vec![0; 1 << 17];
    loop {
        let count = from.read(&mut buffer).at(path)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        md5.update(bytes);
        sha1::Digest::update(&mut sha1, bytes);
        sha256.update(bytes);
        size += bytes.len() as u64;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(BuiltFile {
        package: product.package.clone(),
        architecture: product.architecture.clone(),
        name,
        size,
        md5: digits(&md5.finalize()),
        sha1: digits(&sha1::Digest::finalize(sha1)),
        sha256: Sha256Digest::from_bytes(sha256.finalize().into()),
    })
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn architecture() -> Result<Architecture, BuildError> {
    let broken = |reason: String| BuildError::Buildinfo { reason };
    let answer = Process::new("dpkg").arg("--print-architecture").output(&Cancel::new());
    let answer = answer.map_err(|error| broken(error.to_string()))?.text();
    answer.parse::<Architecture>().map_err(|error| broken(error.to_string()))
}

fn origin() -> Option<String> {
    let text = read_regular(Path::new(ORIGIN), 1 << 16).ok()?;
    let paragraph = Paragraph::parse(&String::from_utf8(text).ok()?).ok()?;
    paragraph.get("Vendor").map(str::to_owned)
}

/// What Debian counts as of no package and yet of influence, by its own words.
fn tainted_by() -> Vec<String> {
    let mut tainted = Vec::new();
    let aliased = |name: &&str| {
        fs::read_link(format!("/{name}")).is_ok_and(|to| {
            to == Path::new(&format!("usr/{name}")) || to == Path::new(&format!("/usr/{name}"))
        })
    };
    if ["bin", "sbin", "lib", "lib32", "libo32", "libx32", "lib64"].iter().any(aliased) {
        tainted.push("merged-usr-via-aliased-dirs".to_owned());
    }
    for (kind, folders) in [
        ("configs", &["etc"][..]),
        ("includes", &["include"]),
        ("libraries", &["lib"]),
        ("programs", &["bin", "sbin"]),
    ] {
        let has_file = |folder: &&str| {
            let mut found = WalkDir::new(Path::new("/usr/local").join(folder)).into_iter().flatten();
            found.any(|entry| entry.file_type().is_file())
        };
        if folders.iter().any(has_file) {
            tainted.push(format!("usr-local-has-{kind}"));
        }
    }
    tainted
}

/// Whether a value fits into a line.
fn is_plain(value: &str) -> bool {
    !value.chars().any(char::is_control)
}
