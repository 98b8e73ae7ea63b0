//! Reads requirements files for what they depend on: nested `-r` and `-c` files, local distributions, and folders of
//! wheels. All of it goes into the fingerprint; installing is left to pip or uv, which read the files again.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::fingerprint::Fingerprint;
use crate::io_error::{At as _, IoError};
use crate::regular_file::read_regular;

/// More than any requirements file has.
const LARGEST: u64 = 16 << 20;

/// A requirements file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RequirementsError {
    /// The recipe, or another requirements file, names a file that cannot be read.
    #[error("{named_by} names the requirements file `{}`, which cannot be read: {source}", path.display())]
    Unreadable {
        /// Who names it: `the recipe`, or file and line.
        named_by: String,
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        source: std::io::Error,
    },
    /// A path leads out of the project.
    #[error("{named_by} names `{path}`, which is outside of the project")]
    Outside {
        /// Who names it: `the recipe`, or file and line.
        named_by: String,
        /// The path as it was written.
        path: String,
    },
}

/// Reads the recipe's requirements files and all they include, takes their content into `fingerprint`, and returns the
/// files' absolute paths in the recipe's order.
pub(crate) fn read(
    project: &Path,
    files: &[String],
    fingerprint: &mut Fingerprint,
) -> Result<Vec<PathBuf>, RequirementsError> {
    let mut reader = Reader { project, fingerprint, seen: BTreeSet::new() };
    files.iter().map(|file| reader.read_file(project, file, "the recipe")).collect()
}

/// Takes in what options of pip name on this machine, such as a folder of wheels: content in the project, and names, sizes
/// and times elsewhere, where files lie that no checkout touches and that may be many.
pub(crate) fn add_option_paths(
    project: &Path,
    options: impl IntoIterator<Item = String>,
    fingerprint: &mut Fingerprint,
) -> Result<(), IoError> {
    for option in options {
        for word in option.split_whitespace() {
            let value = word.rsplit_once('=').map_or(word, |(_, value)| value);
            let path = lexical(&project.join(value.strip_prefix("file://").unwrap_or(value)));
            if value.is_empty() || value.starts_with('-') || path == project || !path.exists() {
                continue;
            }
            if path.starts_with(project) {
                fingerprint.add_path("path", &path).at(&path)?;
            } else {
                fingerprint.add_listing("path", &path).at(&path)?;
            }
        }
    }
    Ok(())
}

/// Takes in the content of every file of the project that shell steps name. What else they read is not known.
pub(crate) fn add_step_paths(
    project: &Path,
    steps: &[String],
    fingerprint: &mut Fingerprint,
) -> Result<(), IoError> {
    for word in steps.iter().flat_map(|step| step.split_whitespace()) {
        let path = lexical(&project.join(word.trim_matches(['"', '\'', ';'])));
        if path.starts_with(project) && path != project && path.exists() {
            fingerprint.add_path("path", &path).at(&path)?;
        }
    }
    Ok(())
}

struct Reader<'a> {
    project: &'a Path,
    fingerprint: &'a mut Fingerprint,
    seen: BTreeSet<PathBuf>,
}

impl Reader<'_> {
    fn read_file(&mut self, folder: &Path, name: &str, named_by: &str) -> Result<PathBuf, RequirementsError> {
        let path = lexical(&folder.join(name));
        if !path.starts_with(self.project) {
            return Err(RequirementsError::Outside { named_by: named_by.to_owned(), path: name.to_owned() });
        }
        let unreadable = |source| RequirementsError::Unreadable {
            named_by: named_by.to_owned(),
            path: path.clone(),
            source,
        };
        let real = path.canonicalize().map_err(unreadable)?;
        if !real.starts_with(self.project.canonicalize().map_err(unreadable)?) {
            return Err(RequirementsError::Outside { named_by: named_by.to_owned(), path: name.to_owned() });
        }
        let text = read_regular(&real, LARGEST).map_err(unreadable)?;
        let text = String::from_utf8(text).map_err(|error| unreadable(std::io::Error::other(error)))?;
        self.fingerprint.add("requirements", text.as_bytes());
        if self.seen.insert(path.clone()) {
            for (number, line) in logical_lines(&text) {
                self.take_line(&path, number, &line)?;
            }
        }
        Ok(path)
    }

    fn take_line(&mut self, file: &Path, number: usize, line: &str) -> Result<(), RequirementsError> {
        let named_by = || {
            let shown = file.strip_prefix(self.project).unwrap_or(file);
            format!("{}:{number}", shown.display())
        };
        if let Some(name) = option(line, &["-r", "--requirement", "-c", "--constraint"]) {
            if !name.contains("://") {
                let (folder, by) = (file.parent().unwrap_or(self.project).to_owned(), named_by());
                self.read_file(&folder, name, &by)?;
            }
            return Ok(());
        }
        let found = if let Some(folder) = option(line, &["-f", "--find-links"]) {
            // pip looks beside the requirements file first, then in the current folder.
            let beside = file.parent().unwrap_or(self.project).join(folder);
            if beside.exists() { Some(beside) } else { Some(self.project.join(folder)) }
        } else {
            let editable = option(line, &["-e", "--editable"]);
            local_path(editable.unwrap_or(line)).map(|path| self.project.join(path))
        };
        if let Some(path) = found.filter(|path| path.exists()) {
            let unreadable =
                |source| RequirementsError::Unreadable { named_by: named_by(), path: path.clone(), source };
            let mut fingerprint = self.fingerprint.clone();
            fingerprint.add_path("local", &path).map_err(unreadable)?;
            *self.fingerprint = fingerprint;
        }
        Ok(())
    }
}

