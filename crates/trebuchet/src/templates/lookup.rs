//! Finds a template by name: trebuchet's own first, then the project's, nothing else.

use std::fs;
use std::path::{Component, Path};

use gachette_core::nearest;

use super::{depth, own};
use crate::regular_file::read_regular;

/// The largest template, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Why there is no such template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum TemplateLookupError {
    /// Neither trebuchet nor the project has it.
    #[error("there is no template `{name}`")]
    Missing {
        /// As it was asked for.
        name: String,
        /// A template that was probably meant.
        nearest: Option<String>,
    },
    /// Its name or a symbolic link leads out of the project.
    #[error("the template `{}` lies outside the project", name.escape_debug())]
    Outside {
        /// As it was asked for.
        name: String,
    },
    /// It is there and cannot be used.
    #[error("the template `{name}` cannot be read: {reason}")]
    Unreadable {
        /// As it was asked for.
        name: String,
        /// What the system says.
        reason: String,
    },
    /// It would take more stack to read than there is.
    #[error("{reason}; nothing that deep is read")]
    TooDeep {
        /// As it was asked for.
        name: String,
        /// The line, counted from 1.
        line: usize,
        /// What is deep in it.
        reason: String,
    },
}

/// The text of a template.
pub(super) fn source(project: &Path, name: &str) -> Result<String, TemplateLookupError> {
    if let Some(text) = own::source(name) {
        return Ok(text.to_owned());
    }
    let outside = || TemplateLookupError::Outside { name: name.to_owned() };
    let unreadable = |reason: String| TemplateLookupError::Unreadable { name: name.to_owned(), reason };
    let path = Path::new(name);
    let stays = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !stays || name.is_empty() || name.contains('\0') {
        return Err(outside());
    }
    let folder = fs::canonicalize(project).map_err(|error| unreadable(error.to_string()))?;
    let real = match fs::canonicalize(folder.join(path)) {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(missing(&folder, name)),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    if !real.starts_with(&folder) {
        return Err(outside());
    }
    read(&real).map_err(unreadable)
}

fn read(path: &Path) -> Result<String, String> {
    let text = |error: std::io::Error| error.to_string();
    // A pipe or device would never end.
    let bytes = read_regular(path, LARGEST + 1).map_err(text)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("it is not UTF-8 text (byte {at})")
    })
}

/// The error for a name that no template has, with the nearest one.
pub(super) fn missing(project: &Path, name: &str) -> TemplateLookupError {
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    let beside = fs::read_dir(project.join(folder)).into_iter().flatten().flatten().take(1000);
    let beside =
        beside.filter_map(|entry| folder.join(entry.file_name()).into_os_string().into_string().ok());
    let mut known: Vec<String> = beside.collect();
    known.extend(own::names().map(str::to_owned));
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let nearest = nearest(name, &known).map(str::to_owned);
    TemplateLookupError::Missing { name: name.to_owned(), nearest }
}

/// The loader of the template engine: none when the template is missing.
pub(super) fn load(project: &Path, name: &str) -> Result<Option<String>, minijinja::Error> {
    let shallow = |text: String| match depth::fault(&text) {
        None => Ok(Some(text)),
        Some((line, reason)) => Err(TemplateLookupError::TooDeep { name: name.to_owned(), line, reason }),
    };
    source(project, name).and_then(shallow).map_err(|error| {
        // Only what is missing may be passed over by `ignore missing`.
        let kind = match error {
            TemplateLookupError::Missing { .. } => minijinja::ErrorKind::TemplateNotFound,
            _ => minijinja::ErrorKind::InvalidOperation,
        };
        minijinja::Error::new(kind, error.to_string()).with_source(error)
    })
}
