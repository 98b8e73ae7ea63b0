//! Why packages cannot be installed: the facts that cannot all hold, as data and in words.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Facts of which no one can be left out, and that cannot all hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The facts, each following from those before it as far as they do.
    pub facts: Vec<Fact>,
    /// The packages to be installed that it keeps from being so.
    pub concerns: Vec<NamedPackage>,
}

/// A package, as it is told to people and programs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct NamedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
    /// Where it comes from, unless it is one of those that were asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Whether its architecture is not the host's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

/// Something that has to hold for packages to be installed together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A package is to be installed.
    Wanted {
        /// Which.
        package: NamedPackage,
    },
    /// A package is installed and has to stay.
    Kept {
        /// Which.
        package: NamedPackage,
        /// The package because of whose recommendation it is there, when nothing needs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recommended_by: Option<NamedPackage>,
        /// Whether it may go, and apt may keep it all the same.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        may_go: bool,
    },
    /// One of these has to be there, since their name is essential.
    Essential {
        /// The packages.
        packages: Vec<NamedPackage>,
    },
    /// A package needs another.
    Needs {
        /// The package.
        package: NamedPackage,
        /// The field that says so.
        field: String,
        /// The relation, with its alternatives.
        relation: String,
        /// Who meets it.
        met_by: Vec<NamedPackage>,
        /// Packages of that name that do not meet it.
        short: Vec<NamedPackage>,
        /// Packages that would meet it, but of which another version is taken.
        passed_over: Vec<NamedPackage>,
    },
    /// A package cannot be there together with another.
    Against {
        /// The package.
        package: NamedPackage,
        /// The field that says so.
        field: String,
        /// The relation.
        relation: String,
        /// The other package.
        other: NamedPackage,
    },
    /// Two packages of one name.
    Same {
        /// One.
        package: NamedPackage,
        /// The other.
        other: NamedPackage,
    },
    /// A package with a field that cannot be read, which dpkg would refuse.
    Unreadable {
        /// The package.
        package: NamedPackage,
        /// The field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for NamedPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.foreign {
            write!(f, ":{}", self.architecture)?;
        }
        write!(f, " {}", self.version)?;
        match &self.origin {
            Some(origin) => write!(f, " ({origin})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wanted { package } => write!(f, "{package} is to be installed"),
            Self::Kept { package, may_go: true, .. } => {
                write!(f, "{package} is installed, and apt may keep it")
            }
            Self::Kept { package, recommended_by: None, .. } => {
                write!(f, "{package} is installed and has to stay")
            }
            Self::Kept { package, recommended_by: Some(by), .. } => {
                write!(f, "{package} is installed because of what {by} recommends, and has to stay")
            }
            Self::Essential { packages } => {
                write!(f, "{} is essential", listed(packages, " or "))
            }
            Self::Needs { package, field, relation, met_by, short, passed_over } => {
                let verb = if field == "Recommends" { "recommends" } else { "needs" };
                write!(f, "{package} {verb} {relation}")?;
                match (met_by.is_empty(), short.is_empty()) {
                    (false, _) => write!(f, ": {}", listed(met_by, " or "))?,
                    (true, true) if relation.contains('|') => f.write_str(", none of which exists")?,
                    (true, true) => f.write_str(", which does not exist")?,
                    (true, false) => {
                        let are = if short.len() == 1 { "is" } else { "are" };
                        write!(f, ", of which only {} {are} there", listed(short, " and "))?;
                    }
                }
                match passed_over.as_slice() {
                    [] => Ok(()),
                    others => {
                        write!(f, "; {} would do, but another version is taken", listed(others, " or "))
                    }
                }
            }
            Self::Against { package, field, relation, other } => {
                let verb = if field == "Breaks" { "breaks" } else { "conflicts with" };
                write!(f, "{package} {verb} {relation}, such as {other}")
            }
            Self::Same { package, other } => {
                write!(f, "{package} and {other} cannot be installed at the same time")
            }
            Self::Unreadable { package, field, reason } => {
                write!(f, "{package} cannot be installed, since its {field} cannot be read: {reason}")
            }
        }
    }
}

impl fmt::Display for Explanation {
    /// A line each; what is to be installed is only said of packages of which nothing else is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let speaks_of = |wanted: &NamedPackage| {
            self.facts.iter().any(|fact| match fact {
                Fact::Wanted { .. } | Fact::Kept { .. } | Fact::Essential { .. } => false,
                Fact::Needs { package, .. } | Fact::Unreadable { package, .. } => package == wanted,
                Fact::Against { package, other, .. } | Fact::Same { package, other } => {
                    package == wanted || other == wanted
                }
            })
        };
        let told = self.facts.iter().filter(|fact| match fact {
            Fact::Wanted { package } => !speaks_of(package),
            _ => true,
        });
        for (number, fact) in told.enumerate() {
            let line = if number == 0 { "" } else { "\n" };
            write!(f, "{line}{fact}")?;
        }
        Ok(())
    }
}

/// The most packages that are named in a line.
const MOST_NAMED: usize = 4;

fn listed(packages: &[NamedPackage], joint: &str) -> String {
    let mut names: Vec<String> = packages.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    if packages.len() > MOST_NAMED {
        names.push(format!("{} more", packages.len() - MOST_NAMED));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{}{joint}{last}", before.join(", ")),
        None => String::new(),
    }
}
