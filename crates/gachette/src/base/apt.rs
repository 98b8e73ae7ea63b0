//! Lists of packages that the machine's own apt fetches and verifies, in a root of its own: it sees nothing of this machine's
//! sources, lists, keys, preferences and configuration.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use gachette_core::base::ListSource;
use gachette_core::debian::{Architecture, Paragraphs};
use gachette_core::{Sha256Digest, address_without_secrets};
use trebuchet::process::Process;

use super::own_folder::OwnFolder;
use super::{BaseError, Taken, USUAL_PRIORITY, files, kept, skipped};
use crate::Cancel;
use crate::config::{AptSources, Base};

/// What apt is to know besides where its root is.
const CONFIGURATION: &str = "\
Acquire::Languages \"none\";
Acquire::GzipIndexes \"false\";
Dir::Etc::trusted \"/dev/null\";
Dir::Etc::trustedparts \"/dev/null\";
";

/// Variables of the environment that say how the network is reached.
const NETWORK: [&str; 7] =
    ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "all_proxy"];

/// What it is told besides to keep what came as gzip as it came, so that it can be looked at.
const KEEP_GZIP: &str = "\
Acquire::GzipIndexes \"true\";
Acquire::IndexTargets::deb::Packages::KeepCompressedAs \"gz\";
";

/// How many lines of what apt says are kept: one for each list that it leaves out.
const MOST_LINES: usize = 1000;

pub(super) fn take(sources: &AptSources, base: &Base, cancel: &Cancel) -> Result<Taken, BaseError> {
    let Fetched { root, lists: fetched, skipped } = AptFolder::fetch(sources, base, "", cancel)?;
    let mut missing = skipped;
    missing.extend(skipped::architectures(base.architectures.iter(), &fetched));
    let priorities = root.priorities(cancel)?;
    let mut lists = Vec::new();
    for index in fetched {
        let place = address_without_secrets(index.field("URI"));
        let bytes = files::read(&index.file, cancel)?;
        let source = ListSource { place, sha256: Sha256Digest::of(&bytes), size: None, modified: None };
        let text = files::list_text(bytes, &source.place)?;
        let priority = priorities.get(index.field("Description")).copied().unwrap_or(USUAL_PRIORITY);
        lists.push(kept(index.origin(), index.field("Architecture").parse().ok(), priority, source, &text)?);
    }
    if lists.is_empty() {
        return Err(BaseError::Nothing { architectures: listed(base) });
    }
    Ok(Taken { lists, missing })
}

/// What apt fetched.
pub(crate) struct Fetched {
    /// The root in which it is.
    pub(crate) root: AptFolder,
    /// The lists that there are.
    pub(crate) lists: Vec<FetchedList>,
    /// What the sources name and their repositories do not have, in plain words.
    pub(crate) skipped: Vec<String>,
}

/// A list of packages that apt fetched.
pub(crate) struct FetchedList {
    /// Where it is now.
    pub(crate) file: PathBuf,
    /// What apt says of it (`apt-get indextargets`).
    said: HashMap<String, String>,
}

impl FetchedList {
    /// What apt says of it in a field; nothing when there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.said.get(name).map_or("", String::as_str)
    }

    /// What people call the release that it belongs to.
    fn origin(&self) -> String {
        let (release, component) = (self.field("Release"), self.field("Component"));
        // A flat repository has a path in place of a release.
        if release.is_empty() || release.ends_with('/') {
            return self.field("Site").to_owned();
        }
        match component {
            "" | "main" => release.to_owned(),
            _ => format!("{release}/{component}"),
        }
    }

    /// Whether a release file names it, by whose hash apt compared it then.
    fn is_named(&self) -> bool {
        let name = self.field("MetaKey");
        // apt puts all files of a release beside one another, each with the folder that they came from before its name.
        let file = self.file.to_string_lossy();
        let Some(folder) = file.strip_suffix(&name.replace('/', "_")) else { return false };
        let read = |name: &&str| fs::read_to_string(format!("{folder}{name}")).ok();
        let release = ["InRelease", "Release"].iter().find_map(read);
        release.is_some_and(|text| text.lines().any(|line| line.split(' ').next_back() == Some(name)))
    }
}

fn listed(base: &Base) -> String {
    let all = base.architectures.iter().chain(&base.foreign);
    all.map(Architecture::as_str).collect::<Vec<_>>().join(", ")
}

/// A root for apt, which is gone when this is dropped.
pub(crate) struct AptFolder(OwnFolder);

impl AptFolder {
    /// A root with these sources, and `more` in its configuration.
    fn new(sources: &AptSources, base: &Base, more: &str) -> Result<Self, BaseError> {
        let folder = OwnFolder::new();
        let root = Self(folder.map_err(|source| BaseError::Io { path: std::env::temp_dir(), source })?);
        root.open_to_apt()?;
        for folder in ["etc/apt/sources.list.d", "etc/apt/apt.conf.d", "etc/apt/preferences.d"] {
            root.make(folder)?;
        }
        for folder in ["var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg"] {
            root.make(folder)?;
        }
        root.write("var/lib/dpkg/status", "", 0o644)?;
        let text = match sources {
            AptSources::Text(text) => text.clone(),
            AptSources::File(file) => {
                files::text(files::read(file, &Cancel::new())?, &file.display().to_string())?
            }
        };
        // Passwords may stand there: they are for apt alone, and not for what it starts with fewer rights.
        root.write("etc/apt/sources.list.d/base.sources", &text, 0o600)?;
        root.write("apt.conf", &(root.configuration(base) + more), 0o644)?;
        Ok(root)
    }

