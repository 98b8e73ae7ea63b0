//! From a tree of values to a checked configuration: every key's type, and which keys there are.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use gachette_core::git::{VersionScheme, WorkingCopyName};
use gachette_core::yaml::{Content, Entry, Node, Problem, Problems, merge};
use indexmap::IndexMap;

use super::keys::Keys;
use super::{
    Config, ConfigError, Connection, Loaded, Mistake, PackageCompression, Project, ProjectSource, Publishing,
    REUSE_SECONDS, Signing, bases, channels, document,
};

/// Reads a configuration file's bytes, with `--set` laid over it.
///
/// Each of them is read by itself first, so that what is wrong is said of where it was written.
pub(super) fn read(
    bytes: &[u8],
    path: Option<&Path>,
    settings: &[(String, String)],
) -> Result<Loaded, ConfigError> {
    let source = path.map(absolute);
    let base = source.as_deref().and_then(Path::parent);
    let mut mistakes = Vec::new();
    let mut check = |origin: PathBuf, parse: &dyn Fn(&mut Problems) -> Node| {
        let mut problems = Problems::default();
        let node = parse(&mut problems);
        read_config(&node, base, &mut problems);
        let found = problems.into_sorted().into_iter();
        mistakes.extend(found.map(|problem| Mistake { origin: origin.clone(), problem }));
        node
    };
    let file = path.map(Path::to_owned).unwrap_or_default();
    let mut root = check(file, &|problems| document::parse(bytes, problems));
    for (key, value) in settings {
        let over = check(format!("--set {key}").into(), &|problems| document::setting(key, value, problems));
        root = merge(&root, &over);
    }
    for mistake in mistakes.iter_mut().filter(|mistake| mistake.problem.hint.is_none()) {
        // What has no value is set to true, such as what stands behind a comma in a value.
        let is_flag = |(key, value): &(String, String)| {
            value == "true" && mistake.origin == Path::new(&format!("--set {key}"))
        };
        if !mistake.problem.is_error() && settings.iter().any(is_flag) {
            mistake.problem.hint = Some("a comma in a value is written `\\,`".to_owned());
        }
    }
    for (key, problem) in bases::check_whole(&root) {
        let said = settings.iter().find(|(said, _)| *said == key || said.starts_with(&format!("{key}.")));
        let origin = match said.filter(|_| !problem.place.is_known()) {
            Some((said, _)) => format!("--set {said}").into(),
            None => path.map(Path::to_owned).unwrap_or_default(),
        };
        mistakes.push(Mistake { origin, problem });
    }
    if mistakes.iter().any(|mistake| mistake.problem.is_error()) {
        mistakes.retain(|mistake| mistake.problem.is_error());
        return Err(ConfigError::Wrong { mistakes });
    }
    let config = read_config(&root, base, &mut Problems::default());
    Ok(Loaded { config: Config { source, ..config }, warnings: mistakes })
}

pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn read_config(root: &Node, base: Option<&Path>, problems: &mut Problems) -> Config {
    let default = Config::default();
    let keys = &mut Keys::of(root.entries().unwrap_or_default(), String::new(), KEYS, base, problems);
    Config {
        source: None,
        meta_path: keys.path("meta_path"),
        debs_path: keys.path("debs_path"),
        repository_at: keys.parsed("repository"),
        trebuchet_bin: keys.program("trebuchet_bin"),
        signing: Signing::read(keys, base),
        working_copies: keys.path("working_copies").unwrap_or(default.working_copies),
        domain: keys.parsed("domain").unwrap_or(default.domain),
        connection: read_connection(keys),
        publish: Publishing::read(keys),
        channels: channels::read(keys),
        bases: bases::read(keys),
        base: keys.parsed("base"),
        roles: bases::read_roles(keys),
        domains: bases::read_domains(keys),
        projects: read_projects(keys, base),
    }
}

fn read_connection(keys: &mut Keys<'_>) -> Connection {
    const COUNT: &str = "a whole number";
    Connection {
        hosts: keys.parsed_list("hosts"),
        user: keys.parsed("user"),
        key_filename: keys.texts("key_filename").iter().map(|file| keys.rooted(file)).collect(),
        port: keys.number("port", "a port number from 1 to 65535").map(NonZeroU16::get),
        gateway: keys.parsed("gateway"),
        forward_agent: keys.flag("forward_agent").unwrap_or(true),
        use_ssh_config: keys.flag("use_ssh_config"),
        ssh_config_path: keys.path("ssh_config_path"),
        reuse_connection: keys
            .number("reuse_connection", "a whole number of seconds")
            .unwrap_or(REUSE_SECONDS),
        timeout: keys.number("timeout", "a whole number of seconds"),
        connection_attempts: keys.number("connection_attempts", COUNT),
        keepalive: keys.number("keepalive", "a whole number of seconds"),
        disable_known_hosts: keys.flag("disable_known_hosts").unwrap_or(false),
        token_file: keys.path("token_file"),
        ca_file: keys.path("ca_file"),
        parallel: keys.flag("parallel").unwrap_or(false),
        pool_size: keys.number("pool_size", COUNT),
        warn_only: keys.flag("warn_only").unwrap_or(false),
        shell: keys.parsed("shell"),
    }
}

