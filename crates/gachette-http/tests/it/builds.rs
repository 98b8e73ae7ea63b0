//! Builds through the API: started, followed from the first event, joined late, cancelled.

use gachette::event::Event;
use gachette_http::wire::StartBuild;
use gachette_http::{BuildState, ProblemKind};
use gachette_testkit::GitRepository;
use std::net::TcpListener;

use crate::service::Service;

fn prepare(url: &str) -> StartBuild {
    StartBuild::Prepare {
        name: "web".parse().unwrap(),
        url: Some(url.parse().unwrap()),
        reference: None,
        pushed: false,
    }
}

#[tokio::test]
async fn a_build_is_followed_from_its_first_event_even_by_who_comes_late() {
    let service = Service::new();
    let client = service.client();
    let source = GitRepository::new();
    let commit = source.commit_file("x", "1");
    let started = client.start(&prepare(&source.url())).await.unwrap();
    assert_eq!(started.state, BuildState::Running);
    let mut live = Vec::new();
    let build = client.follow(&started.id, |event| live.push(event)).await.unwrap();
    assert_eq!(build.state, BuildState::Succeeded);
    assert_eq!(build.outcome.unwrap().working_copy.unwrap().commit, commit);
    assert!(matches!(live.last(), Some(Event::Prepared { .. })), "{live:?}");
    let mut late = Vec::new();
    client.follow(&started.id, |event| late.push(event)).await.unwrap();
    assert_eq!(live, late);
}

#[tokio::test]
async fn a_failed_build_says_why() {
    let service = Service::new();
    let client = service.client();
    let started = client.start(&prepare("/nowhere/at/all")).await.unwrap();
    let build = client.follow(&started.id, |_| ()).await.unwrap();
    assert_eq!(build.state, BuildState::Failed);
    assert_eq!(build.problem.unwrap().kind, ProblemKind::BuildFailed);
}

#[tokio::test]
async fn a_cancelled_build_ends_though_its_server_never_answers() {
    let service = Service::new();
    let client = service.client();
    // It takes connections and says nothing, for ever.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.git", silent.local_addr().unwrap());
    let started = client.start(&prepare(&url)).await.unwrap();
    let accepted = tokio::task::spawn_blocking(move || silent.accept().map(|(stream, _)| (silent, stream)));
    let _open = accepted.await.unwrap().unwrap();
    client.cancel(&started.id).await.unwrap();
    let build = client.follow(&started.id, |_| ()).await.unwrap();
    assert_eq!(build.state, BuildState::Cancelled);
    assert_eq!(build.problem.unwrap().kind, ProblemKind::Cancelled);
}
