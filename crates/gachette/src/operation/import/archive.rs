//! Packages of APT sources: the machine's own apt fetches them and believes them, in a root of its own.

use std::collections::BTreeSet;

use gachette_core::address_without_secrets;
use gachette_core::debian::Architecture;
use gachette_core::stack::Provenance;
use trebuchet::process::Process;

use super::fetching::Fetching;
use super::intake::Intake;
use super::offer::{Offer, offers};
use super::{Context, OperationError, RefusedFile};
use crate::base::{AptFolder, FetchedList, without_list};
use crate::config::{AptSources, Base};
use crate::event::Event;

/// How many packages are fetched before they are taken in.
const BATCH: usize = 50;
/// What apt is told where nobody signed.
const UNSIGNED: &str = "\
Acquire::AllowInsecureRepositories \"true\";
Acquire::AllowWeakRepositories \"true\";
APT::Get::AllowUnauthenticated \"true\";
";

/// Sources whose lists of packages were fetched.
pub(super) struct Archive {
    fetching: Fetching,
    lists: Vec<List>,
    /// What the lists name and cannot be taken.
    refused: Vec<RefusedFile>,
}

/// The packages of one list.
struct List {
    /// Where what describes the list lies, with a slash at the end.
    address: String,
    provenance: Provenance,
    offers: Vec<Offer>,
}

impl Archive {
    /// Has apt fetch the lists of these sources, and believe them unless they are not signed.
    pub(super) fn open(
        context: &mut Context<'_>,
        sources: &str,
        unsigned: bool,
        architectures: &[Architecture],
    ) -> Result<Self, OperationError> {
        let sources = super::sources::paragraphs(sources)?;
        let named = architectures;
        let architectures = wanted(context, named)?;
        let native = architectures.first().cloned().unwrap_or_else(Architecture::all);
        let base = Base {
            packages: Vec::new(),
            sources: None,
            keyring: None,
            architectures: architectures.clone(),
            foreign: Vec::new(),
            recommends: true,
        };
        let more = if unsigned { UNSIGNED } else { "" };
        context.tell(Event::Step { name: None, text: "lists of packages".to_owned() });
        let fetched = AptFolder::fetch(&AptSources::Text(sources), &base, more, context.cancel)?;
        let missing = fetched.skipped.iter().cloned();
        for text in missing.chain(without_list(named.iter(), &fetched.lists)) {
            context.tell(Event::Warning { text });
        }
        let accepted = accepted(named, &architectures, &fetched.lists);
        let (mut lists, mut refused) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for index in fetched.lists {
            let field = |name: &str| index.field(name).to_owned();
            let mut offers = offers(&index.file, &accepted, &mut refused)?;
            offers.retain(|offer| seen.insert(offer.clone()));
            let reference =
                [field("Suite"), field("Codename"), field("Release")].into_iter().find(|it| !it.is_empty());
            let provenance = Provenance {
                url: Some(address_without_secrets(&field("Repo-URI"))),
                reference: reference.map(|release| format!("{release}/{}", field("Component"))),
                gachette: Some(env!("CARGO_PKG_VERSION").to_owned()),
                ..Provenance::default()
            };
            lists.push(List { address: field("Base-URI"), provenance, offers });
        }
        let total: usize = lists.iter().map(|list| list.offers.len()).sum();
        if total == 0 && refused.is_empty() {
            let names: Vec<&str> = architectures.iter().map(Architecture::as_str).collect();
            return Err(OperationError::Invalid(format!(
                "the sources offer no package for {}; others are asked for with `--architecture`",
                names.join(", ")
            )));
        }
        refused.sort();
        refused.dedup();
        Ok(Self { fetching: Fetching { apt: fetched.root, native }, lists, refused })
    }

    /// Where the packages come from, for the report.
    pub(super) fn source(&self) -> String {
        let places: BTreeSet<&str> =
            self.lists.iter().filter_map(|list| list.provenance.url.as_deref()).collect();
        places.into_iter().collect::<Vec<_>>().join(" ")
    }

    /// Fetches what is not there yet, and takes it in.
    pub(super) fn take(
        &self,
        context: &mut Context<'_>,
        intake: &mut Intake<'_>,
    ) -> Result<(), OperationError> {
        let total: usize = self.lists.iter().map(|list| list.offers.len()).sum();
        for list in &self.lists {
            intake.come_from(list.provenance.clone());
            for batch in list.offers.chunks(BATCH) {
                let wanted = intake.wanted(batch)?;
                self.fetching.take(context, &list.address, wanted, intake)?;
                let text = format!("{} of {total} packages", intake.report().looked_at());
                context.tell(Event::Step { name: None, text });
            }
        }
        intake.refuse_all(self.refused.clone());
        Ok(())
    }
}

/// The architectures that are asked for, each once; without any that of the machine.
fn wanted(
    context: &Context<'_>,
    architectures: &[Architecture],
) -> Result<Vec<Architecture>, OperationError> {
    if architectures.iter().any(Architecture::is_all) {
        let reason = "packages for `all` come with those of any architecture: name one, or none".to_owned();
        return Err(OperationError::Invalid(reason));
    }
    let mut seen = BTreeSet::new();
    let wanted: Vec<_> = architectures.iter().filter(|it| seen.insert(*it)).cloned().collect();
    if !wanted.is_empty() {
        return Ok(wanted);
    }
    let native = Process::new("dpkg").arg("--print-architecture").output(context.cancel)?.text();
    Ok(vec![native.parse().map_err(|error| OperationError::Invalid(format!("dpkg: {error}")))?])
}

/// Whose packages are taken: those of the architectures that are named, or else also of those that the sources name.
fn accepted(
    named: &[Architecture],
    wanted: &[Architecture],
    lists: &[FetchedList],
) -> BTreeSet<Architecture> {
    let of_lists = lists.iter().filter_map(|list| list.field("Architecture").parse().ok());
    let of_sources = of_lists.filter(|_| named.is_empty());
    wanted.iter().cloned().chain([Architecture::all()]).chain(of_sources).collect()
}