fn read_projects(keys: &mut Keys<'_>, base: Option<&Path>) -> IndexMap<String, Project> {
    let Some(entry) = keys.entry("projects") else { return IndexMap::new() };
    let Some(entries) = entry.value.entries() else {
        keys.wrong("projects", &entry.value, "a map of projects by their names");
        return IndexMap::new();
    };
    let project = |entry: &Entry| Some((entry.key.clone(), read_project(entry, base, keys.problems)?));
    entries.iter().filter_map(project).collect()
}

fn read_project(entry: &Entry, base: Option<&Path>, problems: &mut Problems) -> Option<Project> {
    let key = format!("projects.{}", entry.key);
    if let Err(error) = entry.key.parse::<WorkingCopyName>() {
        problems.push(Problem::error(entry.key_place, format!("`{key}`: {error}")));
        return None;
    }
    let Some(entries) = entry.value.entries() else {
        let message = format!("`{key}` takes keys such as `url`, not {}", entry.value.described());
        let place = if entry.value.place.is_known() { entry.value.place } else { entry.key_place };
        let hint = match &entry.value.content {
            Content::Text(text) => format!("write `{key}.url: {}`", gachette_core::yaml::values::shown(text)),
            _ => format!("write `{key}.url: …`"),
        };
        problems.push(Problem::error(place, message).with_hint(hint));
        return None;
    };
    let keys = &mut Keys::of(entries, format!("{key}."), PROJECT_KEYS, base, problems);
    Some(Project {
        url: keys.url("url"),
        reference: keys.parsed("ref"),
        path_to_missile: keys.text("path_to_missile").map(PathBuf::from),
        domain: keys.parsed("domain"),
        hook_stack: keys.parsed("hook_stack"),
        hook_secret_file: keys.path("hook_secret_file"),
        source: keys.word("source", &SOURCES).unwrap_or_default(),
        compression: keys.word("compression", &COMPRESSIONS).unwrap_or_default(),
        version_scheme: keys.word("version_scheme", &SCHEMES).unwrap_or_default(),
    })
}

const SOURCES: [(&str, ProjectSource); 2] = [("clone", ProjectSource::Clone), ("push", ProjectSource::Push)];

const COMPRESSIONS: [(&str, PackageCompression); 3] =
    [("xz", PackageCompression::Xz), ("zstd", PackageCompression::Zstd), ("gzip", PackageCompression::Gzip)];

const SCHEMES: [(&str, VersionScheme); 3] =
    [("rev", VersionScheme::Rev), ("count", VersionScheme::Count), ("describe", VersionScheme::Describe)];

const KEYS: &[&str] = &[
    "base",
    "bases",
    "ca_file",
    "channels",
    "connection_attempts",
    "debs_path",
    "disable_known_hosts",
    "domain",
    "domains",
    "forward_agent",
    "gateway",
    "hosts",
    "keepalive",
    "key_filename",
    "meta_path",
    "parallel",
    "pool_size",
    "port",
    "projects",
    "publish",
    "repository",
    "roles",
    "shell",
    "signing",
    "timeout",
    "token_file",
    "trebuchet_bin",
    "use_ssh_config",
    "ssh_config_path",
    "reuse_connection",
    "user",
    "warn_only",
    "working_copies",
];

