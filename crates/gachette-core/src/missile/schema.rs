//! The recipe's shape as a JSON Schema, for editors.
//!
//! The types here exist for their descriptions: what a recipe may look like, before it is read. A test holds their keys
//! against those that the reader knows.

#![allow(dead_code, reason = "the fields are described, not read")]

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{ExtraFileKind, RecipeKind, ServiceKind};

/// Text; a number or flag counts as it is spelled.
#[derive(JsonSchema)]
#[serde(untagged)]
enum Text {
    Spelled(String),
    Number(f64),
    Flag(bool),
}

/// One text or a list of texts.
#[derive(JsonSchema)]
#[serde(untagged)]
enum Texts {
    One(Text),
    Several(Vec<Text>),
}

/// True or false, in the spelling of YAML 1.2 or 1.1.
struct Flag;

impl JsonSchema for Flag {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Flag".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "true or false",
            "anyOf": [{"type": "boolean"}, {"enum": ["yes", "no", "on", "off"]}],
        })
    }
}

/// A missile: the recipe of one or several Debian packages. Keys that are not described here are settings: templates
/// see them, and a configuration exports them.
#[derive(JsonSchema)]
#[schemars(title = "missile")]
pub(super) struct RecipeShape {
    /// The name: letters, digits, `_`, `-`, `+` and `.`. The package is called `dh-` and this, with `-` for `_`.
    #[schemars(example = &"secret_sauce")]
    name: String,
    /// What is built.
    #[serde(rename = "type")]
    kind: RecipeKind,
    /// Appended to every package, service and file name; in variants.
    #[schemars(example = &"_live")]
    name_suffix: Option<Text>,
    /// A virtual environment in a package of its own.
    environment: Option<EnvironmentShape>,
    /// Paths or globs left out of the code tree.
    #[schemars(extend("examples" = [["tests", "docs"]]))]
    exclude_folders: Option<Texts>,
    /// Shell steps run in the staged code tree, with the environment activated.
    #[schemars(extend("examples" = [["make assets"]]))]
    build_assets: Option<Texts>,
    /// Lines for the main package's maintainer scripts.
    debian_scripts: Option<MaintainerLinesShape>,
    /// Templates that are filled in and installed.
    extra_files: Option<Vec<ExtraFileShape>>,
    /// Long-running programs, each in a package of its own.
    services: Option<Vec<ServiceShape>>,
    /// Parts of the tree in packages of their own.
    static_files: Option<Vec<StaticEntryShape>>,
    /// Of a configuration: the applications it is for, each with its settings.
    applications: Option<BTreeMap<String, Value>>,
    /// Who answers for the package.
    #[schemars(example = &"Jane Doe <jane@example.org>")]
    maintainer: Option<String>,
    /// The Debian section.
    #[schemars(example = &"web")]
    section: Option<String>,
    /// The Debian priority.
    #[schemars(example = &"optional")]
    priority: Option<String>,
    /// The project's page.
    #[schemars(example = &"https://example.org/")]
    homepage: Option<String>,
    /// The first line is the synopsis, the rest the long description.
    description: Option<String>,
    /// Further packages the main package needs, in Debian's syntax.
    #[schemars(example = &"nginx (>= 1.18) | apache2, curl")]
    depends: Option<Texts>,
    /// Packages it works better with.
    recommends: Option<Texts>,
    /// Packages it cannot be installed with.
    conflicts: Option<Texts>,
    /// Virtual packages it provides.
    provides: Option<Texts>,
    /// Packages whose files it may overwrite.
    replaces: Option<Texts>,
    /// The user that services run as; `hero` when not given.
    #[schemars(example = &"www-data")]
    user: Option<String>,
    /// What package names begin with; `dh-` when not given.
    #[schemars(example = &"acme-")]
    package_prefix: Option<String>,
    /// Files shipped as they are.
    files: Option<Vec<CustomFileShape>>,
}

/// A virtual environment below `/opt/trebuchet/NAME/env`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct EnvironmentShape {
    /// Its name.
    #[schemars(example = &"secret_sauce_env")]
    name: String,
    /// `python` is all there is.
    #[serde(rename = "type")]
    kind: Option<EnvironmentKindShape>,
    /// The interpreter, by name or path; `python3` when not given.
    #[schemars(example = &"python3.11")]
    binary: Option<String>,
    /// Requirements files, relative to the project.
    #[schemars(extend("examples" = [["requirements.txt"]]))]
    requirements: Option<Texts>,
    /// Shell steps run in the finished environment.
    post_environment: Option<Texts>,
    /// Lines for its maintainer scripts.
    debian_scripts: Option<MaintainerLinesShape>,
}

/// The kinds of environments.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum EnvironmentKindShape {
    /// A virtual environment filled by pip or uv.
    Python,
}

/// Shell lines for the maintainer scripts, which run under `set -e`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct MaintainerLinesShape {
    /// Before the package is unpacked.
    preinst: Option<Texts>,
    /// After the package is configured.
    #[schemars(extend("examples" = [["update-ca-certificates"]]))]
    postinst: Option<Texts>,
    /// Before the package is removed.
    prerm: Option<Texts>,
    /// After the package is removed.
    postrm: Option<Texts>,
}

