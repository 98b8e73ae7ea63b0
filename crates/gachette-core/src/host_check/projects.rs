//! Whether the commits of a project can be had.

use super::{Finding, ProjectFact, ProjectState, Subject, Verdict};

pub(super) fn judge(project: &ProjectFact) -> Finding {
    let finding = |verdict, found: &str| Finding::new(Subject::Project, verdict, found).of(&project.name);
    let url = project.url.as_deref().unwrap_or_default();
    match &project.state {
        ProjectState::Reached { reference, milliseconds } => {
            let reference = reference.as_deref().map(|name| format!(": {}", short(name))).unwrap_or_default();
            finding(Verdict::Ok, &format!("{url} answers after {milliseconds} ms{reference}"))
        }
        ProjectState::RefMissing { reference } => {
            finding(Verdict::Failure, &format!("{url} has no ref `{reference}`")).with_hint(format!(
                "name one that is there by `projects.{}.ref`; `git ls-remote` lists them",
                project.name
            ))
        }
        ProjectState::Failed { title, lines, hint } => {
            let finding = finding(Verdict::Failure, title).with_lines(lines);
            match hint {
                Some(hint) => finding.with_hint(hint),
                None => finding,
            }
        }
        ProjectState::NoUrl => finding(Verdict::Warning, "has no url")
            .with_hint(format!("put `projects.{}.url: …` into the configuration", project.name)),
        ProjectState::Unasked => finding(Verdict::Warning, "not asked for: there is no git to ask with")
            .with_hint("install git first"),
    }
}

/// Of a project whose commits whoever asks fetches, and pushes to the host.
pub(super) fn judge_pushed(project: &ProjectFact) -> Finding {
    let finding = judge(project);
    Finding { found: format!("fetched here and pushed: {}", finding.found), ..finding }
}

fn short(reference: &str) -> &str {
    let shortened = ["refs/heads/", "refs/tags/"].iter().find_map(|prefix| reference.strip_prefix(prefix));
    shortened.unwrap_or(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_asking_is_judged_with_the_project_s_name() {
        let failed = |hint: Option<&str>| ProjectState::Failed {
            title: "the server wants a login: git@example.org:web.git".to_owned(),
            lines: vec!["Permission denied (publickey).".to_owned()],
            hint: hint.map(str::to_owned),
        };
        let reached = |reference: Option<&str>| ProjectState::Reached {
            reference: reference.map(str::to_owned),
            milliseconds: 7,
        };
        for (state, verdict, found) in [
            (reached(Some("refs/heads/main")), Verdict::Ok, "/web answers after 7 ms: main"),
            (reached(Some("HEAD")), Verdict::Ok, "/web answers after 7 ms: HEAD"),
            (reached(None), Verdict::Ok, "/web answers after 7 ms"),
            (
                failed(Some("add a key")),
                Verdict::Failure,
                "the server wants a login: git@example.org:web.git",
            ),
            (failed(None), Verdict::Failure, "the server wants a login: git@example.org:web.git"),
            (
                ProjectState::RefMissing { reference: "man".to_owned() },
                Verdict::Failure,
                "/web has no ref `man`",
            ),
            (ProjectState::NoUrl, Verdict::Warning, "has no url"),
            (ProjectState::Unasked, Verdict::Warning, "not asked for: there is no git to ask with"),
        ] {
            let project = ProjectFact { name: "web".to_owned(), url: Some("/web".to_owned()), state };
            let finding = judge(&project);
            assert_eq!((finding.verdict, finding.found.as_str()), (verdict, found));
            assert_eq!(finding.name.as_deref(), Some("web"));
            assert!(judge_pushed(&project).found.ends_with(found));
        }
    }
}
