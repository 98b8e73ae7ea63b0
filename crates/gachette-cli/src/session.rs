//! One run of the command line: the options, the configuration, and the client of the API that carries it out.

use std::io::IsTerminal;

use gachette::build_log::LogFolder;
use gachette::config::{Config, ConfigError, SearchPath};
use gachette::identity;
use gachette_core::stack::{StackName, StackRef};
use gachette_http::{Api, Build, BuildState, Client, router};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Failure;
use crate::options::Options;
use crate::output::Output;

/// What every command works with.
pub(crate) struct Session {
    /// The configuration in force.
    pub(crate) config: Config,
    /// The API.
    pub(crate) client: Client,
    /// Where results and messages go.
    pub(crate) output: Output,
    /// Whether every question is answered with yes.
    pub(crate) yes: bool,
}

impl Session {
    /// Loads the configuration, and connects to the API in this process.
    pub(crate) fn open(options: &Options) -> Result<Self, Failure> {
        let output = Output::new(options);
        let settings = options.settings();
        let loaded = Config::load(&SearchPath::of_this_process(), options.config.as_deref(), &settings);
        let loaded = loaded.map_err(unusable)?;
        for warning in &loaded.warnings {
            output.warn(&warning.to_string());
        }
        let config = loaded.config;
        Ok(Self { client: client(&config), config, output, yes: options.yes })
    }

    /// Refuses to do on this machine what is configured to happen on others.
    pub(crate) fn check_hosts(&self) -> Result<(), Failure> {
        if self.config.connection.hosts.is_empty() {
            return Ok(());
        }
        let message = "`hosts` is configured, and this version works on this machine alone";
        Err(Failure::configuration(message)
            .with_hint("take `hosts` out of the configuration, or say `--set hosts=`"))
    }

    /// The same session, with another configuration: for arguments that stand for settings.
    pub(crate) fn reconfigured(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.config.clone();
        change(&mut config);
        Self { client: client(&config), config, output: self.output, yes: self.yes }
    }

    /// A stack's name, in the configured domain when it names none.
    pub(crate) fn stack(&self, text: &str) -> Result<StackName, Failure> {
        StackName::parse_in(text, &self.config.domain).map_err(Failure::usage)
    }

    /// A stack or a revision of one, in the configured domain when it names none.
    pub(crate) fn stack_ref(&self, text: &str) -> Result<StackRef, Failure> {
        StackRef::parse_in(text, &self.config.domain).map_err(Failure::usage)
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

    /// Starts a build, draws its events, and waits for its end; an interrupt ends it.
    pub(crate) async fn carry_out(&self, order: &gachette_http::wire::StartBuild) -> Result<Build, Failure> {
        let mut interrupts = Interrupts::listen()?;
        let started = self.client.start(order).await?;
        let progress = self.output.progress();
        let follow = self.client.follow(&started.id, |event| progress.show(&event));
        tokio::pin!(follow);
        let build = tokio::select! {
            outcome = &mut follow => outcome,
            () = interrupts.next() => {
                self.client.cancel(&started.id).await?;
                tokio::select! {
                    outcome = &mut follow => outcome,
                    // Asked twice: what still runs gets no time to end in order.
                    () = interrupts.next() => {
                        trebuchet::process::kill_all();
                        return Err(Failure::interrupted());
                    }
                }
            }
        };
        progress.finish();
        let build = build?;
        match (build.state, build.problem.clone()) {
            (BuildState::Succeeded, _) => Ok(build),
            (_, Some(problem)) => Err(problem.into()),
            (_, None) => Err(Failure::fault(format!("build {} ended without saying why", build.id))),
        }
    }
}

/// The failure behind a configuration that cannot be used. All but the last of its mistakes are reported at once.
fn unusable(error: ConfigError) -> Failure {
    let ConfigError::Wrong { mistakes } = error else { return Failure::configuration(error) };
    let mut failures: Vec<Failure> = mistakes.into_iter().map(Failure::mistake).collect();
    let last = failures.pop();
    failures.iter().for_each(crate::output::report);
    last.unwrap_or_else(|| Failure::configuration("the configuration is wrong"))
}

fn client(config: &Config) -> Client {
    let api = Api::new(config.clone(), identity::author(), Some(LogFolder::of_this_user()));
    Client::in_process(router(api))
}

/// The wishes of the user or the system that this process end.
struct Interrupts {
    signals: [Signal; 3],
}

impl Interrupts {
    fn listen() -> Result<Self, Failure> {
        let [interrupt, terminate, hangup] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        Ok(Self { signals: [interrupt?, terminate?, hangup?] })
    }

    /// Returns with the next one.
    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
            _ = hangup.recv() => (),
        }
    }
}
