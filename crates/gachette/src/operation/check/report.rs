//! The answer, as a value: for people, and for programs as JSON.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use gachette_core::Sha256Digest;
use gachette_core::base::{BaseEntry, BaseList, BaseName};
use gachette_core::debian::{Architecture, PackageName};
use gachette_core::installability::{Explanation, Fact, NamedPackage};
use gachette_core::stack::{LowerPackage, RoleName, StackRef};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StackPart;

/// Whether packages of a stack can be installed together.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    /// Whether they can, on hosts of each architecture that was asked about.
    pub installable: bool,
    /// The stack, at an exact revision.
    pub stack: StackRef,
    /// The SHA-256 of what it holds.
    pub content: Sha256Digest,
    /// The stack that hosts have now, at an exact revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<StackRef>,
    /// The base.
    pub base: CheckedBase,
    /// Whether nothing was allowed to be missing that is recommended.
    pub recommends: bool,
    /// Whether hosts install what is recommended, as apt does unless told otherwise; then it is counted with what they have.
    pub takes_recommended: bool,
    /// The packages that were to be installed together.
    pub part: StackPart,
    /// The answer for each architecture and role.
    pub results: Vec<CheckResult>,
    /// Whether the answer was known from before.
    pub kept: bool,
    /// The packages that are lower than those that hosts have now, of that stack or of the base: they go there only with a pin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lower: Vec<LowerPackage>,
    /// What roles name and the stack has not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<AbsentPackages>,
}

/// Packages that a role names and a stack has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AbsentPackages {
    /// The role.
    pub role: RoleName,
    /// Their names.
    pub packages: Vec<PackageName>,
}

/// A base as it was at some time: what an answer is about.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CheckedBase {
    /// Its name.
    pub name: BaseName,
    /// The number of its entry.
    pub number: u64,
    /// When it was taken.
    pub time: Timestamp,
    /// Its lists of packages.
    pub lists: Vec<BaseList>,
}

/// The answer for hosts of one architecture, and of one role.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CheckResult {
    /// The architecture of the hosts.
    pub architecture: Architecture,
    /// Their role; none when it was not asked by roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// How many packages are to be installed together.
    pub packages: usize,
    /// Whether they can be.
    pub installable: bool,
    /// The packages of the stack that are to be installed together.
    #[serde(default)]
    pub own: Vec<NamedPackage>,
    /// The packages that every system has, since one of them is essential, and that are none of those.
    #[serde(default)]
    pub essential: Vec<NamedPackage>,
    /// The packages that come with them, beyond those that every system has: with those, nothing that anything needs is missing.
    pub brings: Vec<NamedPackage>,
    /// The packages that apt adds since they are recommended, with what these need.
    #[serde(default)]
    pub recommended: Vec<NamedPackage>,
    /// What is recommended and cannot be there too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Fact>,
    /// Why they cannot, each reason standing for itself, the shortest first.
    pub reasons: Vec<Explanation>,
    /// Whether hosts can go there from the stack that they have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forth: Option<Passage>,
    /// Whether they can go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Passage>,
}

/// Whether hosts can go from one stack to another without any package of the base having to go.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Passage {
    /// Whether they can.
    pub possible: bool,
    /// Why they cannot.
    pub reasons: Vec<Explanation>,
    /// What hosts have only since it is recommended, and can go there without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<NamedPackage>,
    /// What is recommended there and cannot be met, so that `apt-get upgrade` keeps back who says so; `dist-upgrade` does not, or, in
    /// a no, may remove something for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Fact>,
    /// What apt would take first, and is told to leave out, or to remove, lest it removes something else or keeps it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leave_out: Vec<NamedPackage>,
    /// What hosts get that is of neither stack and that they do not have yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brings: Vec<NamedPackage>,
    /// The packages that hosts have in a higher version, of the base or of the other stack: they go there only with a pin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lower: Vec<LowerPackage>,
}

/// A command that hosts need, since apt does not go there by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostCommand {
    /// The words.
    pub command: String,
    /// The hosts that need it; none when all do that were asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostKind>,
}

/// Hosts of one architecture, and of one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostKind {
    /// Their architecture.
    pub architecture: Architecture,
    /// Their role; none when it was not asked by roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
}

impl Display for HostKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.role {
            Some(role) => write!(f, "{}, role {role}", self.architecture),
            None => write!(f, "{}", self.architecture),
        }
    }
}

impl CheckReport {
    /// The answer in a sentence.
    pub fn verdict(&self) -> String {
        let (stack, base) = (&self.stack, format!("{}@{}", self.base.name, self.base.number));
        let fails = |passage: fn(&CheckResult) -> Option<&Passage>| {
            self.results.iter().filter_map(passage).any(|passage| !passage.possible)
        };
        match &self.from {
            _ if !self.results.iter().all(|result| result.installable) => {
                format!("stack {stack} cannot be installed on {base}")
            }
            None => format!("stack {stack} can be installed on {base}"),
            Some(from) if fails(|result| result.forth.as_ref()) => {
                format!("hosts that have stack {from} cannot go to stack {stack} on {base}")
            }
            Some(from) if fails(|result| result.back.as_ref()) => {
                format!("hosts that have stack {stack} cannot go back to stack {from} on {base}")
            }
            Some(from) => {
                format!("stack {stack} can be installed on {base}, and hosts go there from {from}, and back")
            }
        }
    }

