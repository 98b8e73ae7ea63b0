//! What is wrong, or suspicious, in a recipe whose every key is readable by itself.

use std::collections::{HashMap, HashSet};

use super::read_recipe::meant_key;
use super::{ExtraFileTarget, Problem, Recipe, RecipeKind, values};
use crate::debian::PackageName;
use crate::nearest;
use crate::yaml::{Content, Entry, Node, Problems, older_boolean};

/// Control members that dpkg knows and a recipe may write (Debian Policy 6.1; deb-postinst(5) and its neighbours).
const CONTROL_MEMBERS: [&str; 10] = [
    "preinst",
    "postinst",
    "prerm",
    "postrm",
    "conffiles",
    "triggers",
    "shlibs",
    "symbols",
    "templates",
    "config",
];

impl Recipe {
    pub(super) fn check(&self, problems: &mut Problems) {
        self.check_services(problems);
        self.check_extra_files(problems);
        self.check_kind(problems);
        for problem in self.check_settings() {
            problems.push(problem);
        }
    }

    fn check_services(&self, problems: &mut Problems) {
        let known: Vec<&str> = self.extra_files.iter().map(|file| file.name.as_str()).collect();
        for (index, service) in self.services.iter().enumerate() {
            if known.contains(&service.binary_name.as_str()) {
                continue;
            }
            let written = values::shown(&service.binary_name);
            let message = format!("the service `{}` runs `{written}`, which no extra file is", service.name);
            let hint = match nearest(&service.binary_name, &known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if known.is_empty() => "add an extra_files entry of this name".to_owned(),
                None => format!("the extra files are {}", values::listed(&known)),
            };
            let place = self.place(&format!("services[{index}].binary_name"));
            problems.push(Problem::error(place, message).with_hint(hint));
        }
    }

    fn check_extra_files(&self, problems: &mut Problems) {
        let (mut targets, mut names) = (HashMap::new(), HashSet::new());
        for (index, file) in self.extra_files.iter().enumerate() {
            let place = self.place(&format!("extra_files[{index}].name"));
            if !names.insert(file.name.as_str()) {
                let message = format!("two extra files are named `{}`; services find the first", file.name);
                problems.push(Problem::warning(place, message));
            }
            if let Some(other) = targets.insert(file.path(), &file.name) {
                let message = format!("`{}` and `{other}` both become `{}`", file.name, file.path());
                problems.push(Problem::error(place, message).with_hint("give one a `target_filename`"));
            }
            if let ExtraFileTarget::Control(member) = file.target() {
                self.check_control_member(index, &member, problems);
            }
        }
    }

    fn check_control_member(&self, index: usize, member: &str, problems: &mut Problems) {
        let lines = &self.debian_scripts;
        let own = [("preinst", &lines.preinst), ("postinst", &lines.postinst), ("prerm", &lines.prerm)];
        let mut own = own.into_iter().chain([("postrm", &lines.postrm)]);
        if own.any(|(name, lines)| name == member && !lines.is_empty()) {
            let message = format!("this takes the place of the lines in `debian_scripts.{member}`");
            let place = self.place(&format!("extra_files[{index}].name"));
            problems.push(Problem::warning(place, message).with_hint("keep one of the two"));
        }
        if CONTROL_MEMBERS.contains(&member) {
            return;
        }
        let message = format!("dpkg knows no control member `{}`", values::shown(member));
        let hint = match nearest(member, &CONTROL_MEMBERS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it knows {}", values::listed(&CONTROL_MEMBERS)),
        };
        let place = self.place(&format!("extra_files[{index}].name"));
        // `control` and the like are trebuchet's own to write; anything else dpkg carries along unread.
        let own = matches!(member, "control" | "md5sums");
        let problem = if own { Problem::error(place, message) } else { Problem::warning(place, message) };
        problems.push(problem.with_hint(hint));
    }

