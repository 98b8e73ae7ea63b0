//! From plain values to a checked configuration, one key at a time, so that an error can name its key.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Config, ConfigError, Connection, Loaded, Project, document};

/// Reads a configuration file's text, with `--set` laid over it.
pub(super) fn read(
    text: &str,
    path: Option<&Path>,
    settings: &[(String, String)],
) -> Result<Loaded, ConfigError> {
    let file = path.map_or_else(|| "--set".to_owned(), |path| path.display().to_string());
    let mut map = document::parse(text, &file)?;
    for (key, value) in settings {
        document::set(&mut map, key, value);
    }
    let path = path.map(absolute);
    let base = path.as_deref().and_then(Path::parent).map(Path::to_owned);
    let mut keys = Keys { map, file: &file, base, prefix: String::new(), warnings: Vec::new() };
    let mut config = read_config(&mut keys)?;
    config.source = path;
    let warnings = keys.finish();
    Ok(Loaded { config, warnings })
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn read_config(keys: &mut Keys<'_>) -> Result<Config, ConfigError> {
    let default = Config::default();
    Ok(Config {
        source: None,
        meta_path: keys.path("meta_path")?,
        debs_path: keys.path("debs_path")?,
        trebuchet_bin: keys.program("trebuchet_bin")?,
        working_copies: keys.path("working_copies")?.unwrap_or(default.working_copies),
        domain: keys.parsed("domain")?.unwrap_or(default.domain),
        connection: read_connection(keys)?,
        projects: read_projects(keys)?,
    })
}

fn read_connection(keys: &mut Keys<'_>) -> Result<Connection, ConfigError> {
    Ok(Connection {
        hosts: keys.texts("hosts")?,
        user: keys.text("user")?,
        key_filename: keys.texts("key_filename")?.iter().map(|file| keys.rooted(file)).collect(),
        port: keys.number("port")?,
        gateway: keys.text("gateway")?,
        forward_agent: keys.flag("forward_agent")?.unwrap_or(true),
        use_ssh_config: keys.flag("use_ssh_config")?,
        timeout: keys.number("timeout")?,
        connection_attempts: keys.number("connection_attempts")?,
        keepalive: keys.number("keepalive")?,
        disable_known_hosts: keys.flag("disable_known_hosts")?.unwrap_or(false),
        parallel: keys.flag("parallel")?.unwrap_or(false),
        pool_size: keys.number("pool_size")?,
        warn_only: keys.flag("warn_only")?.unwrap_or(false),
        shell: keys.text("shell")?,
    })
}

fn read_projects(keys: &mut Keys<'_>) -> Result<IndexMap<String, Project>, ConfigError> {
    let mut projects = IndexMap::new();
    let Some(map) = keys.map("projects")? else {
        return Ok(projects);
    };
    for (name, value) in map {
        let key = format!("projects.{name}");
        name.parse::<gachette_core::git::WorkingCopyName>()
            .map_err(|error| keys.wrong(&key, error.to_string()))?;
        let Value::Object(map) = value else {
            return Err(keys.wrong(&key, "expected keys such as `url`".to_owned()));
        };
        let prefix = format!("{key}.");
        let base = keys.base.clone();
        let mut inner = Keys { map, file: keys.file, base, prefix, warnings: Vec::new() };
        let project = Project {
            url: inner.url()?,
            reference: inner.parsed("ref")?,
            path_to_missile: inner.text("path_to_missile")?.map(PathBuf::from),
            domain: inner.parsed("domain")?,
            compression: inner.typed("compression", "`xz`, `zstd` or `gzip`")?.unwrap_or_default(),
            version_scheme: inner
                .typed("version_scheme", "`rev`, `count` or `describe`")?
                .unwrap_or_default(),
        };
        keys.warnings.extend(inner.finish());
        projects.insert(name, project);
    }
    Ok(projects)
}

/// The keys of one map, taken one by one; what is left over at the end is unknown.
struct Keys<'a> {
    map: Map<String, Value>,
    file: &'a str,
    base: Option<PathBuf>,
    prefix: String,
    warnings: Vec<String>,
}

