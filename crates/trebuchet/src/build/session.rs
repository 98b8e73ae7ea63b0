//! One build or one staging: the missile read, a private folder made, and every package put together in order.

use std::env;
use std::fs;
use std::path::PathBuf;

use gachette_core::missile::{Missile, PlannedPackage, Problem};

use super::origin::Origin;
use super::scratch::Scratch;
use super::{BuildError, BuildRequest, Event};
use crate::deb::DebPackage;
use crate::io_error::At as _;
use crate::lint::{read_missile, shell_problems};
use crate::process::Cancel;
use crate::report::Report;
use crate::stage::{Variant, Workshop};
use crate::templates::Templates;

/// A build under way.
pub(crate) struct Session<'a> {
    request: &'a BuildRequest,
    missile: Missile,
    warnings: Vec<Problem>,
    project: PathBuf,
    origin: Origin,
    scratch: Scratch,
}

/// The missile that a request names, and what is suspicious in it.
pub(super) fn missile(request: &BuildRequest) -> Result<(Missile, Vec<Problem>), BuildError> {
    let path = request.project.join(&request.missile);
    let text = read_missile(&path).map_err(BuildError::Missile)?;
    Missile::parse_bytes(&text).map_err(|problems| BuildError::Recipe { path, problems })
}

impl<'a> Session<'a> {
    pub(crate) fn open(request: &'a BuildRequest, cancel: &Cancel) -> Result<Self, BuildError> {
        let (missile, warnings) = missile(request)?;
        // A script that dpkg's shell cannot read would be found out on the hosts.
        let problems = shell_problems(&missile);
        if !problems.is_empty() {
            return Err(BuildError::Recipe { path: request.project.join(&request.missile), problems });
        }
        let project = request.project.canonicalize().at(&request.project)?;
        let origin = Origin::find(request, &project, cancel)?;
        let folder = request.build_dir.clone().unwrap_or_else(env::temp_dir);
        fs::create_dir_all(&folder).at(&folder)?;
        let folder = folder.canonicalize().at(&folder)?;
        let scratch = Scratch::make(&folder, "trebuchet-")?;
        Ok(Self { request, missile, warnings, project, origin, scratch })
    }

    /// The time of everything in the packages, in seconds since 1970.
    pub(crate) fn mtime(&self) -> i64 {
        self.origin.mtime
    }

    /// Puts one package after the other together and hands each to `take`, which must be done with its files when it
    /// returns.
    pub(crate) fn each(
        &self,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event),
        mut take: impl FnMut(&PlannedPackage, DebPackage, &mut dyn FnMut(Event)) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let packages = self.missile.plan(&self.request.versions);
        let total = packages.len();
        on_event(Event::Planned { packages: packages.clone() });
        if let (Some(doubt), Some(first)) = (&self.origin.doubt, packages.first()) {
            on_event(Event::Warning { package: first.name.clone(), text: doubt.clone() });
        }
        for problem in &self.warnings {
            on_event(Event::RecipeWarning { problem: problem.clone() });
        }
        let workshop = Workshop {
            request: self.request,
            project: self.project.clone(),
            templates: Templates::new(&self.project),
            commit: self.origin.commit.clone(),
            mtime: self.origin.mtime,
            scratch: self.scratch.path(),
            cache: self.request.cache.clone().unwrap_or_else(|| cache_folder(self.scratch.path())),
        };
        let mut current = None;
        for (index, planned) in packages.iter().enumerate() {
            if cancel.is_cancelled() {
                return Err(BuildError::Cancelled);
            }
            let Some(recipe) = self.missile.variants.get(planned.variant) else { continue };
            let variant = match current.take() {
                Some((number, variant)) if number == planned.variant => variant,
                _ => Variant::new(&workshop, recipe),
            };
            let (_, variant) = current.insert((planned.variant, variant));
            let (name, version) = (planned.name.clone(), planned.version.clone());
            on_event(Event::PackageStarted { name, version, index, total });
            let package = variant
                .compose(planned, cancel, &mut Report::new(&planned.name, on_event))
                .map_err(|source| BuildError::stage(&planned.name, source))?;
            take(planned, package, on_event)?;
        }
        Ok(())
    }
}

/// Where environments are kept; without a home, in a folder that goes away with the build.
fn cache_folder(scratch: &std::path::Path) -> PathBuf {
    crate::user_cache().map_or_else(|| scratch.join("cache"), |folder| folder.join("trebuchet"))
}
