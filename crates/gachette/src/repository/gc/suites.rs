//! Suites: those of deleted stacks, indices that were replaced, and parts that no index is made of.

use std::collections::HashSet;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::apt::Suite;
use gachette_core::stack::{Domain, Entry, StackName};

use super::super::disk::at;
use super::super::error::RepositoryError;
use super::super::publish::SuiteOnDisk;
use super::super::{inside, key};
use super::{Gc, GcReport, Marks};

/// More bytes than an index of a million packages has.
const LARGEST_INDEX: u64 = 1 << 32;
/// As much of a line is read at once.
const LONGEST_PIECE: u64 = 1 << 16;

/// A suite, and what becomes of it.
pub(super) struct SuiteLook {
    suite: Suite,
    /// Its stack was deleted, long ago.
    is_gone: bool,
    /// The files under the names of their hashes that nobody fetches any more.
    expired: HashSet<String>,
}

impl Gc<'_> {
    /// Looks at every suite, and marks the packages that its indices name, those that were replaced a while ago among them.
    pub(super) fn look_at_suites(&self, marks: &mut Marks) -> Result<Vec<SuiteLook>, RepositoryError> {
        let mut looks = Vec::new();
        for domain in self.repository.store.children(key::DISTS)?.folders {
            let path = format!("{}/{domain}", key::DISTS);
            let Ok(domain) = domain.parse::<Domain>() else { continue };
            for name in self.repository.store.children(&path)?.folders {
                let Ok(name) = StackName::new(domain.clone(), &name) else { continue };
                let look = self.look_at(name)?;
                self.mark_shown(&look, marks)?;
                looks.push(look);
            }
        }
        Ok(looks)
    }

    fn look_at(&self, name: StackName) -> Result<SuiteLook, RepositoryError> {
        let is_gone = self.is_gone(&name)?;
        let suite = Suite::from(name);
        let on_disk = SuiteOnDisk::of(self.repository, self.root, &suite)?;
        let expired = on_disk.expired(self.request.now, self.request.keep_indices)?;
        Ok(SuiteLook { suite, is_gone, expired })
    }

    /// Whether it is the suite of a stack that was deleted long ago.
    fn is_gone(&self, name: &StackName) -> Result<bool, RepositoryError> {
        let newest = self.repository.newest(name)?;
        let gone = |newest: Entry| !newest.exists() && newest.revision.time < self.since;
        Ok(newest.is_some_and(gone))
    }

    fn mark_shown(&self, look: &SuiteLook, marks: &mut Marks) -> Result<(), RepositoryError> {
        let folder = self.root.join(key::suite(&look.suite));
        let mut seen = HashSet::new();
        for path in SuiteOnDisk::of(self.repository, self.root, &look.suite)?.files()? {
            let name = path.strip_prefix(&folder).unwrap_or(&path).to_string_lossy().into_owned();
            if look.expired.contains(&name) {
                continue;
            }
            let mut mark = |file| marks.show(file, &look.suite);
            match read_index(&path, &mut seen, &mut mark) {
                // A publisher took it away meanwhile, since nobody fetches it any more.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                outcome => outcome.map_err(at(&path))?,
            }
        }
        Ok(())
    }

    /// Takes away the suites of deleted stacks and the indices that nobody fetches any more. What these named stays this time.
    pub(super) fn collect_suites(
        &self,
        looks: Vec<SuiteLook>,
        report: &mut GcReport,
    ) -> Result<(), RepositoryError> {
        for look in looks {
            let folder = self.root.join(key::suite(&look.suite));
            if look.is_gone {
                report.suites.push(look.suite.clone());
                if self.removes() {
                    let name = StackName::new(look.suite.domain().clone(), look.suite.name())?;
                    SuiteOnDisk::take_down(self.repository, self.root, &look.suite, || self.is_gone(&name))?;
                }
                continue;
            }
            for path in &look.expired {
                report.indices.add(folder.join(path).metadata().map_or(0, |found| found.len()));
            }
            if self.removes() && !look.expired.is_empty() {
                let (now, keep) = (self.request.now, self.request.keep_indices);
                SuiteOnDisk::retire(self.repository, self.root, &look.suite, now, keep)?;
            }
        }
        Ok(())
    }

    /// Removes the parts of indices that no suite's indices are made of. A publisher that misses one makes it again.
    pub(super) fn collect_parts(
        &self,
        looks: &[SuiteLook],
        report: &mut GcReport,
    ) -> Result<(), RepositoryError> {
        let mut used = HashSet::new();
        for look in looks.iter().filter(|look| !look.is_gone) {
            used.extend(SuiteOnDisk::of(self.repository, self.root, &look.suite)?.parts(self.repository));
        }
        for folder in self.repository.store.children(key::INDEX_PARTS)?.folders {
            let path = format!("{}/{folder}", key::INDEX_PARTS);
            for name in self.repository.store.children(&path)?.files {
                let Ok(digest) = name.parse::<Sha256Digest>() else { continue };
                if used.contains(&digest) {
                    continue;
                }
                let path = format!("{path}/{name}");
                let found = self.root.join(&path).symlink_metadata();
                report.index_parts.add(found.map_or(0, |found| found.len()));
                if self.removes() {
                    inside::remove_file(self.root, path)?;
                }
            }
        }
        Ok(())
    }
}

/// Reads the digests of package files in a file, if it is an index that is not compressed, and one that was not read before
/// under another name.
fn read_index(
    path: &Path,
    seen: &mut HashSet<(u64, u64)>,
    mark: &mut dyn FnMut(Sha256Digest),
) -> io::Result<()> {
    let file = trebuchet::open_regular(path)?;
    let found = file.metadata()?;
    if !seen.insert((found.dev(), found.ino())) {
        return Ok(());
    }
    let mut reader = BufReader::new(file);
    if !reader.fill_buf()?.starts_with(b"Package: ") {
        return Ok(());
    }
    if found.len() > LARGEST_INDEX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than any index"));
    }
    let mut line = Vec::new();
    loop {
        line.clear();
        // In pieces, should somebody have written a line without an end.
        if (&mut reader).take(LONGEST_PIECE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let digest = line.strip_prefix(b"SHA256: ").and_then(|digest| std::str::from_utf8(digest).ok());
        if let Some(digest) = digest.and_then(|digest| digest.parse().ok()) {
            mark(digest);
        }
    }
}
