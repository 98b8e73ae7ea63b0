//! One run of the command line: the options, the configuration, and the client of the API that carries it out.

mod connection;
mod interrupts;

use std::io::IsTerminal;
use std::rc::Rc;

use gachette::config::{
    Config, ConfigError, Loaded, ProjectSource, Reader, RepositoryPlace, SearchPath, Signing,
};
use gachette_core::apt::Suite;
use gachette_core::git::GitRef;
use gachette_core::host::HostTarget;
use gachette_core::stack::{StackName, StackRef};
use gachette_http::Client;
use gachette_http::wire::CloneUrl;
use tokio::sync::OnceCell;

use crate::errand::Errand;
use crate::error::Failure;
use crate::options::Options;
use crate::output::Output;

pub(crate) use interrupts::{Interrupts, unless_interrupted};

use interrupts::Underway;

/// What every command works with.
#[derive(Clone)]
pub(crate) struct Session {
    /// The configuration in force.
    pub(crate) config: Config,
    /// Where it is carried out; this process when on no host.
    host: Option<HostTarget>,
    /// Whether arguments stood for settings.
    changed: bool,
    /// The keys of `--set` that others than this machine go by.
    set: Vec<(String, Reader)>,
    /// What was said of `ssh`, as long as nothing is reached by it.
    for_ssh: Option<String>,
    /// The API, once it was needed.
    client: Rc<OnceCell<Client>>,
    /// What the host was asked for last.
    underway: Underway,
    /// The session for the repository, when it is on another machine.
    repository: Option<Rc<Session>>,
    /// Where results and messages go.
    pub(crate) output: Output,
    /// Whether every question is answered with yes.
    pub(crate) yes: bool,
}

impl Session {
    /// Loads the configuration, and lays over it what was said of hosts. Nothing is connected to yet.
    pub(crate) fn open(options: &Options) -> Result<Self, Failure> {
        let output = Output::new(options);
        let loaded = Self::configuration(options).map_err(unusable)?;
        for warning in &loaded.warnings {
            output.warn(&warning.to_string());
        }
        let (settings, mut config) = (options.settings(), loaded.config);
        options.lay_over(&mut config.connection)?;
        let readers = settings.into_iter().map(|(key, _)| (Reader::of(&key), key));
        let elsewhere = |reader: &Reader| matches!(reader, Reader::Builder | Reader::Repository);
        let set = readers.filter(|(reader, _)| elsewhere(reader)).map(|(reader, key)| (key, reader));
        Ok(Self {
            config,
            host: None,
            changed: false,
            set: set.collect(),
            for_ssh: options.for_ssh(),
            client: Rc::default(),
            underway: Underway::default(),
            repository: None,
            output,
            yes: options.yes,
        })
    }

    /// The configuration: a file's, with `--set` over it.
    pub(crate) fn configuration(options: &Options) -> Result<Loaded, ConfigError> {
        Config::load(&SearchPath::of_this_process(), options.config.as_deref(), &options.settings())
    }

    /// The sessions for all hosts that are named, each one once, in order; this one when none is.
    pub(crate) fn hosts(self) -> Vec<Self> {
        let mut hosts: Vec<HostTarget> = Vec::new();
        for host in &self.config.connection.hosts {
            if !hosts.contains(host) {
                hosts.push(host.clone());
            }
        }
        let shared = hosts.len() > 1;
        let mut config = self.config.clone();
        if config.repository_at.is_some() {
            // These paths are those of the machine that has the repository.
            (config.meta_path, config.debs_path) = (None, None);
            config.signing = Signing::default();
        }
        let (set, for_ssh) = (self.set_for(Reader::Builder), self.of_no_use_to_ssh());
        let on = |host: HostTarget| Self {
            set: set.clone(),
            for_ssh: for_ssh.clone(),
            output: if shared { self.output.of_host(&host.to_string()) } else { self.output.clone() },
            host: Some(host),
            changed: self.changed,
            client: Rc::default(),
            underway: Underway::default(),
            config: config.clone(),
            yes: self.yes,
            repository: self.config.repository_at.is_some().then(|| Rc::new(self.at_repository())),
        };
        if hosts.is_empty() { vec![self] } else { hosts.into_iter().map(on).collect() }
    }

    /// The session on the machine that has the repository, when the configuration says which that is.
    pub(crate) fn at_repository(&self) -> Self {
        let host = match &self.config.repository_at {
            Some(RepositoryPlace::At(host)) => Some(host.clone()),
            Some(RepositoryPlace::Here) | None => None,
        };
        let output = self.output.clone();
        Self {
            config: self.config.clone(),
            host,
            changed: self.changed,
            set: self.set_for(Reader::Repository),
            for_ssh: self.of_no_use_to_ssh(),
            client: Rc::default(),
            underway: Underway::default(),
            output,
            yes: self.yes,
            repository: None,
        }
    }

    /// The keys of `--set` that this machine goes by: all of them, unless builders and the repository are apart.
    fn set_for(&self, reader: Reader) -> Vec<(String, Reader)> {
        let apart = self.config.repository_at.is_some();
        self.set.iter().filter(|(_, read_by)| !apart || *read_by == reader).cloned().collect()
    }