    fn check_kind(&self, problems: &mut Problems) {
        if self.kind == RecipeKind::Application {
            return;
        }
        for (key, used) in [
            ("build_assets", !self.build_assets.is_empty()),
            ("exclude_folders", !self.exclude_folders.is_empty()),
        ] {
            if used {
                let message = format!("a configuration has no code tree: `{key}` has no effect");
                problems.push(Problem::warning(self.place(key), message));
            }
        }
    }

    /// Each package's name with the path of the key that gave it.
    pub(super) fn package_places(&self) -> Vec<(&PackageName, String)> {
        let services = self.services.iter().enumerate();
        let services = services.map(|(index, service)| (&service.package, format!("services[{index}].name")));
        let environment = self.environment.iter().map(|env| (&env.package, "environment.name".to_owned()));
        let statics = self.static_files.iter().enumerate();
        let statics = statics.map(|(index, entry)| (&entry.package, format!("static_files[{index}].name")));
        let main = [(&self.package, "name".to_owned())];
        main.into_iter().chain(services).chain(environment).chain(statics).collect()
    }
}

/// Names that every template has; a setting of the same name is not seen there.
const OWN_NAMES: [&str; 6] = ["full_name", "base_template", "app_env", "app_code", "options", "service_user"];

/// Settings whose keys or spellings probably mean something else.
pub(super) fn settings_keys(settings: &[&Entry], known: &[Entry], text: &str, problems: &mut Problems) {
    for entry in settings {
        if let Some(meant) = meant_key(&entry.key, known) {
            let message = format!("`{}` is taken as a setting", values::shown(&entry.key));
            let hint = format!("did you mean the key `{meant}`?");
            problems.push(Problem::warning(entry.key_place, message).with_hint(hint));
        }
        if OWN_NAMES.contains(&entry.key.as_str()) {
            let message = format!("templates do not see the setting `{}`: the name is taken", entry.key);
            problems.push(Problem::warning(entry.key_place, message).with_hint("choose another key"));
        }
        old_spellings(&entry.value, text, problems);
    }
}

/// Spellings that the original, which read YAML 1.1, took otherwise than they look: `no` was false and is so here, `0755` was
/// 493 and is text here.
pub(super) fn old_spellings(node: &Node, text: &str, problems: &mut Problems) {
    let (message, hint) = match &node.content {
        Content::List(items) => return items.iter().for_each(|item| old_spellings(item, text, problems)),
        Content::Map(entries) => {
            return entries.iter().for_each(|entry| old_spellings(&entry.value, text, problems));
        }
        Content::Bool(flag, word) if older_boolean(word).is_some() => (
            format!("`{word}` is read as {flag} here, as older tools did"),
            format!("write `{flag}`, or quote it if text is meant"),
        ),
        Content::Text(value) if is_old_number(value) && is_plain(node, value, text) => (
            format!("`{value}` is text here, where older tools read another number"),
            "quote it if text is meant".to_owned(),
        ),
        _ => return,
    };
    problems.push(Problem::warning(node.place, message).with_hint(hint));
}

fn is_plain(node: &Node, value: &str, text: &str) -> bool {
    text.get(node.place.offset..).is_some_and(|rest| rest.starts_with(value))
}

/// Whether YAML 1.1 reads it as a number that it is not in YAML 1.2: octal, in groups of digits, or in sixties (`10:30`).
fn is_old_number(value: &str) -> bool {
    const LONGEST: usize = 40;
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    let (first, sixties) = digits.split_once(':').map_or((digits, None), |(first, rest)| (first, Some(rest)));
    let grouped = |byte: u8| byte.is_ascii_digit() || byte == b'_';
    let sixty = |part: &str| part.len() <= 2 && part.parse::<u8>().is_ok_and(|number| number < 60);
    if digits.len() > LONGEST {
        return false;
    }
    match (digits.as_bytes(), sixties) {
        ([b'0', rest @ ..], None) => !rest.is_empty() && rest.iter().all(|b| matches!(b, b'0'..=b'7' | b'_')),
        ([b'1'..=b'9', ..], None) => digits.contains('_') && digits.bytes().all(grouped),
        ([b'1'..=b'9', ..], Some(rest)) => first.bytes().all(grouped) && rest.split(':').all(sixty),
        _ => false,
    }
}