    /// A root with the lists that these sources name, which apt fetched and verified. Where no release file has the hash of one, apt
    /// takes it also when it was cut off as gzip.
    pub(crate) fn fetch(
        sources: &AptSources,
        base: &Base,
        more: &str,
        cancel: &Cancel,
    ) -> Result<Fetched, BaseError> {
        let root = Self::new(sources, base, more)?;
        let (lists, skipped) = root.update(cancel)?;
        if !lists.iter().all(FetchedList::is_named) {
            let packed = Self::new(sources, base, &format!("{more}{KEEP_GZIP}"))?;
            for list in packed.update(cancel)?.0 {
                let place = format!("{}.gz", address_without_secrets(list.field("URI")));
                files::read_of(&list.file, &place, cancel)?;
            }
        }
        Ok(Fetched { root, lists, skipped })
    }

    /// The lists that there are, and what there is not.
    fn update(&self, cancel: &Cancel) -> Result<(Vec<FetchedList>, Vec<String>), BaseError> {
        let update = self.apt("apt-get", &["update", "--error-on=any"]).keep_lines(MOST_LINES);
        let said = update.output(cancel).map_err(BaseError::Apt)?.last_lines;
        let indices = self.apt("apt-get", &["indextargets", "Created-By: Packages"]);
        let indices = indices.output(cancel).map_err(BaseError::Apt)?.text();
        let mut lists = Vec::new();
        for index in Paragraphs::new(&indices).filter_map(Result::ok) {
            let said = index.iter().map(|field| (field.name().to_owned(), field.value().into_owned()));
            let said: HashMap<_, _> = said.collect();
            let file = PathBuf::from(said.get("Filename").map_or("", String::as_str));
            // An index that a release file does not have is no file here.
            if file.is_file() {
                lists.push(FetchedList { file, said });
            }
        }
        Ok((lists, skipped::components(said.iter().map(String::as_str))))
    }

    fn configuration(&self, base: &Base) -> String {
        let root = quoted(self.0.path());
        let native = base.architectures.first().map_or("amd64", Architecture::as_str);
        let all: String = base
            .architectures
            .iter()
            .chain(&base.foreign)
            .map(|architecture| format!(" \"{architecture}\";"))
            .collect();
        let keyring = base.keyring.as_deref().map(|file| format!("Dir::Etc::trusted {};\n", quoted(file)));
        format!(
            "Dir {root};\nDir::State::status {};\nAPT::Architecture \"{native}\";\nAPT::Architectures {{{all} }};\n{CONFIGURATION}{}",
            quoted(&self.0.path().join("var/lib/dpkg/status")),
            keyring.unwrap_or_default(),
        )
    }

    /// apt gives up root's rights before it talks to a network, and must still be able to come here.
    fn open_to_apt(&self) -> Result<(), BaseError> {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.path();
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(path, mode).map_err(|source| BaseError::Io { path: path.to_owned(), source })
    }

    /// A folder of the root with nothing in it.
    pub(crate) fn fresh_folder(&self, name: &str) -> Result<PathBuf, BaseError> {
        let path = self.0.path().join(name);
        // It is there when it was filled before.
        let _ = fs::remove_dir_all(&path);
        self.make(name)?;
        Ok(path)
    }

    fn make(&self, below: &str) -> Result<(), BaseError> {
        let path = self.0.path().join(below);
        fs::create_dir_all(&path).map_err(|source| BaseError::Io { path, source })
    }

    fn write(&self, below: &str, text: &str, mode: u32) -> Result<(), BaseError> {
        let path = self.0.path().join(below);
        let made = fs::File::options().write(true).create_new(true).mode(mode).open(&path);
        let written = made.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|source| BaseError::Io { path, source })
    }

    /// A program of apt, working in this root.
    pub(crate) fn apt(&self, program: &str, arguments: &[&str]) -> Process {
        let mut process = Process::new(program).args(arguments).env_clear().current_dir(self.0.path());
        let kept = NETWORK.into_iter().chain(["PATH", "TMPDIR"]);
        for (name, value) in kept.filter_map(|name| Some((name, std::env::var_os(name)?))) {
            process = process.env(name, value);
        }
        process.env("LC_ALL", "C.UTF-8").env("APT_CONFIG", self.0.path().join("apt.conf"))
    }

    /// The priority that apt gives each index, by its description: what a release file says of itself has a part in it.
    fn priorities(&self, cancel: &Cancel) -> Result<HashMap<String, i32>, BaseError> {
        let policy = self.apt("apt-cache", &["policy"]).output(cancel).map_err(BaseError::Apt)?.text();
        // ` 500 http://deb.example.org/debian bookworm/main amd64 Packages`
        let priority = |line: &str| {
            let (priority, index) = line.trim_start().split_once(' ')?;
            Some((index.to_owned(), priority.parse().ok()?))
        };
        Ok(policy.lines().filter_map(priority).collect())
    }
}

/// A path as a value of apt.conf(5), which knows no way to write a quotation mark.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('"', ""))
}