    /// What was said of `ssh`, when no machine that the command may go to is reached by it.
    fn of_no_use_to_ssh(&self) -> Option<String> {
        let by_ssh = |host: &HostTarget| matches!(host, HostTarget::Ssh(_));
        let repository = matches!(self.config.repository_at, Some(RepositoryPlace::At(HostTarget::Ssh(_))));
        let used = repository || self.config.connection.hosts.iter().any(by_ssh);
        self.for_ssh.clone().filter(|_| !used)
    }

    /// The session on the machine that has the repository, when that is not where this one builds.
    pub(crate) fn repository(&self) -> Option<&Self> {
        self.repository.as_deref()
    }

    /// The host it is carried out on.
    pub(crate) fn host(&self) -> Option<&HostTarget> {
        self.host.as_ref()
    }

    /// The API, connected to when it is asked for first. When a host fails, what it was asked for is told.
    pub(crate) async fn client(&self, errand: &Errand) -> Result<Client, Failure> {
        let client = || self.client.get_or_try_init(|| self.connect());
        let Some(host) = &self.host else { return client().await.cloned() };
        let unfinished = errand.unfinished_on(host);
        if !self.client.initialized() {
            self.underway.is(unfinished.clone().not_begun());
        }
        match client().await {
            Ok(client) => {
                self.underway.is(unfinished.clone());
                Ok(client.on_errand(unfinished))
            }
            Err(failure) if failure.is_of_host() => Err(failure.told_with(&unfinished.not_begun())),
            Err(failure) => Err(failure),
        }
    }

    /// What comes of work that this session has done on hosts: an interrupt gives it up where it stands, and it is told what that was. Who
    /// listens for interrupts himself is left to end in order.
    pub(crate) async fn attended<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.underway.unless_interrupted(work).await
    }

    /// The same session, with other settings of the repository: for arguments that stand for them.
    pub(crate) fn reconfigured(&self, change: impl FnOnce(&mut Config)) -> Self {
        if let Some(repository) = &self.repository {
            return Self { repository: Some(Rc::new(repository.reconfigured(change))), ..self.clone() };
        }
        let mut config = self.config.clone();
        change(&mut config);
        let changed = config != self.config;
        let client = if changed { Rc::default() } else { Rc::clone(&self.client) };
        Self { client, config, changed: changed || self.changed, ..self.clone() }
    }

    /// A stack's name, in the configured domain when it names none.
    pub(crate) fn stack(&self, text: &str) -> Result<StackName, Failure> {
        StackName::parse_in(text, &self.config.domain).map_err(Failure::usage)
    }

    /// A stack or a revision of one, in the configured domain when it names none.
    pub(crate) fn stack_ref(&self, text: &str) -> Result<StackRef, Failure> {
        StackRef::parse_in(text, &self.config.domain).map_err(Failure::usage)
    }

    /// Says which stack was taken where a channel was named.
    pub(crate) fn note_shown(&self, named: &StackRef, taken: &StackRef) {
        if named.stack != taken.stack {
            self.output.note(&format!("channel {} shows stack {taken}", named.stack));
        }
    }

    /// A channel, in the configured domain when it names none.
    pub(crate) fn channel(&self, text: &str) -> Result<Suite, Failure> {
        Suite::parse_in(text, &self.config.domain).map_err(Failure::usage)
    }

    /// Asks before something is done that cannot be undone; without a terminal and without `--yes` the answer is no.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        let no =
            |why: &str| Failure::refused(format!("{question} {why}")).with_hint("say `--yes` to mean it");
        if !std::io::stdin().is_terminal() {
            return Err(no("nobody is there to say yes"));
        }
        self.output.ask(&format!("{question} [y/N] "));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(no("the answer was no")) }
    }

    /// Sends the project's commits, with those of the submodules that the ref needs, to the host, when they are configured to be
    /// pushed; whether they were.
    pub(crate) async fn push(
        &self,
        project: &str,
        url: Option<&CloneUrl>,
        reference: Option<&GitRef>,
    ) -> Result<bool, Failure> {
        let configured = self.config.project(project);
        if self.host.is_none() || configured.source == ProjectSource::Clone {
            return Ok(false);
        }
        let url = url.cloned().map(CloneUrl::into_url).or(configured.url).ok_or_else(|| {
            Failure::configuration(format!("project `{}` has no url to push from", project.escape_debug()))
        })?;
        self.output.note(&format!("  {project}: fetched here, and pushed to the host"));
        let cancel = gachette::Cancel::new();
        let reference = reference.or(configured.reference.as_ref());
        let errand = Errand::parts(
            format!("push the commits of {project}"),
            "nothing was built; the same command again sends what is not there",
        );
        let push = async { Ok(self.client(&errand).await?.push(&url, reference, &cancel, |_| ()).await?) };
        let outcome = unless_interrupted(push).await;
        if outcome.as_ref().is_err_and(Failure::is_interrupt) {
            cancel.cancel();
            trebuchet::process::kill_all();
        }
        outcome.map(|()| true)
    }
}

/// The failure behind a configuration that cannot be used, with all of its mistakes.
fn unusable(error: ConfigError) -> Failure {
    let ConfigError::Wrong { mistakes } = error else { return Failure::configuration(error) };
    let mut failures: Vec<Failure> = mistakes.into_iter().map(Failure::mistake).collect();
    let last = failures.pop().unwrap_or_else(|| Failure::configuration("the configuration is wrong"));
    last.after(failures)
}