/// A template that is filled in and installed as `target_path/target_filename`, or name, suffix and extension in place
/// of the file name.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ExtraFileShape {
    /// Its name, by which services find it.
    #[schemars(example = &"secret_sauce_web")]
    name: String,
    /// What it is; decides folder, extension and mode.
    #[serde(rename = "type")]
    kind: ExtraFileKind,
    /// The template, relative to the project.
    #[schemars(example = &"deploy/web.sh")]
    template: String,
    /// The folder it is installed in; a `custom` file must say.
    #[schemars(example = &"/etc/cron.d")]
    target_path: Option<String>,
    /// The extension with its dot.
    #[schemars(example = &".ini")]
    target_extension: Option<Text>,
    /// Whether it is a program.
    target_is_executable: Option<Flag>,
    /// The whole file name.
    target_filename: Option<Text>,
}

/// A long-running program in a package of its own.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ServiceShape {
    /// Its name.
    #[schemars(example = &"secret_sauce_web")]
    name: String,
    /// The init system; upstart when not given.
    #[serde(rename = "type")]
    kind: Option<ServiceKind>,
    /// The entry of `extra_files` it runs.
    #[schemars(example = &"secret_sauce_web")]
    binary_name: String,
    /// Variables of its environment.
    env_var: Option<BTreeMap<String, Option<Text>>>,
    /// Lines for its maintainer scripts.
    debian_scripts: Option<MaintainerLinesShape>,
}

/// Folders of the tree in a package of their own.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct StaticEntryShape {
    /// Its name.
    #[schemars(example = &"secret_sauce_static")]
    name: String,
    /// What it takes.
    folders: Vec<StaticFolderOrPath>,
    /// Lines for its maintainer scripts.
    debian_scripts: Option<MaintainerLinesShape>,
}

/// A folder's path, or a folder with globs.
#[derive(JsonSchema)]
#[serde(untagged)]
enum StaticFolderOrPath {
    Path(String),
    Folder(StaticFolderShape),
}

/// One folder of a static entry.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct StaticFolderShape {
    /// Relative to the tree.
    #[schemars(example = &"static")]
    path: String,
    /// Globs of what is taken; everything when not given.
    #[schemars(extend("examples" = [["*.css", "*.js"]]))]
    includes: Option<Texts>,
    /// Globs of what is left out.
    excludes: Option<Texts>,
}

/// A file of the project that is installed as it is.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct CustomFileShape {
    /// The file, relative to the project.
    #[schemars(example = &"deploy/logrotate")]
    source: String,
    /// Where it is installed; a folder when it ends in `/`.
    #[schemars(example = &"/etc/logrotate.d/secret_sauce")]
    target: String,
    /// Permission bits in octal digits.
    #[schemars(example = &"0644")]
    mode: Option<Text>,
    /// `user` or `user:group`; root when not given.
    #[schemars(example = &"root:adm")]
    owner: Option<String>,
    /// Whether dpkg keeps the administrator's changes; by default in `/etc`.
    conffile: Option<Flag>,
}

/// The JSON Schema of missiles: one recipe, or variants beside a `default`.
pub fn schema() -> Value {
    let mut recipe = schemars::schema_for!(RecipeShape).to_value();
    let definitions = recipe["$defs"].take();
    let description = recipe["description"].clone();
    let mut variant = recipe.clone();
    for part in [&mut recipe, &mut variant] {
        if let Some(part) = part.as_object_mut() {
            for key in ["$schema", "$defs", "title"] {
                part.shift_remove(key);
            }
        }
    }
    if let Some(variant) = variant.as_object_mut() {
        variant.shift_remove("required");
        variant.insert("description".to_owned(), json!("What this variant changes in the default recipe."));
        variant.insert("type".to_owned(), json!(["object", "null"]));
    }
    let mut all = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "missile",
        "description": description,
        "type": "object",
        "if": {"required": ["default"]},
        "then": {
            "properties": {"default": {"$ref": "#/$defs/Recipe"}},
            "additionalProperties": {"$ref": "#/$defs/Variant"},
        },
        "else": {"$ref": "#/$defs/Recipe"},
        "$defs": definitions,
    });
    all["$defs"]["Recipe"] = recipe;
    all["$defs"]["Variant"] = variant;
    all
}

/// [`schema`] as the text of a file.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;

    use super::*;
    use crate::missile::{
        CustomFile, Environment, ExtraFile, MaintainerLines, Service, StaticEntry, StaticFolder, read_recipe,
    };

    fn keys<T: JsonSchema>() -> Vec<String> {
        let schema = schemars::schema_for!(T).to_value();
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_schema_knows_the_keys_that_the_reader_knows() {
        assert_eq!(keys::<RecipeShape>(), read_recipe::KEYS);
        assert_eq!(keys::<EnvironmentShape>(), Environment::KEYS);
        assert_eq!(keys::<MaintainerLinesShape>(), MaintainerLines::KEYS);
        assert_eq!(keys::<ExtraFileShape>(), ExtraFile::KEYS);
        assert_eq!(keys::<ServiceShape>(), Service::KEYS);
        assert_eq!(keys::<StaticEntryShape>(), StaticEntry::KEYS);
        assert_eq!(keys::<StaticFolderShape>(), StaticFolder::KEYS);
        assert_eq!(keys::<CustomFileShape>(), CustomFile::KEYS);
    }

    #[test]
    fn every_reference_in_the_schema_leads_somewhere() {
        let (text, schema) = (schema_text(), schema());
        let names: Vec<&str> =
            text.split("\"#/$defs/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(names.len() > 10);
        for name in names {
            assert!(schema["$defs"][name].is_object(), "{name}");
        }
    }
}
