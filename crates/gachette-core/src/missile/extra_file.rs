//! The `extra_files` of a recipe: rendered templates, and where they go.

use super::fields::Fields;
use super::naming::Naming;
use super::{Problem, values};
use schemars::JsonSchema;
use serde::Serialize;

use super::RecipeName;
use crate::yaml::{Node, Problems};

/// What sort of file a template becomes; decides folder, extension and mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExtraFileKind {
    /// A site of nginx.
    Nginx,
    /// A program in `/opt/trebuchet/bin`.
    Binary,
    /// A control member of the package, usually a maintainer script.
    Debian,
    /// A configuration in `/etc/trebuchet`.
    Product,
    /// An upstart job.
    Upstart,
    /// A systemd unit.
    Systemd,
    /// A configuration of New Relic's agent.
    NewrelicConfig,
    /// Anything else: `target_path` says where.
    Custom,
}

/// One entry of `extra_files`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExtraFile {
    /// As written in the recipe.
    pub name: RecipeName,
    /// With the variant's suffix.
    pub full_name: String,
    /// What sort of file it becomes.
    pub kind: ExtraFileKind,
    /// The template's path, in trebuchet's own templates or in the project.
    pub template: String,
    /// Another folder than the kind's own.
    pub target_path: Option<String>,
    /// Another extension than the kind's own, with its dot.
    pub target_extension: Option<String>,
    /// Whether it is executable, when the recipe says so.
    pub target_is_executable: Option<bool>,
    /// The whole file name, in place of name, suffix and extension.
    pub target_filename: Option<String>,
}

/// Where an extra file ends up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExtraFileTarget {
    /// An absolute path on the target host.
    Path(String),
    /// A member of the package's control part, such as `postinst`.
    Control(String),
}

impl ExtraFileKind {
    /// The folder on the target host; none for control members and for `custom`, whose entry must say.
    pub fn folder(self) -> Option<&'static str> {
        match self {
            Self::Nginx => Some("/etc/nginx/sites-available"),
            Self::Binary => Some("/opt/trebuchet/bin"),
            Self::Product => Some("/etc/trebuchet"),
            Self::Upstart => Some("/etc/init"),
            Self::Systemd => Some("/usr/lib/systemd/system"),
            Self::NewrelicConfig => Some("/etc/trebuchet/newrelic"),
            Self::Debian | Self::Custom => None,
        }
    }

    /// The extension with its dot, or nothing.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Nginx | Self::Product | Self::Upstart => ".conf",
            Self::Systemd => ".service",
            Self::NewrelicConfig => ".ini",
            Self::Binary | Self::Debian | Self::Custom => "",
        }
    }
}

impl ExtraFile {
    /// Where the file ends up.
    ///
    /// A control member keeps its plain name: dpkg knows `postinst`, not `postinst_live`.
    pub fn target(&self) -> ExtraFileTarget {
        if self.kind == ExtraFileKind::Debian {
            let name = self.target_filename.as_deref().unwrap_or(self.name.as_str());
            return ExtraFileTarget::Control(name.to_owned());
        }
        let folder = self.target_path.as_deref().or(self.kind.folder()).unwrap_or("");
        let extension = self.target_extension.as_deref().unwrap_or(self.kind.extension());
        let generated = format!("{}{extension}", self.full_name);
        let file = self.target_filename.as_ref().unwrap_or(&generated);
        ExtraFileTarget::Path(format!("/{}/{file}", folder.trim_matches('/')).replacen("//", "/", 1))
    }

    /// The path as templates and the configuration file name it: absolute, or `DEBIAN/NAME` for a control member.
    pub fn path(&self) -> String {
        match self.target() {
            ExtraFileTarget::Path(path) => path,
            ExtraFileTarget::Control(name) => format!("DEBIAN/{name}"),
        }
    }

    /// The file's permission bits; of a control member, those of a script.
    pub fn mode(&self) -> u32 {
        match (self.kind, self.target_is_executable) {
            (ExtraFileKind::Debian, _) => 0o755,
            (_, Some(true)) | (ExtraFileKind::Binary, None) => 0o755,
            _ => 0o644,
        }
    }
}

const KINDS: [(&str, ExtraFileKind); 8] = [
    ("nginx", ExtraFileKind::Nginx),
    ("binary", ExtraFileKind::Binary),
    ("debian", ExtraFileKind::Debian),
    ("product", ExtraFileKind::Product),
    ("upstart", ExtraFileKind::Upstart),
    ("systemd", ExtraFileKind::Systemd),
    ("newrelic_config", ExtraFileKind::NewrelicConfig),
    ("custom", ExtraFileKind::Custom),
];

impl ExtraFile {
    /// The keys it knows.
    pub(super) const KEYS: [&'static str; 7] = [
        "name",
        "type",
        "template",
        "target_path",
        "target_extension",
        "target_is_executable",
        "target_filename",
    ];

    pub(super) fn read(node: &Node, naming: &Naming, problems: &mut Problems) -> Option<Self> {
        let fields = Fields::of(node, "extra_files entry", &Self::KEYS, problems)?;
        let name = fields.required("name", problems).and_then(|node| values::parsed(node, problems));
        let kind = fields.required("type", problems).and_then(|node| values::one_of(node, &KINDS, problems));
        let template =
            fields.required("template", problems).and_then(|node| values::project_path(node, problems));
        let target_path = fields.get("target_path").and_then(|node| values::inner_path(node, problems));
        if kind == Some(ExtraFileKind::Custom) {
            fields.required("target_path", problems);
        }
        let name: RecipeName = name?;
        Some(Self {
            full_name: name.suffixed(&naming.suffix),
            name,
            kind: kind?,
            template: template?,
            target_path,
            target_extension: fields.get("target_extension").and_then(|node| file_name(node, problems)),
            target_is_executable: fields
                .get("target_is_executable")
                .and_then(|node| values::flag(node, problems)),
            target_filename: fields.get("target_filename").and_then(|node| file_name(node, problems)),
        })
    }
}

/// A file's name or the end of one: no folder in it.
fn file_name(node: &Node, problems: &mut Problems) -> Option<String> {
    let name = values::line(node, problems)?;
    if name.contains('/') || name == ".." || name == "." {
        let message = format!("`{}` is no file name", values::shown(&name));
        problems.push(Problem::error(node.place, message).with_hint("folders belong in `target_path`"));
        return None;
    }
    (!name.is_empty()).then_some(name)
}
