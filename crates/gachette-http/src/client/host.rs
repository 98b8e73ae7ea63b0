//! Looks at a host, and judges what it says by what is known here.

use gachette::Cancel;
use gachette::config::{Config, Project, ProjectSource};
use gachette::host_check::{agent, projects};
use gachette_core::host_check::{AskerClock, ForwardedAgent, Link, Vantage, judge, round_trip};
use jiff::{SignedDuration, Timestamp};

use super::Client;
use crate::wire::HostReport;
use crate::{Problem, ProblemKind};

impl Client {
    /// Looks at the host behind `link`, and at the servers of those projects whose commits are pushed to it from here.
    ///
    /// # Errors
    /// When the host does not answer, or not so that it can be judged.
    pub async fn check_host(
        &self,
        config: &Config,
        link: Link,
        cancel: &Cancel,
    ) -> Result<HostReport, Problem> {
        let pushes = !matches!(link, Link::Process);
        // A server has projects of its own, and fetches those itself.
        let skips = matches!(link, Link::Ssh { .. });
        let forwards = matches!(link, Link::Ssh { .. }).then_some(config.connection.forward_agent);
        let pushed = async {
            let (config, cancel) = (config.clone(), cancel.clone());
            let look = move || {
                let are = |project: &Project| project.source == ProjectSource::Push;
                let pushed = if pushes { projects(&config, are, true, &cancel) } else { Vec::new() };
                let here =
                    forwards.map(|yes| if yes { ForwardedAgent::Yes(agent()) } else { ForwardedAgent::No });
                (pushed, here)
            };
            let ended = |error| Problem::new(ProblemKind::Internal, format!("the look ended: {error}"));
            tokio::task::spawn_blocking(look).await.map_err(ended)
        };
        let asked = async {
            let sent = Timestamp::now();
            let report: HostReport = self.get(&format!("/api/v1/host?pushes={skips}")).await?;
            Ok((report, AskerClock { sent, back: Timestamp::now() }))
        };
        let ((report, clock), (pushed, agent)) = tokio::try_join!(asked, pushed)?;
        let facts = report.facts.ok_or_else(|| {
            Problem::new(ProblemKind::Internal, "the other side answered without saying what it found")
        })?;
        let link = match link {
            // It is connected to when it is asked something.
            Link::Server { .. } => {
                Link::Server { milliseconds: milliseconds(round_trip(clock, facts.clock)) }
            }
            link => link,
        };
        let clock = matches!(link, Link::Ssh { .. } | Link::Server { .. }).then_some(clock);
        let gachette = Some(env!("CARGO_PKG_VERSION").to_owned());
        let vantage = Vantage { link: Some(link), clock, agent, pushed, gachette };
        Ok(HostReport::new(judge(&facts, &vantage), Some(facts)))
    }
}

fn milliseconds(span: SignedDuration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(0)
}
