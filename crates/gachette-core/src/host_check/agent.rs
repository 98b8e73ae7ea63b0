//! Whether the authentication agent is where it should be.

use super::{AgentState, Finding, ForwardedAgent, Subject, Verdict};

const ADD: &str = "give it one with `ssh-add`";

pub(super) fn judge(there: &AgentState, forwarded: Option<&ForwardedAgent>) -> Finding {
    let finding = |verdict, found: &str| Finding::new(Subject::Agent, verdict, found);
    match (forwarded, there) {
        // A connection that was kept offers one as long as it lasts, whether or not there is any.
        (Some(ForwardedAgent::Yes(AgentState::Unset)), AgentState::Silent { .. }) => {
            finding(Verdict::Ok, "none: there is none here to forward, although SSH_AUTH_SOCK is set there")
        }
        (_, AgentState::Silent { why }) => {
            finding(Verdict::Warning, &format!("SSH_AUTH_SOCK is set, but nobody answers: {why}")).with_hint(
                "start the agent anew (`eval $(ssh-agent)`, then `ssh-add`); behind a connection that was kept, wait until it ends",
            )
        }
        (Some(ForwardedAgent::Yes(AgentState::Silent { why })), AgentState::Unset) => {
            finding(Verdict::Warning, &format!("the one here does not answer: {why}"))
                .with_hint("start it anew (`eval $(ssh-agent)`, then `ssh-add`), or forward none (`-a`)")
        }
        (Some(ForwardedAgent::Yes(AgentState::Answers { .. })), AgentState::Unset) => {
            finding(Verdict::Warning, "not forwarded, though there is one here").with_hint(
                "sshd there may forbid it (`AllowAgentForwarding` in its sshd_config), or the start files of the login shell there \
                 unset SSH_AUTH_SOCK",
            )
        }
        (Some(ForwardedAgent::Yes(AgentState::Unset)), AgentState::Unset) => {
            finding(Verdict::Ok, "none: there is none here to forward")
        }
        (Some(ForwardedAgent::No), AgentState::Unset) => finding(Verdict::Ok, "none: it is not forwarded"),
        (None, AgentState::Unset) => finding(Verdict::Ok, "none"),
        (_, AgentState::Answers { keys: 0 }) => {
            finding(Verdict::Warning, "it answers, and holds no key").with_hint(ADD)
        }
        (_, AgentState::Answers { keys: 1 }) => finding(Verdict::Ok, "it answers, with 1 key"),
        (_, AgentState::Answers { keys }) => finding(Verdict::Ok, &format!("it answers, with {keys} keys")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_that_should_be_forwarded_and_is_not_is_warned_about() {
        let keys = |keys| AgentState::Answers { keys };
        let yes = |here| Some(ForwardedAgent::Yes(here));
        let silent = AgentState::Silent { why: "Connection refused".to_owned() };
        for (forwarded, there, verdict) in [
            (None, AgentState::Unset, Verdict::Ok),
            (None, keys(2), Verdict::Ok),
            (None, keys(0), Verdict::Warning),
            (None, silent.clone(), Verdict::Warning),
            (Some(ForwardedAgent::No), AgentState::Unset, Verdict::Ok),
            (Some(ForwardedAgent::No), keys(1), Verdict::Ok),
            (yes(AgentState::Unset), AgentState::Unset, Verdict::Ok),
            (yes(AgentState::Unset), silent.clone(), Verdict::Ok),
            (yes(keys(1)), AgentState::Unset, Verdict::Warning),
            (yes(silent.clone()), AgentState::Unset, Verdict::Warning),
            (yes(keys(1)), keys(1), Verdict::Ok),
            (yes(keys(0)), keys(0), Verdict::Warning),
            (yes(keys(1)), silent.clone(), Verdict::Warning),
        ] {
            let finding = judge(&there, forwarded.as_ref());
            assert_eq!(finding.verdict, verdict, "{forwarded:?} {there:?}");
            assert_eq!(finding.hint.is_some(), verdict != Verdict::Ok, "{}", finding.found);
        }
    }
}
