//! Has builds carried out by the API: followed to their end, or left to go on.

use gachette::event::Event;
use gachette::identity;
use gachette_core::host::HostTarget;
use gachette_http::wire::{ClientHello, StartBuild};
use gachette_http::{Build, BuildId, BuildState, Client, Problem, ProblemKind};
use tokio::sync::Notify;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::{Interrupts, Session, unless_interrupted};

impl Session {
    /// Starts a build, draws its events, and waits for its end; an interrupt ends it.
    pub(crate) async fn carry_out(&self, order: &StartBuild) -> Result<Build, Failure> {
        // From here on an interrupt is for us.
        let mut interrupts = Interrupts::listen()?;
        let begin = async {
            let client = self.client(&Errand::build(order)).await?;
            let started = client.start(order).await?;
            Ok::<_, Failure>((self.client(&Errand::started_build(order, &started.id)).await?, started))
        };
        let (client, started) = unless_interrupted(begin).await?;
        let progress = self.output.progress();
        let follow = client.follow(&started.id, |event| progress.show(&event));
        tokio::pin!(follow);
        let build = tokio::select! {
            outcome = &mut follow => outcome,
            () = interrupts.next() => {
                let end = async {
                    client.cancel(&started.id).await?;
                    follow.await
                };
                tokio::select! {
                    outcome = end => outcome,
                    // Asked twice: what still runs gets no time to end in order.
                    () = interrupts.next() => {
                        trebuchet::process::kill_all();
                        return Err(Failure::interrupted());
                    }
                }
            }
        };
        progress.finish();
        self.succeeded(build?, |kind| Errand::ended_build(order, kind))
    }

    /// Starts a build that goes on without us, and says how to look at it.
    pub(crate) async fn detach(&self, order: &StartBuild) -> Result<(), Failure> {
        let begin = async {
            let client = match self.host() {
                Some(_) => {
                    let doing = "begin a build that goes on without us";
                    self.client(&Errand::step(doing, "builds list")).await?
                }
                None => Client::background(&ClientHello::new(identity::author(), &self.config)).await?,
            };
            let build = client.start_detached(order).await?;
            Ok::<_, Failure>((client, build))
        };
        let (client, build) = unless_interrupted(begin).await?;
        let mut look = format!("  build {} goes on; `{}` shows it", build.id, self.follow_command(&build.id));
        if self.lends_agent(order) {
            self.output.note(&format!("{look}; until the commit is there, the agent is forwarded"));
            if let Some(ended) = self.until_prepared(&client, &build.id, order).await? {
                look = format!("  build {} has {}", ended.id, ended.state);
            }
        }
        self.output.note(&look);
        self.output.result(&build, |build| build.id.to_string())
    }

    /// Draws the events of a build, of whichever process, and waits for its end; an interrupt ends only the waiting.
    pub(crate) async fn follow(&self, id: &BuildId) -> Result<Build, Failure> {
        let mut interrupts = Interrupts::listen()?;
        let errand = Errand::parts(
            format!("follow build {id}"),
            format!("`gachette builds show {id}` shows whether it goes on"),
        );
        let client = self.client(&errand).await?;
        let progress = self.output.progress();
        let outcome = tokio::select! {
            outcome = client.follow(id, |event| progress.show(&event)) => Some(outcome),
            () = interrupts.next() => None,
        };
        progress.finish();
        match outcome {
            Some(build) => {
                let build = build?;
                let order = build.order.clone();
                self.succeeded(build, |kind| order.map_or(errand, |order| Errand::ended_build(&order, kind)))
            }
            None => {
                let left = Problem::new(ProblemKind::Cancelled, format!("build {id} goes on without us"));
                Err(left.with_hint(format!("`{}`", self.follow_command(id))).into())
            }
        }
    }

    /// Follows a build until the commit is there; the build when it has ended by then. An interrupt ends only the waiting.
    async fn until_prepared(
        &self,
        client: &Client,
        id: &BuildId,
        order: &StartBuild,
    ) -> Result<Option<Build>, Failure> {
        let mut interrupts = Interrupts::listen()?;
        let (progress, prepared) = (self.output.progress(), Notify::new());
        let follow = client.follow(id, |event| {
            progress.show(&event);
            if matches!(event, Event::Prepared { .. }) {
                prepared.notify_one();
            }
        });
        let outcome = tokio::select! {
            outcome = follow => Some(outcome),
            () = prepared.notified() => None,
            () = interrupts.next() => None,
        };
        progress.finish();
        outcome.map(|build| self.succeeded(build?, |kind| Errand::ended_build(order, kind))).transpose()
    }

    /// Whether fetching what is ordered may need this machine's authentication agent, which is forwarded as long as we are there.
    fn lends_agent(&self, order: &StartBuild) -> bool {
        let fetches = match order {
            StartBuild::Prepare { pushed, .. } | StartBuild::Quick { pushed, .. } => !pushed,
            StartBuild::Make(order) => !order.pushed,
            StartBuild::Build(_) | StartBuild::Import(_) => false,
        };
        let is_lent = self.config.connection.forward_agent
            && std::env::var_os("SSH_AUTH_SOCK").is_some_and(|socket| !socket.is_empty());
        fetches && is_lent && matches!(self.host(), Some(HostTarget::Ssh(_)))
    }

    /// A build that did all that was asked for, or why it did not; and where, when that cannot be seen otherwise.
    fn succeeded(&self, build: Build, errand: impl FnOnce(ProblemKind) -> Errand) -> Result<Build, Failure> {
        let (id, state) = (build.id.clone(), build.state);
        succeeded(build).map_err(|failure| match self.host() {
            _ if state == BuildState::HandedBack => {
                failure.with_hint(format!("when the server is there again, `{}`", self.follow_command(&id)))
            }
            Some(host @ HostTarget::Ssh(_)) if !failure.is_interrupt() => {
                let unfinished = errand(failure.problem.kind).unfinished_on(host);
                failure.told_with(&unfinished)
            }
            _ => failure,
        })
    }

    /// What to say to follow a build.
    pub(crate) fn follow_command(&self, id: &BuildId) -> String {
        let host = self.host().map(|host| format!("-H {host} ")).unwrap_or_default();
        format!("gachette {host}builds follow {id}")
    }
}

/// A build that did all that was asked for, or why it did not.
fn succeeded(build: Build) -> Result<Build, Failure> {
    match (build.state, build.problem.clone()) {
        (BuildState::Succeeded, _) => Ok(build),
        (_, Some(problem)) => Err(problem.into()),
        (state, None) => Err(Failure::fault(format!("build {} is {state}, without saying why", build.id))),
    }
}