impl Keys<'_> {
    fn wrong(&self, key: &str, problem: String) -> ConfigError {
        ConfigError::Value { file: self.file.to_owned(), key: key.to_owned(), problem }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    fn typed<T: DeserializeOwned>(&mut self, key: &str, expected: &str) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let shown = value.to_string();
        let wrong =
            |_| self.wrong(&format!("{}{key}", self.prefix), format!("expected {expected}, got {shown}"));
        serde_json::from_value(value).map(Some).map_err(wrong)
    }

    fn map(&mut self, key: &str) -> Result<Option<Map<String, Value>>, ConfigError> {
        self.typed(key, "a map")
    }

    fn flag(&mut self, key: &str) -> Result<Option<bool>, ConfigError> {
        self.typed(key, "true or false")
    }

    fn number<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, ConfigError> {
        self.typed(key, "a number in its range")
    }

    /// Text; a number is taken as it is written (`domain: 2024`).
    fn text(&mut self, key: &str) -> Result<Option<String>, ConfigError> {
        if let Some(Value::Number(number)) = self.map.get(key) {
            let text = number.to_string();
            self.map.remove(key);
            return Ok(Some(text));
        }
        let text: Option<String> = self.typed(key, "text")?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// A list of texts, or one.
    fn texts(&mut self, key: &str) -> Result<Vec<String>, ConfigError> {
        if self.map.get(key).is_some_and(Value::is_string) {
            return Ok(self.text(key)?.into_iter().collect());
        }
        Ok(self.typed(key, "text or a list of texts")?.unwrap_or_default())
    }

    fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &str) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let wrong = |error: T::Err| self.wrong(&format!("{}{key}", self.prefix), error.to_string());
        text.parse().map(Some).map_err(wrong)
    }

    /// An address of a repository; `./x` and `../x` start at the file.
    fn url(&mut self) -> Result<Option<gachette_core::git::GitUrl>, ConfigError> {
        if let Some(Value::String(text)) = self.map.get_mut("url")
            && (text.starts_with("./") || text.starts_with("../") || text.starts_with("~/"))
        {
            let rooted = Self::rooted_at(self.base.as_deref(), text);
            *text = rooted.display().to_string();
        }
        self.parsed("url")
    }

    fn path(&mut self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text(key)?.map(|text| self.rooted(&text)))
    }

    /// A program: a path when it holds a slash, else a name to be found in `PATH`.
    fn program(&mut self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        let text = self.text(key)?;
        Ok(text.map(|text| if text.contains('/') { self.rooted(&text) } else { PathBuf::from(text) }))
    }

    fn rooted(&self, text: &str) -> PathBuf {
        Self::rooted_at(self.base.as_deref(), text)
    }

    /// A path that starts at the configuration file; `~/` is the user's home.
    fn rooted_at(base: Option<&Path>, text: &str) -> PathBuf {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        if let Some((home, rest)) = home.zip(text.strip_prefix("~/")) {
            return home.join(rest);
        }
        let text = text.strip_prefix("./").unwrap_or(text);
        base.map_or_else(|| absolute(Path::new(text)), |base| base.join(text))
    }

    /// Warnings about every key that nobody took.
    fn finish(self) -> Vec<String> {
        let known: &[&str] = if self.prefix.is_empty() { KEYS } else { PROJECT_KEYS };
        let mut warnings = self.warnings;
        for key in self.map.keys().filter(|key| !known.contains(&key.as_str())) {
            let nearest = gachette_core::nearest(key, known);
            let hint = nearest.map_or_else(String::new, |known| format!("; did you mean `{known}`?"));
            warnings.push(format!("{}: unknown key `{}{key}`{hint}", self.file, self.prefix));
        }
        warnings
    }
}

const KEYS: &[&str] = &[
    "connection_attempts",
    "debs_path",
    "disable_known_hosts",
    "domain",
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
    "shell",
    "timeout",
    "trebuchet_bin",
    "use_ssh_config",
    "user",
    "warn_only",
    "working_copies",
];

const PROJECT_KEYS: &[&str] = &["compression", "domain", "path_to_missile", "ref", "url", "version_scheme"];

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
        assert_eq!(parse("hosts: root@a\n").config.connection.hosts, ["root@a"]);
        assert_eq!(parse("hosts: [a, b]\n").config.connection.hosts, ["a", "b"]);
        assert_eq!(parse("key_filename: k\n").config.connection.key_filename, [Path::new("/srv/conf/k")]);
    }

    #[test]
    fn unknown_keys_are_warned_about_with_the_nearest_known_one() {
        let warnings = parse("meta_pth: x\nprojects: {web: {rul: /a}}\n").warnings;
        assert!(warnings[0].contains("`projects.web.rul`; did you mean `url`?"), "{warnings:?}");
        assert!(warnings[1].contains("`meta_pth`; did you mean `meta_path`?"), "{warnings:?}");
    }

    #[test]
    fn a_wrong_value_names_the_file_and_the_key() {
        for (text, key) in [
            ("port: many\n", "`port`"),
            ("port: 70000\n", "`port`"),
            ("parallel: 7\n", "`parallel`"),
            ("hosts: {a: b}\n", "`hosts`"),
            ("domain: ../x\n", "`domain`"),
            ("projects: [web]\n", "`projects`"),
            ("projects: {web: /url}\n", "`projects.web`"),
            ("projects: {/web: {}}\n", "`projects./web`"),
            ("projects.web.url: ext::sh\n", "`projects.web.url`"),
            ("projects.web.ref: --upload-pack=x\n", "`projects.web.ref`"),
        ] {
            let message = refused(text);
            assert!(
                message.starts_with("/srv/conf/gachette.yml") && message.contains(key),
                "{text}: {message}"
            );
        }
    }

    #[test]
    fn a_domain_that_looks_like_a_number_is_text() {
        assert_eq!(parse("domain: 2024\n").config.domain.to_string(), "2024");
    }
}
