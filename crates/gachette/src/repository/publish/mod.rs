//! Publishing: what a stack holds becomes an APT suite, `dists/DOMAIN/NAME`, that any web server can serve.
//!
//! The order of writes is what clients rely on: package files are there before, indices come under the name of their hash,
//! then under their plain names, and the signed file that names them last, in one step. A client at any moment sees one
//! whole state, since indices of earlier states stay for a while under their hashes.
//!
//! What it costs follows the change: indices are made of parts that are kept compressed ([`gachette_core::apt::Listing`]).

mod index;
mod part;
mod parts;
mod request;
mod state;
mod suite_folder;

use std::collections::BTreeMap;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::apt::{Indices, Listing, Release, Suite};
use gachette_core::debian::Architecture;
use gachette_core::stack::{Content, Entry, StackName};
use jiff::Timestamp;

use super::disk::at;
use super::error::RepositoryError;
use super::{Repository, key};
use index::Index;
use state::SuiteState;
use suite_folder::SuiteFolder;

pub use request::{PublishRequest, PublishedSuite, SignRelease, SignedRelease, SuiteSettings};

impl Repository {
    /// Makes the suite show what this revision of a stack holds. One that shows it already is left as it is.
    ///
    /// # Errors
    /// When a package of the stack has no file here, the suite's files cannot be written, or signing fails.
    pub fn publish(&self, request: &PublishRequest<'_>) -> Result<PublishedSuite, RepositoryError> {
        let nowhere = || unpublishable(request.stack(), "it is in no folder of this machine");
        let root = self.store.root().ok_or_else(nowhere)?;
        self.link_pool(root, request.stack())?;
        let folder = SuiteFolder::hold(root, &request.suite)?;
        let last = SuiteState::read(&self.store, &request.suite)?;
        let wish = Wish::of(request, last.as_ref());
        if let Some(last) = last.as_ref().filter(|last| wish.is_shown_by(last, &folder)) {
            return Ok(wish.unchanged(last));
        }
        self.write_suite(&folder, &wish, last)
    }

    fn write_suite(
        &self,
        folder: &SuiteFolder,
        wish: &Wish<'_>,
        last: Option<SuiteState>,
    ) -> Result<PublishedSuite, RepositoryError> {
        let (stack, content) = (wish.request.stack(), &wish.request.entry.revision.packages);
        if let Some(package) = content.iter().find(|package| package.files.is_empty()) {
            return Err(unpublishable(stack, format!("package `{}` has no file", package.name)));
        }
        let mut published = PublishedSuite::of(wish.request);
        let mut indices = BTreeMap::new();
        for (architecture, same_as) in wish.indices(content) {
            let place = Release::folder_of(&architecture);
            let files = match same_as.and_then(|same| indices_of(&indices, &Release::folder_of(&same))) {
                Some(files) => folder.link(&files, &place)?,
                None => match self.donor(wish, &place)? {
                    Some((donor, files)) => folder.link_from(&donor, &files, &place)?,
                    None => {
                        let parts = self.parts(&Listing::of(content, &architecture), stack)?;
                        published.parts_made += parts.made;
                        published.parts_kept += parts.kept.len() - parts.made;
                        let index = Index::join(&parts.kept).map_err(at(folder.path()))?;
                        published.bytes_written += folder.put(&index, &place)?;
                        index.entries(&place)
                    }
                },
            };
            indices.extend(files);
            published.architectures.push(architecture);
        }
        let release = wish.release(indices, published.architectures.clone());
        let text = release.to_text().map_err(|error| unpublishable(stack, error))?;
        let signed = wish.request.sign.map(|sign| sign.sign(text.as_bytes())).transpose();
        let signed = signed.map_err(|reason| unpublishable(stack, reason))?;
        folder.finish(&text, signed.as_ref())?;
        let state = SuiteState::after(wish, &release, &text, signed.as_ref());
        let state = folder.retire(state, last, wish.now, wish.request.settings.keep_indices)?;
        state.write(&self.store, &wish.request.suite)?;
        published.date = Some(release.date);
        published.valid_until = release.valid_until;
        published.changed = true;
        Ok(published)
    }

    /// Another suite that has indices of the same content, such as that of the stack which a channel is moved to, and
    /// those below this folder of it.
    fn donor(&self, wish: &Wish<'_>, place: &str) -> Result<Option<(SuiteFolder, Indices)>, RepositoryError> {
        let theirs = Suite::from(wish.request.entry.revision.stack.clone());
        let Some(root) = self.store.root().filter(|_| theirs != wish.request.suite) else { return Ok(None) };
        let Some(state) = SuiteState::read(&self.store, &theirs)? else { return Ok(None) };
        if state.content != wish.content() {
            return Ok(None);
        }
        let Some(files) = indices_of(&state.indices, place) else { return Ok(None) };
        let folder = SuiteFolder::look(root, &theirs);
        Ok(folder.has(&files).then_some((folder, files)))
    }

