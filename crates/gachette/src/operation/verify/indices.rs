//! The signed file of a suite, and the indices that it names.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use gachette_core::apt::{IndexEntry, Release, Suite, stanza};
use gachette_core::debian::Paragraph;
use gachette_core::stack::{Content, PackageRecord, StackedPackage};
use gachette_core::{Sha256Digest, counted};
use jiff::Timestamp;

use super::link::{LinkKind, Linked};
use crate::repository::{LARGEST_INDEX, Repository, hash, is_packed};
use crate::signing::{self, Certificate};

/// What a file above the indices has at most, in bytes: some thousand of them are named in as much.
const LARGEST_RELEASE: u64 = 1 << 20;

/// What is read of an index that nobody signed, in bytes.
const LARGEST_UNSIGNED: u64 = 1 << 28;
/// From how many bytes on an index is compared with its hash before it is read.
const LARGE: u64 = 1 << 24;
/// What is said of another file than the one that is named.
const OTHER: &str = "it is not the one that the signed file names";

/// What the indices of a suite list.
pub(super) struct Indices {
    pub(super) content: Content,
    /// The paragraphs, as they stand there, with the file that each is of.
    paragraphs: Vec<(Sha256Digest, String)>,
}

/// A package of an index: as a stack names it, and its paragraph.
struct ListedPackage {
    package: StackedPackage,
    file: Sha256Digest,
    paragraph: String,
}

/// Checks the signed file, and gives the text of it; that of the unsigned one beside it when the signature does not hold, so that
/// the rest can be looked at too.
pub(super) fn signature(
    repository: &Repository,
    suite: &Suite,
    certificates: &[Certificate],
    now: Timestamp,
    linked: &mut Linked,
) -> Option<String> {
    let folder = folder(repository, suite)?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    let in_release = match small(&folder.join("InRelease")) {
        Ok(bytes) => bytes,
        Err(error) => {
            let fault = match error.kind() {
                ErrorKind::NotFound => {
                    format!(
                        "there is no InRelease: {suite} is not published, or not signed; `gachette publish` does both"
                    )
                }
                _ => format!("InRelease: {}", trebuchet::io_reason(&error)),
            };
            linked.put(LinkKind::Signature, "InRelease", vec![fault]);
            return small(&folder.join("Release")).ok().and_then(text);
        }
    };
    match signing::verify(&in_release, certificates, now) {
        Ok(verified) => {
            let by: Vec<String> =
                verified.signatures.iter().map(|it| format!("key {} at {}", it.key, it.made)).collect();
            // What a client sees that knows the older form.
            let same = small(&folder.join("Release")).is_ok_and(|release| release == verified.release);
            let mut faults = Vec::new();
            if same {
                faults.extend(detached(&folder, &verified.release, certificates, now).err());
            } else {
                faults.push("Release: it is not what InRelease says".to_owned());
            }
            let about = format!("InRelease, signed by {}", by.join(" and "));
            linked.put(LinkKind::Signature, about, faults);
            text(verified.release)
        }
        Err(error) => {
            linked.put(LinkKind::Signature, "InRelease", vec![format!("InRelease: {error}")]);
            small(&folder.join("Release")).ok().and_then(text)
        }
    }
}

/// Checks the signatures that lie beside the Release file, for clients that know the older form.
fn detached(
    folder: &Path,
    release: &[u8],
    certificates: &[Certificate],
    now: Timestamp,
) -> Result<(), String> {
    let name = "Release.gpg";
    let signatures =
        small(&folder.join(name)).map_err(|error| format!("{name}: {}", trebuchet::io_reason(&error)))?;
    signing::verify_detached(release, &signatures, certificates, now)
        .map_err(|error| format!("{name}: {error}"))?;
    Ok(())
}

impl Indices {
    /// Checks each index against the signed file, and reads what they list; nothing when that cannot be known.
    pub(super) fn read(
        repository: &Repository,
        suite: &Suite,
        release: &str,
        linked: &mut Linked,
    ) -> Option<Self> {
        let named = match Release::indices_of(release) {
            Ok(named) => named,
            Err(error) => {
                linked.put(LinkKind::Indices, "Release", vec![format!("Release: {error}")]);
                return None;
            }
        };
        let folder = folder(repository, suite)?;
        // Nobody signed what is named then: anybody may have made a file of just any length.
        let is_signed = linked.links.iter().all(|link| link.faults.is_empty());
        let most = if is_signed { LARGEST_INDEX } else { LARGEST_UNSIGNED };
        let (mut faults, mut listed_packages, mut whole) = (Vec::new(), Vec::new(), true);
        // By its name, one that is not packed comes first.
        let mut unpacked: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        for (path, entry) in &named {
            let checked = read_index(&folder.join(path), entry, most);
            if checked.is_ok()
                && let Err(reason) = check_by_hash(&folder, path, entry)
            {
                faults.push(format!("{path}, as {}: {reason}", entry.by_hash(path)));
            }
            // Only its packed forms, which come next, are compared with a plain one.
            unpacked.retain(|plain, _| path.starts_with(plain));
            let plain = path.ends_with("/Packages");
            let listed = checked.and_then(|bytes| match path.rsplit_once('.') {
                Some((of, _)) => match unpacked.get(of) {
                    Some(text) if !is_packed(path, &bytes, text) => {
                        Err(format!("it is packed from another than {of}"))
                    }
                    _ => Ok(Vec::new()),
                },
                None => {
                    let packages = if plain { listed(&bytes) } else { Ok(Vec::new()) };
                    unpacked.insert(path.as_str(), bytes);
                    packages
                }
            });
            match listed {
                Ok(more) => listed_packages.extend(more),
                Err(reason) => {
                    faults.push(format!("{path}: {reason}"));
                    whole &= !plain;
                }
            }
        }
        linked.put(LinkKind::Indices, counted(named.len(), "index", "indices"), faults);
        let paragraphs = |it: &mut ListedPackage| (it.file, std::mem::take(&mut it.paragraph));
        let paragraphs = listed_packages.iter_mut().map(paragraphs).collect();
        let content = listed_packages.into_iter().map(|it| it.package).collect();
        whole.then_some(Self { content, paragraphs })
    }

