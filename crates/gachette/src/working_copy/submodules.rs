//! The submodules of a working copy, and theirs.

use std::path::{Path, PathBuf};

use super::checkout::{Checkout, Mark, shown};
use super::error::io;
use super::replace::remove;
use super::{Event, WorkingCopyError};
use crate::git::{Fault, GitError, Submodule};

/// How deep submodules may lie in submodules; one that contains itself would never end.
const DEEPEST: usize = 20;

impl Checkout<'_> {
    /// Puts the submodules of the repository at the top in place, and those in them.
    pub(super) fn put_submodules(&mut self, top: &Path) -> Result<(), WorkingCopyError> {
        if !top.join(".gitmodules").is_file() {
            return Ok(());
        }
        let top = top.to_owned();
        self.marked(Mark::Submodules, |checkout| checkout.put(&top, DEEPEST))
    }

    /// Removes the repositories of all submodules if somebody was killed while git wrote to them.
    pub(super) fn forget_torn_submodules(&mut self) -> Result<(), WorkingCopyError> {
        if Mark::Submodules.is_set(&self.path) {
            self.forget_submodules()?;
            self.unmark(Mark::Submodules)?;
        }
        Ok(())
    }

    fn forget_submodules(&mut self) -> Result<(), WorkingCopyError> {
        let modules = self.path.join(".git/modules");
        for path in self.trusted_index(&self.path)?.submodules.iter().chain([&modules]) {
            remove(path).map_err(io("remove", path))?;
        }
        Ok(())
    }

    fn put(&mut self, folder: &Path, deepest: usize) -> Result<(), WorkingCopyError> {
        if !folder.join(".gitmodules").is_file() {
            return Ok(());
        }
        let mut paths: Vec<PathBuf> = self.trusted_index(folder)?.submodules.into_iter().collect();
        paths.sort();
        if paths.is_empty() {
            return Ok(());
        }
        if deepest == 0 {
            return Err(WorkingCopyError::Unexpected(format!("too many submodules in {}", folder.display())));
        }
        (self.on_event)(Event::Submodules);
        for path in paths.iter().filter(|path| path.join(".git").exists()) {
            // What cannot be cleaned cannot be used: git clones it again.
            if self.clean(path).is_err() {
                remove(path).map_err(io("remove", path))?;
            }
        }
        let placed = self.register(folder).and_then(|()| self.update(folder));
        placed.map_err(|error| self.blame(folder, &paths, error))?;
        for path in &paths {
            if path.join(".git").exists() {
                self.clean(path)?;
                self.put(path, deepest - 1)?;
            }
        }
        Ok(())
    }

    /// Writes the addresses that `.gitmodules` names now into the configuration of repository and submodules.
    fn register(&self, folder: &Path) -> Result<(), WorkingCopyError> {
        self.git_in(folder, "submodule init").remote(self.url).output(self.cancel)?;
        self.git_in(folder, "submodule sync --quiet").remote(self.url).output(self.cancel)?;
        let wanted = self.git_in(folder, "config").args(["-z", "--get-regexp", r"^submodule\..*\.update$"]);
        let wanted = match wanted.output(self.cancel) {
            Err(error) if error.ended_by_itself() => return Ok(()),
            wanted => wanted?,
        };
        for (key, how) in wanted.split('\0').filter_map(|entry| entry.split_once('\n')) {
            // `rebase` and `merge` are for people who work in a submodule; `none` is one that is not wanted.
            if how != "none" && how != "checkout" {
                self.git_in(folder, "config").args([key, "checkout"]).output(self.cancel)?;
            }
        }
        Ok(())
    }

    /// Names the submodule that git failed for, by git's own words: an address of the project's that is right would
    /// be called wrong.
    fn blame(&self, folder: &Path, paths: &[PathBuf], error: WorkingCopyError) -> WorkingCopyError {
        let WorkingCopyError::Git(error) = error else { return error };
        let named = |line: &str, path: &Path| {
            let inside = path.strip_prefix(folder).unwrap_or(path);
            [inside, path].iter().any(|path| line.contains(&format!("'{}'", path.display())))
        };
        let mut lines = error.last_lines().iter().rev();
        let failed = lines.find_map(|line| paths.iter().find(|path| named(line, path)));
        let failed = failed.or(if let [only] = paths { Some(only) } else { None });
        let Some(path) = failed.and_then(|path| path.strip_prefix(folder).ok()) else { return error.into() };
        let path = path.display().to_string();
        let url = self.address(folder, &path).map(|url| shown(&url));
        error.of_submodule(Submodule { path, url }).into()
    }

    /// The address of a submodule: as git made it out, or as the project wrote it.
    fn address(&self, folder: &Path, path: &str) -> Option<String> {
        let listed = self.git_in(folder, "config").args(["-z", "--file", ".gitmodules"]);
        let listed = listed.args(["--get-regexp", r"^submodule\..*\.path$"]).output(self.cancel).ok()?;
        let mut entries = listed.split('\0').filter_map(|entry| entry.split_once('\n'));
        let key = entries.find(|(_, value)| *value == path)?.0.strip_suffix(".path")?;
        [&[][..], &["--file", ".gitmodules"]].iter().find_map(|file| {
            let asked = self.git_in(folder, "config").args(*file);
            asked.args(["--get", &format!("{key}.url")]).output(self.cancel).ok()
        })
    }

    fn update(&mut self, folder: &Path) -> Result<(), WorkingCopyError> {
        match self.update_once(folder, &["--depth=100"]) {
            // Not every server hands out commits by name, and a repository may be torn: once more, from nothing.
            Err(error) if matches!(error.fault(), Some(Fault::RefNotFound | Fault::Other)) => {
                (self.on_event)(Event::Deepening { depth: None });
                for path in self.trusted_index(folder)?.submodules {
                    remove(&path).map_err(io("remove", &path))?;
                    std::fs::create_dir_all(&path).map_err(io("make the folder", &path))?;
                }
                let modules =
                    self.git_in(folder, "rev-parse").args(["--git-path", "modules"]).output(self.cancel)?;
                let modules = folder.join(modules);
                remove(&modules).map_err(io("remove", &modules))?;
                Ok(self.update_once(folder, &[])?)
            }
            result => Ok(result?),
        }
    }

    fn update_once(&mut self, folder: &Path, options: &[&str]) -> Result<(), GitError> {
        let update = self.git.command("submodule update --force --progress").folder(folder).hold(self.lock);
        let on_event = &mut self.on_event;
        update
            .remote(self.url)
            .args(options)
            .run(self.cancel, &mut |line| on_event(Event::Output { line: line.to_owned() }))
    }
}