    /// Package files are found below the repository's folder, wherever they lie.
    fn link_pool(&self, root: &Path, stack: &StackName) -> Result<(), RepositoryError> {
        let pool = root.join(gachette_core::apt::POOL);
        if self.debs == pool {
            return Ok(());
        }
        match std::fs::read_link(&pool) {
            Ok(target) if target == self.debs => return Ok(()),
            Ok(_) => {}
            Err(_) if std::fs::symlink_metadata(&pool).is_err() => {
                return std::os::unix::fs::symlink(&self.debs, &pool).map_err(at(&pool));
            }
            // An empty folder is in nobody's way.
            Err(_) if std::fs::remove_dir(&pool).is_ok() => {
                return std::os::unix::fs::symlink(&self.debs, &pool).map_err(at(&pool));
            }
            Err(_) => {}
        }
        let (pool, debs) = (pool.display(), self.debs.display());
        let reason = format!("{pool} is something else than a link to {debs}, where its packages are");
        Err(unpublishable(stack, reason))
    }
}

/// What a suite shall show, and the time at which it was wished.
struct Wish<'a> {
    request: &'a PublishRequest<'a>,
    now: Timestamp,
    date: Timestamp,
}

impl<'a> Wish<'a> {
    fn of(request: &'a PublishRequest<'a>, last: Option<&SuiteState>) -> Self {
        let now = Timestamp::now();
        // What expires must be made anew now and then; what does not, is as old as what it shows.
        let wished = if request.settings.valid_for.is_some() { now } else { request.date };
        // apt takes no Release file that is older than the one it has.
        let date = last.map_or(wished, |last| wished.max(last.date));
        Self { request, now, date }
    }

    fn content(&self) -> Sha256Digest {
        self.request.entry.revision.content
    }

    /// The architectures, each with one before it whose index is the same, if there is one.
    fn indices(&self, content: &Content) -> Vec<(Architecture, Option<Architecture>)> {
        let own =
            |of: &Architecture| content.iter().any(|package| package.files.contains_key(of)) && !of.is_all();
        let architectures = Listing::architectures(content, &self.request.settings.architectures);
        let same = |of: &Architecture| (!of.is_all() && !own(of)).then(Architecture::all);
        // `all` comes first by its name.
        architectures
            .into_iter()
            .map(|of| {
                let same = same(&of);
                (of, same)
            })
            .collect()
    }

    fn release(&self, indices: Indices, architectures: Vec<Architecture>) -> Release {
        let settings = &self.request.settings;
        let suite = self.request.suite.clone();
        Release {
            origin: settings.origin.clone().unwrap_or_else(|| "gachette".to_owned()),
            label: settings.label.clone().unwrap_or_else(|| suite.domain().to_string()),
            description: format!("Stack {}", self.request.entry.revision.stack),
            date: self.date,
            valid_until: settings.valid_for.and_then(|valid_for| self.date.checked_add(valid_for).ok()),
            architectures,
            indices,
            suite,
        }
    }

    /// What the Release file depends on besides the stack and the time.
    fn settings(&self) -> Sha256Digest {
        let settings = &self.request.settings;
        let sign = self.request.sign.map(SignRelease::keys);
        let all = (&settings.origin, &settings.label, &settings.architectures, settings.valid_for, sign);
        Sha256Digest::of(format!("{all:?}").as_bytes())
    }

    fn is_shown_by(&self, last: &SuiteState, folder: &SuiteFolder) -> bool {
        // Half of its time is left to those who look seldom.
        let lasts = |until: Timestamp| until.duration_since(self.now) * 2 > until.duration_since(last.date);
        last.content == self.content()
            && last.stack == self.request.entry.revision.stack
            && last.settings == self.settings()
            && last.valid_until.is_none_or(lasts)
            && folder.shows(last)
    }

    fn unchanged(&self, last: &SuiteState) -> PublishedSuite {
        let mut published = PublishedSuite::of(self.request);
        published.architectures = last.architectures.clone();
        published.date = Some(last.date);
        published.valid_until = last.valid_until;
        published
    }
}

/// Those of the indices that lie below a folder; none when there is none.
fn indices_of(indices: &Indices, folder: &str) -> Option<Indices> {
    let below = |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let found = indices.iter().filter(|(path, _)| below(path)).map(|(path, entry)| (path.clone(), *entry));
    let found: BTreeMap<_, _> = found.collect();
    (!found.is_empty()).then_some(found)
}

fn unpublishable(stack: &StackName, reason: impl ToString) -> RepositoryError {
    RepositoryError::Unpublishable { stack: stack.clone(), reason: reason.to_string() }
}

/// Where the state of a suite is kept.
fn state_key(suite: &Suite) -> String {
    key::suite_state(suite)
}

/// The revision as it is asked to be published.
impl<'a> PublishRequest<'a> {
    /// A stack's own suite.
    pub fn of_stack(entry: &'a Entry, settings: SuiteSettings) -> Self {
        let suite = Suite::from(entry.revision.stack.clone());
        Self { suite, entry, date: entry.revision.time, settings, sign: None }
    }

    fn stack(&self) -> &StackName {
        &self.entry.revision.stack
    }
}
