//! Packages of APT sources: the machine's own apt fetches them and believes them, in a root of its own.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use gachette_core::debian::{Architecture, PackageName, Paragraphs, Version};
use gachette_core::stack::Provenance;
use gachette_core::{Sha256Digest, address_without_secrets};
use trebuchet::process::Process;

use super::intake::Intake;
use super::{Context, OperationError};
use crate::base::AptFolder;
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
    apt: AptFolder,
    /// The one that apt takes for its own.
    native: Architecture,
    lists: Vec<List>,
}

/// The packages of one list.
struct List {
    provenance: Provenance,
    offers: Vec<Offer>,
}

/// A package that a list names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Offer {
    pub(super) name: PackageName,
    pub(super) version: Version,
    pub(super) architecture: Architecture,
    pub(super) sha256: Sha256Digest,
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
        let architectures = wanted(context, architectures)?;
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
        let (apt, fetched) = AptFolder::fetch(&AptSources::Text(sources), &base, more, context.cancel)?;
        let mut lists = Vec::new();
        let mut seen = BTreeSet::new();
        for index in fetched {
            let field = |name: &str| index.field(name).to_owned();
            let mut offers = offers(&index.file)?;
            offers.retain(|offer| seen.insert(offer.clone()));
            let reference =
                [field("Suite"), field("Codename"), field("Release")].into_iter().find(|it| !it.is_empty());
            let provenance = Provenance {
                url: Some(address_without_secrets(&field("Repo-URI"))),
                reference: reference.map(|release| format!("{release}/{}", field("Component"))),
                gachette: Some(env!("CARGO_PKG_VERSION").to_owned()),
                ..Provenance::default()
            };
            lists.push(List { provenance, offers });
        }
        let total: usize = lists.iter().map(|list| list.offers.len()).sum();
        if total == 0 {
            let names: Vec<&str> = architectures.iter().map(Architecture::as_str).collect();
            return Err(OperationError::Invalid(format!(
                "the sources offer no package for {}; others are asked for with `--architecture`",
                names.join(", ")
            )));
        }
        Ok(Self { apt, native, lists })
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
                self.fetch(context, &wanted, intake)?;
                let text = format!("{} of {total} packages", intake.report().looked_at());
                context.tell(Event::Step { name: None, text });
            }
        }
        Ok(())
    }

    fn fetch(
        &self,
        context: &mut Context<'_>,
        wanted: &[&Offer],
        intake: &mut Intake<'_>,
    ) -> Result<(), OperationError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let folder = self.apt.fresh_folder("fetched")?;
        // One that cannot be had must not keep the others away.
        if self.download(context, &folder, wanted).is_err() {
            for offer in wanted {
                let there = self.path_of(&folder, offer).exists();
                match if there { Ok(()) } else { self.download(context, &folder, &[offer]) } {
                    Ok(()) => {}
                    Err(_) if context.cancel.is_cancelled() => return Err(OperationError::Cancelled),
                    Err(error) => {
                        let said = error.to_string();
                        let reason = said.lines().find(|line| line.trim_start().starts_with("E: "));
                        intake.refuse_offer(offer, reason.unwrap_or(&said).trim().to_owned());
                    }
                }
            }
        }
        let mut files: Vec<PathBuf> = wanted.iter().map(|offer| self.path_of(&folder, offer)).collect();
        files.retain(|path| path.exists());
        intake.take_all(&files, |_| Ok(()))
    }

    fn download(
        &self,
        context: &mut Context<'_>,
        folder: &Path,
        wanted: &[&Offer],
    ) -> Result<(), trebuchet::process::ProcessError> {
        let words: Vec<String> = wanted.iter().map(|offer| self.word(offer)).collect();
        let words: Vec<&str> = ["download"].into_iter().chain(words.iter().map(String::as_str)).collect();
        self.apt.apt("apt-get", &words).current_dir(folder).output(context.cancel).map(drop)
    }

    /// How apt-get is told of one file.
    fn word(&self, offer: &Offer) -> String {
        let Offer { name, version, architecture, .. } = offer;
        if architecture.is_all() || *architecture == self.native {
            format!("{name}={version}")
        } else {
            format!("{name}:{architecture}={version}")
        }
    }

    /// The name that apt-get gives a file.
    fn path_of(&self, folder: &Path, offer: &Offer) -> PathBuf {
        let Offer { name, version, architecture, .. } = offer;
        folder.join(format!("{name}_{version}_{architecture}.deb").replace(':', "%3a"))
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

/// What a list names. One that is not sound in itself was not believed by apt; a paragraph without a hash is left out.
fn offers(file: &Path) -> Result<Vec<Offer>, OperationError> {
    let failed = |source| OperationError::Io { path: file.display().to_string(), source };
    let mut offers = Vec::new();
    let mut paragraph = String::new();
    let mut lines = BufReader::new(File::open(file).map_err(failed)?).split(b'\n');
    loop {
        let line = lines.next().transpose().map_err(failed)?;
        match &line {
            Some(line) if !line.is_empty() => {
                paragraph.push_str(&String::from_utf8_lossy(line));
                paragraph.push('\n');
            }
            _ => {
                offers.extend(offer(&paragraph));
                paragraph.clear();
            }
        }
        if line.is_none() {
            return Ok(offers);
        }
    }
}

fn offer(paragraph: &str) -> Option<Offer> {
    let fields = Paragraphs::new(paragraph).next()?.ok()?;
    let field = |name: &str| fields.get(name).map(|value| value.into_owned());
    Some(Offer {
        name: field("Package")?.parse().ok()?,
        version: field("Version")?.parse().ok()?,
        architecture: field("Architecture")?.parse().ok()?,
        sha256: field("SHA256")?.parse().ok()?,
    })
}
