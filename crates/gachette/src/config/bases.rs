//! The distributions that stacks are meant for: `bases.NAME.…`, `base` and `domains.DOMAIN.base`.

use std::path::PathBuf;

use gachette_core::base::BaseName;
use gachette_core::debian::{Architecture, PackageName};
use gachette_core::stack::{Domain, NameError, RoleName};
use gachette_core::without_secrets;
use gachette_core::yaml::{Content, Entry, Node, Problem, values};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Config, keys::Keys};

/// The keys of a base.
const KEYS: &[&str] = &["architectures", "foreign", "keyring", "packages", "recommends", "sources"];
/// The keys of a domain.
const DOMAIN_KEYS: &[&str] = &["base", "roles"];
/// The architecture of hosts when none is configured.
const USUAL_ARCHITECTURE: &str = "amd64";

/// A distribution that stacks are meant for. Its lists of packages come from files, or from sources for apt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Base {
    /// `Packages` files of this machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PathBuf>,
    /// Sources for apt, which fetches and verifies what they name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<AptSources>,
    /// The keys that apt believes where the sources name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyring: Option<PathBuf>,
    /// The architectures of its hosts; stacks are checked for each.
    pub architectures: Vec<Architecture>,
    /// The architectures that its hosts take packages of besides their own (`dpkg --add-architecture`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<Architecture>,
    /// Whether its hosts install what packages recommend, as apt does unless `APT::Install-Recommends` is false.
    #[serde(default = "usually")]
    pub recommends: bool,
}

fn usually() -> bool {
    true
}

/// Sources for apt, in the format of deb822 (sources.list(5)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
pub enum AptSources {
    /// In a file.
    File(PathBuf),
    /// As text, which has more than one line.
    Text(String),
}

impl From<String> for AptSources {
    fn from(text: String) -> Self {
        if text.contains('\n') { Self::Text(text) } else { Self::File(text.into()) }
    }
}

impl AptSources {
    /// The same without what may be secret in an address of theirs.
    fn without_secrets(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(without_secrets(text).into_owned()),
            Self::File(_) => self.clone(),
        }
    }
}

impl From<AptSources> for String {
    fn from(sources: AptSources) -> Self {
        match sources {
            AptSources::File(path) => path.display().to_string(),
            AptSources::Text(text) => text,
        }
    }
}

/// What is configured for a domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DomainSettings {
    /// The base its stacks are meant for.
    pub base: Option<BaseName>,
    /// The roles of its hosts, in place of those of all domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Roles>,
}

/// Roles of hosts, each with the packages of a stack that only hosts with such a role have.
pub type Roles = IndexMap<RoleName, Vec<PackageName>>;

impl Config {
    /// The same as it may be shown, without what may be secret.
    pub fn without_secrets(&self) -> Self {
        let mut config = self.clone();
        for sources in config.bases.values_mut().filter_map(|base| base.sources.as_mut()) {
            *sources = sources.without_secrets();
        }
        config
    }

    /// The base that the stacks of a domain are meant for.
    pub fn base_of(&self, domain: &Domain) -> Option<&BaseName> {
        let own = self.domains.get(domain).and_then(|settings| settings.base.as_ref());
        own.or(self.base.as_ref())
    }

    /// The roles of the hosts that have stacks of a domain; when there is none, hosts have all of a stack.
    pub fn roles_of(&self, domain: &Domain) -> &Roles {
        let own = self.domains.get(domain).and_then(|settings| settings.roles.as_ref());
        own.unwrap_or(&self.roles)
    }
}

pub(super) fn read(keys: &mut Keys<'_>) -> IndexMap<BaseName, Base> {
    let bases = named(keys, "bases", "a map of bases by their names");
    bases.into_iter().map(|(name, entries, prefix)| (name, read_one(keys, entries, prefix))).collect()
}

pub(super) fn read_domains(keys: &mut Keys<'_>) -> IndexMap<Domain, DomainSettings> {
    let domains = named(keys, "domains", "a map of domains by their names");
    let read = |(name, entries, prefix)| {
        let keys = &mut keys.below(entries, prefix, DOMAIN_KEYS);
        let roles = keys.entry("roles").is_some().then(|| read_roles(keys));
        (name, DomainSettings { base: keys.parsed("base"), roles })
    };
    domains.into_iter().map(read).collect()
}

pub(super) fn read_roles(keys: &mut Keys<'_>) -> Roles {
    let Some(entry) = keys.entry("roles") else { return Roles::new() };
    let Some(entries) = entry.value.entries() else {
        keys.wrong("roles", &entry.value, "a map of roles, each with its packages");
        return Roles::new();
    };
    let known: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    let keys = &mut keys.inside("roles", entries, &known);
    let mut roles = Roles::new();
    for entry in entries {
        match entry.key.parse() {
            Ok(role) => {
                roles.insert(role, keys.parsed_list(&entry.key));
            }
            Err(error) => {
                let error: NameError = error;
                keys.problems
                    .push(Problem::error(entry.key_place, format!("`roles.{}`: {error}", entry.key)));
            }
        }
    }
    roles
}

/// The maps below a key, by names of their own kind, each with what stands before its keys.
fn named<'a, T: std::str::FromStr<Err: std::fmt::Display>>(
    keys: &mut Keys<'a>,
    key: &str,
    expected: &str,
) -> Vec<(T, &'a [Entry], String)> {
    let Some(entry) = keys.entry(key) else { return Vec::new() };
    let Some(entries) = entry.value.entries() else {
        keys.wrong(key, &entry.value, expected);
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let whole = format!("{key}.{}", entry.key);
        match (entry.key.parse(), entry.value.entries()) {
            (Ok(name), Some(entries)) => found.push((name, entries, format!("{whole}."))),
            (Ok(_), None) => keys.wrong(&whole, &entry.value, "a map of keys"),
            (Err(error), _) => {
                let error: T::Err = error;
                keys.problems.push(Problem::error(entry.key_place, format!("`{whole}`: {error}")));
            }
        }
    }
    found
}

