//! `build`: builds the packages of a working copy into the debs folder. No stack is touched.

use std::path::{Path, PathBuf};

use gachette_core::debian::Version;
use gachette_core::git::{Commit, WorkingCopyName};
use gachette_core::missile::Versions;
use trebuchet::SourceDate;
use trebuchet::deb::Compression;
use url::Url;

use super::inputs::Inputs;
use super::{BuiltPackage, Context, OperationError, Outcome, PackageState, external};
use crate::config::{Config, PackageCompression};
use crate::event::{Event, PlannedPackage};
use crate::working_copy::{MISSILE, WorkingCopy};

/// What to build.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The working copy; a configured project of this name gives what is not said.
    pub name: WorkingCopyName,
    /// The recipe's path in the working copy.
    pub path_to_missile: Option<String>,
    /// The version of the main package.
    pub app_version: Option<Version>,
    /// The version of the environment.
    pub env_version: Option<Version>,
    /// The version of services.
    pub service_version: Option<Version>,
    /// The version of static entries.
    pub static_version: Option<Version>,
    /// Where a POST is sent for each package.
    pub web_callback: Option<Url>,
}

/// Builds a working copy as it is.
///
/// # Errors
/// When there is no such working copy, no debs folder is configured, the build fails, or a package of the same version
/// is registered with other bytes.
pub fn build(context: &mut Context<'_>, request: &BuildRequest) -> Result<Outcome, OperationError> {
    // Built for a repository on another machine, packages wait in the builder's own folder.
    let workshop = context.config.repository_at.is_some().then(|| context.config.workshop()).transpose()?;
    let config = workshop.as_ref().unwrap_or(context.config);
    let copy = WorkingCopy::new(request.name.clone(), &config.working_copies);
    let prepared = copy.open("build", context.cancel, &mut context.working_copy(&copy))?;
    let default = Versions::default();
    let versions = Versions {
        app: request.app_version.clone().unwrap_or(default.app),
        env: request.env_version.clone().unwrap_or(default.env),
        service: request.service_version.clone().unwrap_or(default.service),
        static_files: request.static_version.clone().unwrap_or(default.static_files),
    };
    let project = config.project(request.name.as_str());
    let missile = choose_missile(context, request.path_to_missile.as_deref(), project.path_to_missile);
    let mut build = Build::new(config, prepared.path(), versions, missile)?;
    build.request.commit = Some(prepared.commit.to_string());
    build.request.web_callback = request.web_callback.clone();
    build.compress(project.compression);
    let products = build.run_and_place(context)?;
    Ok(Outcome { packages: products, ..Outcome::default() })
}

/// The recipe's path that was given, else the project's.
pub(super) fn choose_missile(
    context: &mut Context<'_>,
    given: Option<&str>,
    configured: Option<PathBuf>,
) -> Option<PathBuf> {
    let configured = configured.map(|path| path.display().to_string());
    context.chosen("the missile", given.map(str::to_owned), configured).map(PathBuf::from)
}

/// A build that is set up and not yet run.
pub(super) struct Build {
    pub(super) request: trebuchet::BuildRequest,
    missile: String,
    /// `SOURCE_DATE_EPOCH`, when it is set.
    epoch: Option<String>,
    builder: Option<PathBuf>,
    repository: Option<crate::repository::Repository>,
    debs: PathBuf,
}

/// A package file that was built, not yet in the debs folder.
pub(super) struct Product {
    pub(super) package: BuiltPackage,
    pub(super) path: PathBuf,
}

impl Build {
    pub(super) fn new(
        config: &Config,
        project: &Path,
        versions: Versions,
        missile: Option<PathBuf>,
    ) -> Result<Self, OperationError> {
        let missile = missile.unwrap_or_else(|| PathBuf::from(MISSILE));
        let inside = missile.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let Some(text) = missile.to_str().filter(|text| inside && !text.chars().any(char::is_control)) else {
            let shown = missile.display().to_string();
            return Err(OperationError::Invalid(format!(
                "the path of the missile `{}` does not lead into the working copy",
                shown.escape_debug()
            )));
        };
        let debs = config.debs_folder()?;
        let mut request = trebuchet::BuildRequest::new(project, &missile, &debs);
        request.versions = versions;
        let repository = config.meta_path.as_ref().map(|_| config.made_repository()).transpose()?;
        Ok(Self {
            request,
            missile: text.to_owned(),
            epoch: None,
            builder: config.trebuchet_bin.clone(),
            repository,
            debs,
        })
    }

    /// Packages are compressed like this.
    pub(super) fn compress(&mut self, compression: PackageCompression) {
        self.request.compression = match compression {
            PackageCompression::Xz => Compression::XZ,
            PackageCompression::Zstd => Compression::ZSTD,
            PackageCompression::Gzip => Compression::Gzip,
        };
    }

    /// Everything in the packages gets the commit's time, unless `SOURCE_DATE_EPOCH` says another one.
    ///
    /// # Errors
    /// When that is no time.
    pub(super) fn date(&mut self, commit_time: i64) -> Result<(), OperationError> {
        let asked = SourceDate::find()?;
        self.request.mtime = Some(asked.as_ref().map_or(commit_time, |asked| asked.time.as_second()));
        self.epoch = asked.map(|asked| asked.text);
        Ok(())
    }

    /// What decides the content of the packages.
    pub(super) fn inputs(&self, commit: &Commit) -> gachette_core::Sha256Digest {
        let builder = self.builder.as_deref().map(Path::to_string_lossy);
        Inputs {
            commit,
            missile: &self.missile,
            versions: &self.request.versions,
            architecture: std::env::consts::ARCH,
            compression: format!("{:?}", self.request.compression),
            epoch: self.epoch.as_deref(),
            builder: builder.as_deref(),
        }
        .digest()
    }

