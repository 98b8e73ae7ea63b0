//! `gachette package where`

use std::str::FromStr;

use clap::Args;
use gachette::repository::{ChannelWithPackage, Span, StackWithPackage, Standing};
use gachette_core::debian::{PackageName, Version};
use gachette_http::wire::PackagePlaces;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, table};
use crate::session::Session;

/// Show which stacks and channels have a package
///
/// Sealed stacks are among them; deleted ones held it before, and are shown with `--all`.
#[derive(Debug, Clone, Args)]
pub(crate) struct WhereArgs {
    /// The package, in any version or in one
    #[arg(value_name = "NAME[=VERSION]")]
    package: Sought,

    /// The version, when it does not stand behind the name
    #[arg(long)]
    version: Option<Version>,

    /// Also earlier revisions of stacks, stacks that were deleted, and where channels were before
    #[arg(long)]
    all: bool,
}

/// A package, in any version or in one, as apt-get takes it.
#[derive(Debug, Clone)]
struct Sought {
    name: PackageName,
    version: Option<Version>,
}

impl FromStr for Sought {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = match text.split_once('=') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let name = name.parse::<PackageName>().map_err(|error| error.to_string())?;
        let version = version.map(str::parse).transpose();
        Ok(Self {
            name,
            version: version.map_err(|error: gachette_core::debian::VersionError| error.to_string())?,
        })
    }
}

impl WhereArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Sought { name, version } = &self.package;
        let version = match (version, &self.version) {
            (Some(one), Some(other)) if one.as_str() != other.as_str() => {
                return Err(Failure::usage(format!("{one} and {other} are two versions; name one of them")));
            }
            (named, said) => named.as_ref().or(said.as_ref()),
        };
        let span = if self.all { Span::Ever } else { Span::Now };
        let errand = Errand::look(format!("see where package {name} is"));
        let places = session.client(&errand).await?.package_places(name, version, span).await?;
        session.output.warn_of_damage(&places.damaged);
        if places.stacks.is_empty() && places.channels.is_empty() {
            let package = version.map_or_else(|| name.to_string(), |it| format!("{name} {it}"));
            session.output.note(&match span {
                Span::Now => format!("no stack has {package} now; `--all` looks at earlier revisions too"),
                Span::Ever => format!("no stack ever had {package}"),
            });
        }
        session.output.result(&places, text)
    }
}

fn text(places: &PackagePlaces) -> String {
    if places.stacks.is_empty() && places.channels.is_empty() {
        return String::new();
    }
    let rows = places.stacks.iter().map(stack_row).chain(places.channels.iter().map(channel_row));
    table(&["in", "name", "version", "revision", "state"], rows)
}

fn stack_row(found: &StackWithPackage) -> Vec<String> {
    let revision = match found.first {
        Some(first) if first < found.revision => format!("{first}-{}", found.revision),
        _ => found.revision.to_string(),
    };
    let state = match found.standing {
        Standing::Open => "open",
        Standing::Sealed => "sealed",
        Standing::Earlier => "earlier",
        Standing::Deleted => "deleted",
    };
    row("stack", &found.stack.to_string(), &found.version, revision, state.to_owned())
}

fn channel_row(found: &ChannelWithPackage) -> Vec<String> {
    let state = match found.until {
        None => format!("since {}", moment(found.since)),
        Some(until) => format!("until {}", moment(until)),
    };
    row("channel", &found.channel.to_string(), &found.version, found.shows.to_string(), state)
}

fn row(kind: &str, name: &str, version: &Version, revision: String, state: String) -> Vec<String> {
    vec![kind.to_owned(), name.to_owned(), version.to_string(), revision, state]
}