    /// What the indices say of packages otherwise than these records do.
    pub(super) fn other_than(&self, records: &[PackageRecord]) -> Vec<String> {
        let right: HashMap<Sha256Digest, (&PackageRecord, Option<String>)> =
            records.iter().map(|record| (record.sha256, (record, stanza(record).ok()))).collect();
        let differing = self.paragraphs.iter().filter_map(|(file, paragraph)| {
            let (record, right) = right.get(file)?;
            let same = right.as_ref().is_some_and(|right| right.trim_end() == paragraph.trim_end());
            (!same).then(|| format!("{}: the indices say of it what its record does not", record.file))
        });
        let differing: BTreeSet<String> = differing.collect();
        differing.into_iter().collect()
    }
}

/// What a file above the indices holds.
fn small(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = trebuchet::read_regular(path, LARGEST_RELEASE + 1)?;
    if bytes.len() as u64 > LARGEST_RELEASE {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is larger than 1 MiB"));
    }
    Ok(bytes)
}

/// The bytes of an index, if they are those that are named. A large one is read only when it is: a file of nothing but a length costs
/// whoever made it no disk.
fn read_index(path: &Path, entry: &IndexEntry, most: u64) -> Result<Vec<u8>, String> {
    let reason = |error| trebuchet::io_reason(&error);
    let file = trebuchet::open_regular(path).map_err(reason)?;
    let length = file.metadata().map_err(reason)?.len();
    check_length(length, entry)?;
    if length > most {
        return Err(format!("it is longer than {most} bytes, and is not looked at"));
    }
    if length > LARGE && hash(&file).map_err(reason)?.0 != entry.sha256 {
        return Err(OTHER.to_owned());
    }
    checked(trebuchet::read_regular(path, entry.size.saturating_add(1)).map_err(reason)?, entry)
}

fn check_length(length: u64, entry: &IndexEntry) -> Result<(), String> {
    if length < entry.size {
        return Err(format!("it is cut short: {length} of {} bytes", entry.size));
    }
    if length == entry.size { Ok(()) } else { Err(OTHER.to_owned()) }
}

/// The bytes, if they are those that are named.
fn checked(bytes: Vec<u8>, entry: &IndexEntry) -> Result<Vec<u8>, String> {
    check_length(bytes.len() as u64, entry)?;
    if Sha256Digest::of(&bytes) == entry.sha256 { Ok(bytes) } else { Err(OTHER.to_owned()) }
}

/// Whether the same bytes have the name of their hash, under which clients ask for them.
fn check_by_hash(folder: &Path, path: &str, entry: &IndexEntry) -> Result<(), String> {
    let reason = |error| trebuchet::io_reason(&error);
    let hashed = trebuchet::open_regular(&folder.join(entry.by_hash(path))).map_err(reason)?;
    let found = hashed.metadata().map_err(reason)?;
    let is_the_same = |named: &Metadata| named.dev() == found.dev() && named.ino() == found.ino();
    // Of one file with two names the bytes were looked at.
    if fs::symlink_metadata(folder.join(path)).is_ok_and(|named| is_the_same(&named)) {
        return Ok(());
    }
    check_length(found.len(), entry)?;
    if hash(&hashed).map_err(reason)?.0 == entry.sha256 { Ok(()) } else { Err(OTHER.to_owned()) }
}

/// The packages that an index lists.
fn listed(bytes: &[u8]) -> Result<Vec<ListedPackage>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut packages = Vec::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let fields = Paragraph::parse(paragraph).map_err(|error| error.to_string())?;
        let get =
            |name: &'static str| fields.get(name).ok_or_else(|| format!("a package has no field {name}"));
        let wrong = |error: &dyn std::fmt::Display| error.to_string();
        let architecture = get("Architecture")?.parse().map_err(|error| wrong(&error))?;
        let sha256: Sha256Digest = get("SHA256")?.parse().map_err(|error| wrong(&error))?;
        let package = StackedPackage {
            name: get("Package")?.parse().map_err(|error| wrong(&error))?,
            version: get("Version")?.parse().map_err(|error| wrong(&error))?,
            files: [(architecture, sha256)].into(),
        };
        packages.push(ListedPackage { package, file: sha256, paragraph: paragraph.to_owned() });
    }
    Ok(packages)
}

fn folder(repository: &Repository, suite: &Suite) -> Option<PathBuf> {
    repository.suite_folder(suite)
}