    /// The commands that bring hosts there, where apt has to be told what it leaves out.
    pub(crate) fn commands(&self) -> Vec<HostCommand> {
        let forth = |result: &CheckResult| {
            let forth = result.forth.as_ref().filter(|forth| !forth.leave_out.is_empty())?;
            Some((forth.command(), result.hosts()))
        };
        self.host_commands(self.results.iter().filter_map(forth))
    }

    /// The commands by which hosts come back that do not by themselves, if nothing else is wrong.
    pub(crate) fn ways_back(&self) -> Option<Vec<HostCommand>> {
        let goes = |result: &CheckResult| {
            result.installable && result.forth.as_ref().is_none_or(|forth| forth.possible)
        };
        if !self.results.iter().all(goes) {
            return None;
        }
        let back = |result: &CheckResult| {
            let back = result.back.as_ref().filter(|back| !back.possible)?;
            let is_known = back.remove.is_empty() && !back.leave_out.is_empty();
            Some(is_known.then(|| (back.command(), result.hosts())))
        };
        let commands = self.results.iter().filter_map(back).collect::<Option<Vec<_>>>()?;
        Some(self.host_commands(commands))
    }

    /// Each command once, with the hosts that it is for, unless it is for all.
    fn host_commands(&self, commands: impl IntoIterator<Item = (String, HostKind)>) -> Vec<HostCommand> {
        let mut hosts_of: BTreeMap<String, Vec<HostKind>> = BTreeMap::new();
        for (command, hosts) in commands {
            hosts_of.entry(command).or_default().push(hosts);
        }
        let commands = hosts_of.into_iter().map(|(command, mut hosts)| {
            if hosts.len() == self.results.len() {
                hosts.clear();
            }
            HostCommand { command, hosts }
        });
        commands.collect()
    }

    /// The answer in a sentence, and the reasons, a line each.
    pub(crate) fn refusal(&self) -> String {
        let mut lines = vec![self.verdict()];
        let reasons = self.results.iter().flat_map(CheckResult::all_reasons).map(ToString::to_string);
        let passages = self.results.iter().flat_map(CheckResult::passages);
        for text in reasons.chain(passages.filter_map(Passage::advice)) {
            lines.extend(
                text.lines().map(str::to_owned).filter(|line| !lines.contains(line)).collect::<Vec<_>>(),
            );
        }
        lines.join("\n")
    }
}

impl CheckResult {
    /// The hosts that it is about.
    pub fn hosts(&self) -> HostKind {
        HostKind { architecture: self.architecture.clone(), role: self.role.clone() }
    }

    /// Why it cannot be installed, or be gone to, or be left again.
    fn all_reasons(&self) -> impl Iterator<Item = &Explanation> {
        self.reasons.iter().chain(self.passages().flat_map(|passage| &passage.reasons))
    }

    /// How apt installs this also where it does not go back on a choice of what is left out; none when it has no such choice.
    pub fn command(&self) -> Option<String> {
        let met_by = self.left_out.iter().flat_map(|fact| match fact {
            Fact::Needs { met_by, .. } => met_by.as_slice(),
            _ => &[],
        });
        let mut left_out: Vec<NamedPackage> = met_by.cloned().collect();
        left_out.sort();
        left_out.dedup();
        let (own, left_out) = (words(&self.own, ""), words(&left_out, "-"));
        (!left_out.is_empty()).then(|| format!("apt-get install{own}{left_out}"))
    }

    fn passages(&self) -> impl Iterator<Item = &Passage> {
        [&self.forth, &self.back].into_iter().flatten()
    }

    /// Whether nothing stands in the way.
    pub fn is_fine(&self) -> bool {
        self.installable && self.passages().all(|passage| passage.possible)
    }
}

impl Passage {
    /// What lets hosts go there that cannot as they are, when there is something.
    pub fn advice(&self) -> Option<String> {
        if !self.remove.is_empty() {
            let names = words(&self.remove, "");
            return Some(format!("it is only recommended, and out of the way after `apt-get remove{names}`"));
        }
        if self.possible || self.leave_out.is_empty() {
            return None;
        }
        let is_recommended = |reason: &Explanation| matches!(reason.facts.first(), Some(Fact::Needs { field, .. }) if field == "Recommends");
        let command = self.command();
        Some(match self.reasons.iter().all(is_recommended) {
            true => format!("it is only recommended, and left out by `{command}`"),
            false => format!("apt does not find it by itself; `{command}` does"),
        })
    }

    /// How apt brings hosts there when there is something that it has to leave out.
    pub fn command(&self) -> String {
        format!("apt-get dist-upgrade{}", words(&self.leave_out, "-"))
    }
}

/// Packages as apt-get is told of them, a blank before each and this after it.
fn words(packages: &[NamedPackage], suffix: &str) -> String {
    let word = |package: &NamedPackage| match package.foreign {
        true => format!(" {}:{}{suffix}", package.name, package.architecture),
        false => format!(" {}{suffix}", package.name),
    };
    packages.iter().map(word).collect()
}

impl CheckedBase {
    pub(super) fn of(entry: &BaseEntry) -> Self {
        Self { name: entry.base.clone(), number: entry.number, time: entry.time, lists: entry.lists.clone() }
    }
}
