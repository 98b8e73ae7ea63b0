//! Reads one merged variant as a [`Recipe`].

use indexmap::IndexMap;

use super::fields::Fields;
use super::naming::Naming;
use super::slip::slip_of;
use super::{
    CustomFile, Environment, ExtraFile, MaintainerLines, Metadata, Problem, Recipe, RecipeKind, Service,
    Settings, StaticEntry, UserName, check, names, values,
};
use crate::yaml::{Content, Entry, Node, Problems};

/// Every key of a recipe that is no setting.
pub(super) const KEYS: [&str; 24] = [
    "name",
    "type",
    "name_suffix",
    "environment",
    "exclude_folders",
    "build_assets",
    "debian_scripts",
    "extra_files",
    "services",
    "static_files",
    "applications",
    "maintainer",
    "section",
    "priority",
    "homepage",
    "description",
    "depends",
    "recommends",
    "conflicts",
    "provides",
    "replaces",
    "user",
    "package_prefix",
    "files",
];

/// Keys whose entries are steps and lists of the build itself, which templates never saw.
const HIDDEN: [&str; 5] = ["exclude_folders", "build_assets", "debian_scripts", "extra_files", "files"];

const KINDS: [(&str, RecipeKind); 2] =
    [("application", RecipeKind::Application), ("configuration", RecipeKind::Configuration)];

impl Recipe {
    pub(super) fn read(
        variant: Option<String>,
        node: &Node,
        text: &str,
        problems: &mut Problems,
    ) -> Option<Self> {
        let entries = node.entries()?;
        problems.forget_passed_over();
        let kept = Metadata::misfits(entries, problems);
        let is_setting = |entry: &&Entry| !KEYS.contains(&entry.key.as_str()) || kept.contains(&entry.key);
        let settings: Vec<&Entry> = entries.iter().filter(is_setting).collect();
        let known: Vec<Entry> = entries.iter().filter(|entry| !is_setting(entry)).cloned().collect();
        check::settings_keys(&settings, &known, text, problems);
        for entry in known.iter().filter(|entry| entry.key == "applications") {
            check::old_spellings(&entry.value, text, problems);
        }
        let known = Node { place: node.place, content: Content::Map(known) };
        let fields = Fields::of(&known, "the recipe", &KEYS, problems)?;
        let naming = naming(&fields, problems);
        let kind = fields.required("type", problems).and_then(|node| values::one_of(node, &KINDS, problems));
        let environment =
            fields.get("environment").and_then(|node| Environment::read(node, &naming, problems));
        let extra_files = values::each(fields.list("extra_files", problems), problems, |node, problems| {
            ExtraFile::read(node, &naming, problems)
        });
        let services = values::each(fields.list("services", problems), problems, |node, problems| {
            Service::read(node, &naming, problems)
        });
        let static_files = values::each(fields.list("static_files", problems), problems, |node, problems| {
            StaticEntry::read(node, &naming, problems)
        });
        let files = values::each(fields.list("files", problems), problems, CustomFile::read);
        let named = naming.named(&fields, problems);
        let recipe = Self {
            variant,
            kind: kind?,
            environment,
            exclude_folders: inner_paths(&fields, "exclude_folders", problems),
            build_assets: fields.texts("build_assets", problems),
            debian_scripts: MaintainerLines::read(&fields, problems),
            extra_files,
            services,
            static_files,
            applications: applications(&fields, problems),
            settings: settings.iter().map(|e| (e.key.clone(), e.value.to_value())).collect(),
            visible: visible(entries),
            metadata: Metadata::read(&fields, problems),
            user: fields
                .get("user")
                .map_or_else(|| Some(UserName::default()), |n| values::parsed(n, problems))?,
            files,
            places: places(node, problems),
            suffix: naming.suffix,
            package_prefix: naming.prefix,
            package: named.as_ref()?.package.clone(),
            name: named?.name,
        };
        recipe.check(problems);
        Some(recipe)
    }
}

fn naming(fields: &Fields, problems: &mut Problems) -> Naming {
    let suffix = fields.text("name_suffix", problems).unwrap_or_default();
    if let (Some(node), false) = (fields.get("name_suffix"), suffix.bytes().all(names::is_name_byte)) {
        let message = format!("`{}` is no suffix", values::shown(&suffix));
        let hint = "only letters, digits, `_`, `-`, `+` and `.` are allowed";
        problems.push(Problem::error(node.place, message).with_hint(hint));
        return Naming { prefix: prefix(fields, problems), suffix: String::new() };
    }
    Naming { prefix: prefix(fields, problems), suffix }
}

fn prefix(fields: &Fields, problems: &mut Problems) -> String {
    const STANDARD: &str = "dh-";
    let Some(prefix) = fields.text("package_prefix", problems) else { return STANDARD.to_owned() };
    // Debian Policy 5.6.7: what begins a package's name.
    let fits = prefix.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'))
        && !prefix.starts_with(['+', '-', '.']);
    if let (Some(node), false) = (fields.get("package_prefix"), fits) {
        let message = format!("`{}` cannot begin a package's name", values::shown(&prefix));
        let hint = "only lower-case letters, digits, `+`, `-` and `.` are allowed, a letter or digit first";
        problems.push(Problem::error(node.place, message).with_hint(hint));
        return STANDARD.to_owned();
    }
    prefix
}

/// Paths or globs below the code tree.
fn inner_paths(fields: &Fields, key: &str, problems: &mut Problems) -> Vec<String> {
    let Some(node) = fields.get(key) else { return Vec::new() };
    let items = match &node.content {
        Content::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut paths = values::each(items, problems, values::inner_path);
    paths.retain(|path| !path.is_empty());
    paths
}

/// Application → settings. Its names end up in maintainer scripts, so they are names and nothing else.
fn applications(fields: &Fields, problems: &mut Problems) -> Settings {
    let Some(node) = fields.get("applications") else { return Settings::new() };
    let Some(entries) = node.entries() else {
        if !matches!(&node.content, Content::List(items) if items.is_empty()) {
            let message = format!("`applications` must be a map, not {}", node.kind());
            let hint = "write `application: {setting: value}` lines below it";
            problems.push(Problem::error(node.place, message).with_hint(hint));
        }
        return Settings::new();
    };
    for entry in entries {
        if let Err(error) = entry.key.parse::<super::RecipeName>() {
            problems.push(Problem::error(entry.key_place, error.to_string()));
        }
    }
    entries.iter().map(|entry| (entry.key.clone(), entry.value.to_value())).collect()
}

fn visible(entries: &[Entry]) -> Settings {
    let shown = entries.iter().filter(|entry| !HIDDEN.contains(&entry.key.as_str()));
    shown.map(|entry| (entry.key.clone(), entry.value.to_value())).collect()
}

/// Where everything stands, by its path in what was read.
fn places(node: &Node, problems: &Problems) -> IndexMap<String, super::Place> {
    let mut places = IndexMap::new();
    let was_read = |item: &Node| !problems.is_passed_over(item.place);
    node.walk("", &was_read, &mut |path, place| {
        places.insert(path.to_owned(), place);
    });
    places
}

/// The known key that a setting's key is probably a slip of.
pub(super) fn meant_key(key: &str, known: &[Entry]) -> Option<&'static str> {
    if KEYS.contains(&key) {
        return None;
    }
    slip_of(key, KEYS.into_iter().filter(|name| !known.iter().any(|entry| entry.key == *name)))
}
