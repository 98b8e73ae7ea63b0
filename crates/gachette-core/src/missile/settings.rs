//! A recipe's settings as flat names and values, and as the exports of a configuration file.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::{Place, Problem, Recipe, RecipeKind, Settings, python_text, values};

/// What the options of extra files begin with.
const EXTRA_FILES: &str = "extra_files_";

/// One `export NAME='value'` of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// A name that POSIX shells accept, in upper case.
    pub name: String,
    /// The value, unquoted.
    pub value: String,
}

impl Recipe {
    /// The flattened settings, `options` in templates: nested keys joined by `_`, the entries of `applications` both as
    /// `applications_X_…` and as `X_…`, extra files as `extra_files_NAME` → path.
    pub fn options(&self) -> Settings {
        let mut options = Settings::new();
        flatten(&self.settings, "", &mut options);
        flatten(&self.applications, "applications_", &mut options);
        flatten(&self.applications, "", &mut options);
        for file in &self.extra_files {
            options.insert(format!("{EXTRA_FILES}{}", file.name), Value::String(file.path()));
        }
        options
    }

    /// What the configuration file exports, sorted by name.
    pub fn exports(&self) -> Vec<Export> {
        let mut exports = BTreeMap::new();
        for (key, value) in self.options() {
            exports.insert(shell_name(&key), export_value(&value));
        }
        exports.into_iter().map(|(name, value)| Export { name, value }).collect()
    }

    /// The text of the configuration file: one line per export, quoted so that a shell reads back the very value.
    pub fn configuration_text(&self) -> String {
        let line = |export: Export| format!("export {}={}\n", export.name, shell_quoted(&export.value));
        self.exports().into_iter().map(line).collect()
    }

    /// Warnings about settings that flatten to one key, and in a configuration about names that a shell takes otherwise
    /// than meant.
    pub(super) fn check_settings(&self) -> Vec<Problem> {
        let mut problems = self.check_overlaps();
        if self.kind == RecipeKind::Application {
            return problems;
        }
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let places = self.places_of_options();
        for (key, value) in self.options() {
            let place = places.get(&key).copied().unwrap_or_default();
            let (name, shown) = (shell_name(&key), values::shown(&key));
            let mut warn = |message: String, hint: &str| {
                problems.push(Problem::warning(place, message).with_hint(hint));
            };
            if name != key.to_uppercase() && !key.starts_with(EXTRA_FILES) {
                let message = format!("`{shown}` is no name in a shell: it is exported as `{name}`");
                warn(message, "use letters, digits and `_`");
            }
            if let Some(why) = reserved(&name) {
                warn(format!("the export `{name}` {why}"), "choose another key");
            }
            if let Some(other) = seen.insert(name.clone(), key.clone()) {
                let other = values::shown(&other);
                warn(
                    format!("`{shown}` and `{other}` are both exported as `{name}`; this one wins"),
                    "rename one",
                );
            }
            if export_value(&value).contains('\0') {
                let message = format!("`{shown}` holds a NUL character, which no shell can");
                problems.push(Problem::error(place, message));
            }
        }
        problems
    }

    /// Different nestings that flatten to one key, and settings that an application's entry of the same name hides.
    fn check_overlaps(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut seen = HashSet::new();
        let mut visit = |root: &str, settings: &Settings| {
            each_leaf(settings, "", root, &mut |flat, path| {
                if !seen.insert(flat.to_owned()) {
                    let message = format!("`{}` is set twice by different nesting", values::shown(flat));
                    problems.push(Problem::warning(self.place(path), format!("{message}; this one wins")));
                }
            });
        };
        visit("", &self.settings);
        visit("applications", &self.applications);
        problems
    }

    /// Where the settings behind the flattened keys stand.
    fn places_of_options(&self) -> HashMap<String, Place> {
        let mut places = HashMap::new();
        each_leaf(&self.settings, "", "", &mut |flat, path| {
            places.insert(flat.to_owned(), self.place(path));
        });
        each_leaf(&self.applications, "", "applications", &mut |flat, path| {
            places.insert(format!("applications_{flat}"), self.place(path));
            places.insert(flat.to_owned(), self.place(path));
        });
        for (index, file) in self.extra_files.iter().enumerate() {
            let place = self.place(&format!("extra_files[{index}].name"));
            places.insert(format!("{EXTRA_FILES}{}", file.name), place);
        }
        places
    }
}

/// Calls `visit` with flattened key and path of each value that is no map.
fn each_leaf(settings: &Settings, prefix: &str, path: &str, visit: &mut dyn FnMut(&str, &str)) {
    let dot = if path.is_empty() { "" } else { "." };
    for (key, value) in settings {
        let (flat, path) = (format!("{prefix}{key}"), format!("{path}{dot}{key}"));
        match value {
            Value::Object(nested) => each_leaf(nested, &format!("{flat}_"), &path, visit),
            _ => visit(&flat, &path),
        }
    }
}

fn flatten(settings: &Settings, prefix: &str, options: &mut Settings) {
    for (key, value) in settings {
        match value {
            Value::Object(nested) => flatten(nested, &format!("{prefix}{key}_"), options),
            _ => {
                options.insert(format!("{prefix}{key}"), value.clone());
            }
        }
    }
}

/// A setting without a value is exported empty; everything else as a template would print it.
fn export_value(value: &Value) -> String {
    if value.is_null() { String::new() } else { python_text(value) }
}

/// The name a key is exported under (POSIX, Base Definitions 3.216: letters, digits and `_`, no digit first).
fn shell_name(key: &str) -> String {
    let upper = key.to_uppercase();
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
    let name: String = upper.chars().map(fits).collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// Whether text is a name that POSIX shells accept.
pub(super) fn is_shell_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Text in single quotes, where a shell reads everything but `'` as it is.
pub fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Why a name is trouble for the shell scripts that source the file.
fn reserved(name: &str) -> Option<&'static str> {
    match name {
        "PATH" | "IFS" | "LD_PRELOAD" | "LD_LIBRARY_PATH" | "ENV" | "BASH_ENV" | "PS4" => {
            Some("changes how the shell that reads it finds and runs programs")
        }
        "UID" | "EUID" | "PPID" | "BASHOPTS" | "SHELLOPTS" | "BASH_VERSINFO" => {
            Some("is read-only in bash: the script that reads it stops there")
        }
        "CONFIG" => Some("replaces the path of the configuration file itself"),
        _ => None,
    }
}