/// The file's lines by pip's rules: a `\` at the end continues, `#` at the start or after a space begins a comment.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let (mut lines, mut pending) = (Vec::new(), None::<(usize, String)>);
    for (index, line) in text.lines().enumerate() {
        let (number, mut logical) = pending.take().unwrap_or((index + 1, String::new()));
        match line.strip_suffix('\\') {
            Some(line) => {
                logical.push_str(line);
                pending = Some((number, logical));
            }
            None => {
                logical.push_str(line);
                lines.push((number, logical));
            }
        }
    }
    lines.extend(pending);
    let comment = |line: &str| {
        let mut after_space = true;
        line.find(|c: char| {
            let begins = c == '#' && after_space;
            after_space = c.is_whitespace();
            begins
        })
    };
    for (_, line) in &mut lines {
        line.truncate(comment(line).unwrap_or(line.len()));
        *line = line.trim().to_owned();
    }
    lines.retain(|(_, line)| !line.is_empty());
    lines
}

/// The value of the option a line begins with, if it is one of `names`.
fn option<'a>(line: &'a str, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let rest = line.strip_prefix(name)?;
        let long = name.starts_with("--");
        let value = if long { rest.strip_prefix('=').or(rest.strip_prefix(' '))? } else { rest };
        let value = value.trim().trim_matches(['"', '\'']);
        (!value.is_empty()).then_some(value)
    })
}

/// The local path that a requirement is installed from, if it is.
fn local_path(requirement: &str) -> Option<&str> {
    let requirement = requirement.split([';']).next()?.split(" --").next()?.trim();
    let location = requirement.split_once(" @ ").map_or(requirement, |(_, location)| location.trim());
    let location = match location.strip_prefix("file:") {
        Some(path) => path.strip_prefix("//").unwrap_or(path),
        None if location.contains("://") => return None,
        None => location,
    };
    let location = location.split_once('[').map_or(location, |(path, _)| path).split('#').next()?;
    let is_path = location.starts_with('.') || location.contains('/') || location.ends_with(".whl");
    is_path.then_some(location)
}

/// The path without `.` and `..`, by its text alone.
fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use gachette_core::Sha256Digest;

    fn digest(project: &Path) -> Result<Sha256Digest, RequirementsError> {
        let mut fingerprint = Fingerprint::default();
        read(project, &["reqs/main.txt".to_owned()], &mut fingerprint)?;
        Ok(fingerprint.digest())
    }

    fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn files_that_requirements_include_count() {
        for (line, file) in [
            ("-r base.txt", "reqs/base.txt"),
            ("--requirement=../base.txt", "base.txt"),
            ("-c pins.txt", "reqs/pins.txt"),
            ("./vendor/x-1-py3-none-any.whl ; python_version > '3'", "vendor/x-1-py3-none-any.whl"),
            ("x @ file:vendor/x.whl", "vendor/x.whl"),
            ("-e ./lib", "lib/setup.py"),
            ("--find-links ../wheels", "wheels/x.whl"),
        ] {
            let project = project(&[("reqs/main.txt", line), (file, "one")]);
            let before = digest(project.path()).unwrap();
            assert_eq!(digest(project.path()).unwrap(), before);
            fs::write(project.path().join(file), "two").unwrap();
            assert_ne!(digest(project.path()).unwrap(), before, "{line}");
        }
    }

    #[test]
    fn a_missing_file_is_named_with_who_asks_for_it() {
        let project = project(&[("reqs/main.txt", "a\n\n# no\n-r dev.txt\n")]);
        let error = digest(project.path()).unwrap_err().to_string();
        assert!(error.starts_with("reqs/main.txt:4 names the requirements file"), "{error}");
        assert!(error.contains("reqs/dev.txt"), "{error}");
    }

    #[test]
    fn requirements_outside_of_the_project_are_refused() {
        let project = project(&[("reqs/main.txt", "-r ../../secret.txt")]);
        assert!(matches!(digest(project.path()), Err(RequirementsError::Outside { .. })));
    }

    #[test]
    fn files_that_include_each_other_end() {
        let project = project(&[("reqs/main.txt", "-r main.txt\n-r b.txt"), ("reqs/b.txt", "-r main.txt")]);
        digest(project.path()).unwrap();
    }

    #[test]
    fn what_options_and_steps_name_counts() {
        let project = project(&[("wheels/a.whl", "1"), ("tools/set-up.sh", "1")]);
        let elsewhere = tempfile::tempdir().unwrap();
        let digest = || {
            let mut fingerprint = Fingerprint::default();
            let options = ["--no-index", "--find-links=wheels", elsewhere.path().to_str().unwrap()];
            add_option_paths(project.path(), options.map(str::to_owned), &mut fingerprint).unwrap();
            let steps = ["sh 'tools/set-up.sh'; ls /".to_owned()];
            add_step_paths(project.path(), &steps, &mut fingerprint).unwrap();
            fingerprint.digest()
        };
        let mut before = digest();
        assert_eq!(digest(), before);
        let wheel = elsewhere.path().join("b.whl");
        for file in [project.path().join("wheels/a.whl"), project.path().join("tools/set-up.sh"), wheel] {
            fs::write(&file, "other").unwrap();
            assert_ne!(digest(), before, "{}", file.display());
            before = digest();
        }
    }

    #[test]
    fn comments_and_continuations_are_read_as_pip_reads_them() {
        let lines = logical_lines("a # x\nb#c\n# d\n--hash \\\n  e\n\n");
        let lines: Vec<_> = lines.iter().map(|(number, line)| (*number, line.as_str())).collect();
        assert_eq!(lines, [(1, "a"), (2, "b#c"), (4, "--hash   e")]);
    }
}