/// What is wrong with bases as a whole, by their keys, once all that is said of them is put together.
pub(super) fn check_whole(root: &Node) -> Vec<(String, Problem)> {
    let bases = root.entries().unwrap_or_default().iter().find(|entry| entry.key == "bases");
    let mut wrong = Vec::new();
    for base in bases.and_then(|bases| bases.value.entries()).unwrap_or_default() {
        let Some(entries) = base.value.entries() else { continue };
        let has = |key: &str| {
            let entry = entries.iter().find(|entry| entry.key == key);
            entry.is_some_and(|entry| match &entry.value.content {
                Content::Null => false,
                Content::List(items) => !items.is_empty(),
                Content::Text(text) => !text.is_empty(),
                _ => true,
            })
        };
        if has("packages") == has("sources") {
            let key = format!("bases.{}", base.key);
            let message = format!("`{key}` takes either `packages` or `sources`");
            let place = entries.first().map_or(base.key_place, |entry| entry.key_place);
            wrong.push((key, Problem::error(place, message)));
        }
    }
    wrong
}

fn read_one(keys: &mut Keys<'_>, entries: &[Entry], prefix: String) -> Base {
    let keys = &mut keys.below(entries, prefix, KEYS);
    let packages: Vec<PathBuf> = keys.texts("packages").iter().map(|file| keys.rooted(file)).collect();
    let sources = keys.entry("sources").and_then(|entry| match &entry.value.content {
        Content::Text(text) if text.contains('\n') => {
            values::lines(&entry.value, keys.problems).map(AptSources::Text)
        }
        _ => keys.path("sources").map(AptSources::File),
    });
    let mut architectures = keys.parsed_list("architectures");
    if architectures.is_empty() {
        architectures.extend(USUAL_ARCHITECTURE.parse::<Architecture>());
    }
    let (keyring, foreign) = (keys.path("keyring"), keys.parsed_list("foreign"));
    let recommends = keys.flag("recommends").unwrap_or_else(usually);
    Base { packages, sources, keyring, architectures, foreign, recommends }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        let loaded = Config::parse(text, Path::new("/srv/conf/gachette.yml"));
        loaded.map(|loaded| loaded.config).map_err(|error| error.to_string())
    }

    const BOTH: &str = "\
bases:
  bookworm:
    sources: |
      Types: deb
      URIs: http://deb.example.org/debian
    keyring: keys/debian.gpg
    foreign: i386
  office:
    packages: [lists/Packages, /lists/more]
    architectures: [arm64, amd64]
    recommends: false
base: bookworm
domains: {office: {base: office, roles: {db: dh-db}}}
roles:
  web: [dh-web, dh-tool]
";

    #[test]
    fn a_base_has_files_or_sources_and_stands_for_domains() {
        let config = parse(BOTH).unwrap();
        let name = |name: &str| name.parse::<BaseName>().unwrap();
        let bookworm = &config.bases[&name("bookworm")];
        assert!(
            matches!(&bookworm.sources, Some(AptSources::Text(text)) if text.starts_with("Types: deb\nURIs"))
        );
        assert_eq!(bookworm.keyring.as_deref(), Some(Path::new("/srv/conf/keys/debian.gpg")));
        assert_eq!((bookworm.architectures[0].as_str(), bookworm.foreign[0].as_str()), ("amd64", "i386"));
        let office = &config.bases[&name("office")];
        assert_eq!(office.packages, [Path::new("/srv/conf/lists/Packages"), Path::new("/lists/more")]);
        let base_of = |domain: &str| config.base_of(&domain.parse().unwrap()).map(BaseName::as_str);
        assert_eq!((base_of("office"), base_of("web")), (Some("office"), Some("bookworm")));
        assert_eq!((bookworm.recommends, office.recommends), (true, false));
        let roles = |domain: &str| format!("{:?}", config.roles_of(&domain.parse().unwrap()));
        assert!(roles("web").contains("dh-tool") && !roles("office").contains("web"), "{}", roles("office"));
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&json).unwrap().bases, config.bases);
    }

    #[test]
    fn what_is_wrong_with_a_base_is_said() {
        for (text, said) in [
            ("bases: {bookworm: {}}\n", "`bases.bookworm` takes either `packages` or `sources`"),
            ("bases: {b: {packages: x, sources: y}}\n", "`bases.b` takes either `packages` or `sources`"),
            ("bases: {b: x}\n", "`bases.b` takes a map of keys, not `x`"),
            ("bases: {/b: {packages: x}}\n", "`bases./b`: "),
            ("bases: [b]\n", "`bases` takes a map of bases by their names, not a list"),
            (
                "bases: {b: {packages: x, architectures: any}}\n",
                "`bases.b.architectures`: `any` is no architecture",
            ),
            ("roles: web\n", "`roles` takes a map of roles, each with its packages, not `web`"),
            ("roles: {web: [Dh_x]}\n", "`roles.web`: `Dh_x` is no package name"),
            ("domains: {web: {roles: {a b: x}}}\n", "`roles.a b`: "),
            ("domains: {web: {base: a/b}}\n", "`domains.web.base`: "),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