const PROJECT_KEYS: &[&str] = &[
    "compression",
    "domain",
    "hook_secret_file",
    "hook_stack",
    "path_to_missile",
    "ref",
    "source",
    "url",
    "version_scheme",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Loaded {
        Config::parse(text, Path::new("/srv/conf/gachette.yml")).unwrap()
    }

    fn refused(text: &str) -> String {
        Config::parse(text, Path::new("/srv/conf/gachette.yml")).unwrap_err().to_string()
    }

    #[test]
    fn relative_paths_start_at_the_file() {
        let config = parse("meta_path: meta\ndebs_path: /debs\ntrebuchet_bin: trebuchet\n").config;
        assert_eq!(config.meta_path.unwrap(), Path::new("/srv/conf/meta"));
        assert_eq!(config.debs_path.unwrap(), Path::new("/debs"));
        assert_eq!(config.trebuchet_bin.unwrap(), Path::new("trebuchet"));
    }

    #[test]
    fn hosts_and_key_files_are_one_or_many() {
        let hosts =
            |text| parse(text).config.connection.hosts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(hosts("hosts: root@a\n"), ["root@a"]);
        assert_eq!(hosts("hosts: [a, 'unix:///run/b']\n"), ["a", "unix:///run/b"]);
        assert_eq!(hosts("hosts:\n"), [""; 0]);
        assert_eq!(parse("key_filename: k\n").config.connection.key_filename, [Path::new("/srv/conf/k")]);
    }

    #[test]
    fn unknown_keys_are_warned_about_with_the_nearest_known_one() {
        let warnings = parse("meta_pth: x\nprojects: {web: {rul: /a}}\n").warnings;
        assert_eq!(
            warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "/srv/conf/gachette.yml:1:1: unknown key `meta_pth`; did you mean `meta_path`?",
                "/srv/conf/gachette.yml:2:18: unknown key `projects.web.rul`; did you mean `url`?",
            ]
        );
    }

    /// Wrong configurations with what is said of them, behind the file's name.
    const WRONG: &[(&str, &str)] = &[
        ("port: many\n", "1:7: `port` takes a port number from 1 to 65535, not `many`"),
        ("user: me\nport: 70000\n", "2:7: `port` takes a port number from 1 to 65535, not `70000`"),
        ("timeout: 1.5\n", "1:10: `timeout` takes a whole number of seconds, not `1.5`"),
        ("parallel: 7\n", "1:11: `parallel` takes true or false, not `7`"),
        ("hosts: {a: b}\n", "1:8: `hosts` takes text or a list of texts, not a map"),
        ("hosts:\n- a\n- [b]\n", "3:3: `hosts` takes text or a list of texts, not a list"),
        ("meta_path: [/a]\n", "1:12: `meta_path` takes text, not a list"),
        ("meta_path: \"a\\nb\"\n", "1:12: line breaks and control characters are not allowed here"),
        ("domain: ../x\n", "1:9: `domain`: "),
        ("shell: bash -l -c; id\n", "1:8: `shell`: `bash -l -c; id` is no shell: it may hold"),
        ("projects: [web]\n", "1:11: `projects` takes a map of projects by their names, not a list"),
        (
            "projects: {web: /url}\n",
            "1:17: `projects.web` takes keys such as `url`, not `/url`; write `projects.web.url: /url`",
        ),
        ("projects:\n  web:\n", "2:6: `projects.web` takes keys such as `url`, not nothing; write"),
        ("projects: {/web: {}}\n", "1:12: `projects./web`: "),
        ("projects.web.url: ext::sh\n", "1:19: `projects.web.url`: "),
        (
            "projects.web.url: shop\n",
            "1:19: `projects.web.url`: `shop` is no address of a git repository: a path of this machine must begin \
             with `/`; write `./shop` for a path that starts at the configuration file",
        ),
        ("projects.web.ref: --upload-pack=x\n", "1:19: `projects.web.ref`: "),
        (
            "projects.web.compression: gz\n",
            "1:27: `gz` is not one of `xz`, `zstd` and `gzip`; did you mean `xz`?",
        ),
        ("a: 1\na: 2\n", "2:1: `a` is given twice; keep one of them"),
        (
            "projects.web.url: /a\nprojects: {web: {url: /b}}\n",
            "2:18: `url` is given twice, once dotted and once nested; keep one of them; the other is in line 1",
        ),
        ("- a\n", "1:1: a configuration is a map of keys and values, not a list; write lines such as"),
        ("just text\n", "1:1: a configuration is a map of keys and values, not text"),
        ("[gachette]\nmeta_path=/x\n", "1:1: this is no YAML: it looks like an INI file; write"),
        (
            "user: {{ me }}\n",
            "1:7: a key must be text, not a list or a map; quote a value that begins with `{`",
        ),
        ("a: b: c\n", "1:"),
        ("a: [1\n", "1:"),
        ("a:\n\tb: 1\n", "2:"),
        (
            "user: !!python/object/apply:os.system [ls]\n",
            "1:39: the YAML tag `!!python/object/apply:os.system`",
        ),
        (
            "user: a\n---\nuser: b\n",
            "2:1: a second YAML document begins here; a configuration is one document",
        ),
        ("hosts: [a, -x]\n", "1:8: `hosts`: `-x` is no host: a name must not begin with `-`"),
        ("gateway: 'a b'\n", "1:10: `gateway`: `a b` is no host"),
        ("a.b.c.d.e.f.g.h.i: 1\n", "1:1: no key has as many parts as `a.b.c.d.e.f.g.h.i`"),
    ];

    #[test]
    fn what_is_wrong_is_said_with_file_line_column_and_value() {
        for (text, expected) in WRONG {
            let message = refused(text);
            let said = message
                .strip_prefix("/srv/conf/gachette.yml:")
                .unwrap_or_else(|| panic!("{text}: {message}"));
            assert!(said.starts_with(expected), "{text}: {said}");
        }
        let file = Path::new("g.yml");
        let message = read(b"user: \xff\n", Some(file), &[]).unwrap_err().to_string();
        assert!(message.starts_with("g.yml:1:7: the configuration is not UTF-8 here"), "{message}");
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let said = refused("port: x\nparallel: y\nwarn_only: z\n");
        assert_eq!(said.lines().count(), 2, "{said}");
    }

    #[test]
    fn what_set_says_wins_and_is_named_when_it_is_wrong() {
        let set = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            read(b"parallel: false\nprojects.web.url: /a\nhosts: [a]\n", Some(Path::new("g.yml")), &pairs)
        };
        let config = set(&[("parallel", "yes"), ("projects.web.ref", "main"), ("hosts", "")]).unwrap().config;
        let web = &config.projects["web"];
        assert_eq!((config.connection.parallel, config.connection.hosts.len()), (true, 0));
        assert_eq!(
            (web.url.as_ref().unwrap().as_str(), web.reference.as_ref().unwrap().as_str()),
            ("/a", "main")
        );
        let wrong = [
            (("port", "lots"), "--set port: `port` takes a port number from 1 to 65535, not `lots`"),
            (("projects.web.ref", "-x"), "--set projects.web.ref: `projects.web.ref`: "),
            (("projects.web", "/a"), "--set projects.web: `projects.web` takes keys such as `url`, not `/a`"),
            (("hosts", "[a"), "--set hosts: `[a` is no list; write"),
        ];
        for (pair, expected) in wrong {
            let said = set(&[pair]).unwrap_err().to_string();
            assert!(said.starts_with(expected), "{said}");
        }
        let warnings = set(&[("prot", "22")]).unwrap().warnings;
        assert_eq!(warnings[0].to_string(), "--set prot: unknown key `prot`; did you mean `port`?");
    }

    #[test]
    fn a_part_of_a_base_may_be_set_by_itself_and_the_whole_is_looked_at() {
        let set = |text: &str, pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            read(text.as_bytes(), Some(Path::new("g.yml")), &pairs)
        };
        let file = "bases: {b: {packages: /p}}\n";
        for no in ["no", "false", "off"] {
            let config =
                set(file, &[("bases.b.recommends", no), ("bases.b.architectures", "[arm64, amd64]")]);
            let base = &config.unwrap().config.bases[0];
            assert!(
                !base.recommends && base.architectures.len() == 2 && base.packages == [Path::new("/p")],
                "{base:?}"
            );
        }
        let config = set("bases.b.recommends: false\n", &[("bases.b.packages", "/p")]).unwrap().config;
        assert!(!config.bases[0].recommends);
        let config =
            set(file, &[("bases.b.packages", ""), ("bases.b.sources", "/s.sources")]).unwrap().config;
        assert!(config.bases[0].packages.is_empty() && config.bases[0].sources.is_some());
        for (text, pairs, expected) in [
            (
                "",
                &[("bases.x.architectures", "amd64")][..],
                "--set bases.x.architectures: `bases.x` takes either",
            ),
            (file, &[("bases.b.sources", "/s.sources")], "g.yml:1:13: `bases.b` takes either"),
            (
                file,
                &[("bases.b.recommends", "maybe")],
                "--set bases.b.recommends: `bases.b.recommends` takes true or false",
            ),
        ] {
            let said = set(text, pairs).unwrap_err().to_string();
            assert!(said.starts_with(expected), "{said}");
        }
        let warnings = set(file, &[("bases.b.architectures", "amd64"), ("i386", "true")]).unwrap().warnings;
        assert_eq!(
            warnings[0].to_string(),
            "--set i386: unknown key `i386`; a comma in a value is written `\\,`"
        );
        let warnings =
            set(file, &[("bases.b.architectures", "amd64"), ("bases.b.suite", "bookworm")]).unwrap().warnings;
        assert_eq!(warnings[0].to_string(), "--set bases.b.suite: unknown key `bases.b.suite`");
    }

    #[test]
    fn a_domain_that_looks_like_a_number_is_text() {
        assert_eq!(parse("domain: 2024\n").config.domain.to_string(), "2024");
    }
}