    /// The SHA-256 of the recipe's file.
    pub(super) fn recipe_digest(&self) -> Option<gachette_core::Sha256Digest> {
        let path = self.request.project.join(&self.request.missile);
        let text = trebuchet::read_regular(&path, u64::MAX).ok()?;
        Some(gachette_core::Sha256Digest::of(&text))
    }

    /// The packages that the recipe makes, in build order.
    pub(super) fn plan(&self) -> Result<Vec<PlannedPackage>, OperationError> {
        let planned = trebuchet::plan(&self.request)?;
        Ok(planned.into_iter().map(|p| PlannedPackage { name: p.name, version: p.version }).collect())
    }

    /// Builds into `output`, which is empty.
    pub(super) fn run(
        &mut self,
        context: &mut Context<'_>,
        output: &Path,
    ) -> Result<Vec<Product>, OperationError> {
        self.request.output = output.to_owned();
        let packages = match self.builder.clone() {
            Some(builder) => external::run(context, &builder, &self.request)?,
            None => self.run_built_in(context)?,
        };
        let product = |package: BuiltPackage| Product { path: output.join(&package.file_name), package };
        Ok(packages.into_iter().map(product).collect())
    }

    /// Says how these were built; or warns that it cannot be said, which is no reason to be without them.
    pub(super) fn describe(
        &self,
        context: &mut Context<'_>,
        products: &[Product],
    ) -> Option<trebuchet::BuildinfoFile> {
        let product = |product: &Product| trebuchet::BuildProduct {
            package: product.package.name.clone(),
            architecture: product.package.architecture.clone(),
            path: product.path.clone(),
        };
        let mut request = self.request.clone();
        // Another builder knows of no time but that of the environment.
        request.mtime = request.mtime.filter(|_| self.builder.is_none());
        let described = trebuchet::buildinfo(&request, &products.iter().map(product).collect::<Vec<_>>());
        described.map_err(|error| context.warn(format!("there is no .buildinfo: {error}"))).ok()
    }

    /// The recipe's path in the working copy.
    pub(super) fn missile(&self) -> &str {
        &self.missile
    }

    fn run_built_in(&self, context: &mut Context<'_>) -> Result<Vec<BuiltPackage>, OperationError> {
        let mut packages = Vec::new();
        let on_event = &mut *context.on_event;
        trebuchet::build(&self.request, context.cancel, &mut |event| {
            let event = translate(event);
            if let Event::Built { package } = &event {
                packages.push(package.clone());
            }
            on_event(event);
        })?;
        Ok(packages)
    }

    /// Builds beside the debs folder's files, and moves them there when all of them are finished.
    fn run_and_place(&mut self, context: &mut Context<'_>) -> Result<Vec<BuiltPackage>, OperationError> {
        if let Some(repository) = self.repository.clone() {
            let staging = repository.staging()?;
            let products = self.run(context, staging.path())?;
            let described = self.describe(context, &products);
            products.iter().try_for_each(|product| repository.place(&product.path).map(drop))?;
            self.put_beside(described)?;
            return Ok(products.into_iter().map(|product| product.package).collect());
        }
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |source| OperationError::Io { path, source }
        };
        std::fs::create_dir_all(&self.debs).map_err(failed(&self.debs))?;
        let staging = tempfile::Builder::new().prefix(".building-").tempdir_in(&self.debs);
        let staging = staging.map_err(failed(&self.debs))?;
        let products = self.run(context, staging.path())?;
        let described = self.describe(context, &products);
        for product in &products {
            let target = self.debs.join(&product.package.file_name);
            std::fs::rename(&product.path, &target).map_err(failed(&target))?;
        }
        self.put_beside(described)?;
        Ok(products.into_iter().map(|product| product.package).collect())
    }
}

impl Build {
    /// Writes how packages were built beside them.
    fn put_beside(&self, described: Option<trebuchet::BuildinfoFile>) -> Result<(), OperationError> {
        let Some(file) = described else { return Ok(()) };
        let path = self.debs.join(&file.name).display().to_string();
        file.write(&self.debs).map_err(|source| OperationError::Io { path, source })?;
        Ok(())
    }
}

/// What the builder tells, in the words of the operations.
fn translate(event: trebuchet::Event) -> Event {
    use trebuchet::Event as Told;
    match event {
        Told::Planned { packages } => Event::Planned {
            packages: packages
                .into_iter()
                .map(|p| PlannedPackage { name: p.name, version: p.version })
                .collect(),
        },
        Told::PackageStarted { name, index, total, .. } => Event::Started { name, index: index + 1, total },
        Told::Step { package, text } => Event::Step { name: Some(package), text },
        Told::Output { line, .. } => Event::Output { line },
        Told::RecipeWarning { problem } => {
            let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
            Event::Warning { text: format!("missile {problem}{hint}") }
        }
        Told::Warning { package, text } => Event::Warning { text: format!("{package}: {text}") },
        Told::PackageBuilt { package, duration } => Event::Built {
            package: BuiltPackage {
                name: package.name,
                version: package.version,
                architecture: package.architecture,
                file_name: package.file_name,
                size: package.size,
                sha256: package.sha256,
                state: PackageState::Built,
                milliseconds: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            },
        },
        Told::CallbackFailed { package, reason, attempt, again } => {
            let next = if again { "trying again" } else { "giving up; the build goes on" };
            Event::Warning {
                text: format!("web callback for {package}, attempt {attempt}: {reason}; {next}"),
            }
        }
    }
}
