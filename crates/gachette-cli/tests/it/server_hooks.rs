//! Push webhooks: who knows the secret starts a build of the configured branch, once for each delivery.

use std::io::Write;
use std::process::{Command, Stdio};

use gachette_testkit::GitRepository;

use crate::playground::Playground;
use crate::serving::{Answered, Serving};

/// The signature of these bytes, as OpenSSL makes it.
fn signature(secret: &str, body: &str) -> String {
    let mut openssl = Command::new("openssl");
    let openssl = openssl.args(["dgst", "-sha256", "-r", "-hmac", secret]);
    let mut child = openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

/// A server with a project whose pushes are built, with these lines more in its configuration.
fn hooked(more: &str, words: &[&str]) -> (GitRepository, Playground, Serving) {
    let source = GitRepository::new();
    source.commit_file(".missile.yml", "name: web\ntype: application\n");
    let playground = Playground::with_configuration(&format!(
        "meta_path: repository\nworking_copies: working_copies\nprojects.web:\n  url: {}\n  hook_stack: '1'\n  \
         hook_secret_file: secret\n{more}",
        source.path().display()
    ));
    playground.write("secret", "between us\n");
    playground.ok("stack create 1");
    let serving = Serving::start(&playground, words);
    (source, playground, serving)
}

#[test]
fn a_signed_push_to_the_branch_is_built_once() {
    let (_source, playground, serving) = hooked("  ref: main\nprojects.other.url: /nowhere\n", &[]);
    let send = |name: &str, headers: &[&str], body: &str| -> Answered {
        serving.ask(&format!("POST /hooks/{name}"), headers, body)
    };
    let push =
        |branch: &str, commit: &str| format!(r#"{{"ref": "refs/heads/{branch}", "after": "{commit}"}}"#);
    let github = |body: &str| format!("X-Hub-Signature-256: sha256={}", signature("between us", body));
    let first = push("main", "a1");
    let wrong = format!("X-Hub-Signature-256: sha256={}", signature("guessed", &first));
    for headers in [&[][..], &[&*wrong], &["X-Gitlab-Token: guessed"], &["X-Gitea-Signature: 00"]] {
        assert_eq!(send("web", headers, &first).status, 401, "{headers:?}");
    }
    assert_eq!(send("web", &[&github(&first)], &push("main", "a2")).status, 401, "another body");
    let nowhere = [send("other", &[&github(&first)], &first), send("nobody", &[], &first)];
    let guessed = send("web", &[], &first);
    for answer in nowhere {
        assert_eq!(
            (answer.status, answer.json()),
            (401, guessed.json()),
            "who has hooks is nobody's business"
        );
    }
    let started = send("web", &[&github(&first), "X-GitHub-Delivery: d1"], &first);
    assert_eq!((started.status, started.json()["kind"].as_str()), (202, Some("quick")), "{started:?}");
    let (second, third) = (push("main", "a2"), push("main", "a3"));
    for (headers, body) in [
        // The same delivery, the same push under another id, and another push under the same id.
        (vec![github(&first), "X-GitHub-Delivery: d1".to_owned()], &first),
        (vec![github(&first), "X-GitHub-Delivery: d2".to_owned()], &first),
        (vec![github(&second), "X-GitHub-Delivery: d1".to_owned()], &second),
        (vec![github(&push("side", "a4"))], &push("side", "a4")),
        (vec![github(&push("main", "0000"))], &push("main", "0000")),
        (vec![github("{\"zen\": \"ping\"}")], &"{\"zen\": \"ping\"}".to_owned()),
        // What says a ref, and is no push.
        (vec![github(&third), "X-GitHub-Event: ping".to_owned()], &third),
    ] {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = send("web", &headers, body);
        assert!(answer.status == 200 && answer.json()["ignored"].is_string(), "{headers:?} {answer:?}");
    }
    let gitlab = |id: &str, body: &str| {
        send("web", &["X-Gitlab-Token: between us", &format!("X-Gitlab-Event-UUID: {id}")], body).status
    };
    // The same is pushed again, after the branch was set back; and what a hook sets off has its id.
    let statuses = [("e1", &second), ("e1", &second), ("e2", &second), ("e1", &third)];
    assert_eq!(statuses.map(|(id, body)| gitlab(id, body)), [202, 200, 202, 202]);
    // An id of GitLab makes no other delivery new.
    assert_eq!(send("web", &[&github(&first), "X-Gitlab-Event-UUID: e3"], &first).status, 200);
    let gitea = format!("X-Gitea-Signature: {}", signature("between us", &third));
    assert_eq!(send("web", &[&gitea, "X-Gitea-Delivery: t1"], &third).status, 202);
    serving.signal("-TERM");
    serving.logged("no new builds");
    let mut serving = serving;
    assert!(serving.child.wait().unwrap().success());
    let author = playground.json("stack log 1")[0]["author"].as_str().unwrap().to_owned();
    assert!(author.starts_with("hook-web@"), "{author}");
}

/// How a kind of server shows that it is the one who says this of a push.
struct Forge {
    header: &'static str,
    body: &'static str,
    right: String,
    wrong: Vec<String>,
}

const GITHUB: &str = r#"{"ref": "refs/heads/main", "after": "a1", "repository": {"default_branch": "main"}}"#;
const GITLAB: &str = r#"{"object_kind": "push", "ref": "refs/heads/main", "after": "a2", "project": {"default_branch": "main"}}"#;
const GITEA: &str =
    r#"{"secret": "", "ref": "refs/heads/main", "after": "a3", "repository": {"default_branch": "main"}}"#;

fn forges() -> [Forge; 3] {
    let of = |body: &str| signature("between us", body);
    let guessed = |body: &str| signature("guessed", body);
    let torn = |body: &str| of(body)[..62].to_owned();
    let (hub, tea) = (of(GITHUB), of(GITEA));
    let wrong_hub = [format!("sha256={}", guessed(GITHUB)), format!("sha256={tea}"), format!("sha1={hub}")];
    let more =
        [format!("sha256={}", torn(GITHUB)), hub.clone(), "sha256=".to_owned(), "between us".to_owned()];
    let wrong_lab = ["guessed", "between", "between us, and more", "BETWEEN US", ""];
    let wrong_tea = [guessed(GITEA), hub.clone(), torn(GITEA), String::new(), "between us".to_owned()];
    let forge = |header, body, right, wrong| Forge { header, body, right, wrong };
    [
        forge("X-Hub-Signature-256", GITHUB, format!("sha256={hub}"), [&wrong_hub[..], &more].concat()),
        forge("X-Gitlab-Token", GITLAB, "between us".to_owned(), wrong_lab.map(str::to_owned).into()),
        forge("X-Gitea-Signature", GITEA, tea, wrong_tea.into()),
    ]
}

#[test]
fn each_kind_of_server_is_believed_by_the_right_signature_and_by_no_other() {
    let (_source, playground, serving) = hooked("", &["--builds", "1"]);
    let admin = playground.ok("token create admin --role admin").trim().to_owned();
    let builds = || {
        let token = format!("Authorization: Bearer {admin}");
        serving.ask("GET /api/v1/builds", &[&token], "").json().as_array().unwrap().len()
    };
    for (number, Forge { header, body, right, wrong }) in forges().into_iter().enumerate() {
        let send =
            |value: &str| serving.ask("POST /hooks/web", &[&format!("{header}: {value}")], body).status;
        for value in &wrong {
            assert_eq!(send(value), 401, "{header}: {value}");
        }
        assert_eq!(serving.ask("POST /hooks/web", &[], body).status, 401, "{header} is missing");
        assert_eq!(builds(), number, "{header}");
        assert_eq!((send(&right), builds()), (202, number + 1), "{header}");
    }
    // Nor does a right one of another kind help a wrong one.
    let body = GITHUB.replace("a1", "a4");
    let hub = format!("X-Hub-Signature-256: sha256={}", signature("guessed", &body));
    let tea = format!("X-Gitea-Signature: {}", signature("between us", &body));
    assert_eq!(serving.ask("POST /hooks/web", &[&hub, &tea], &body).status, 401);
    assert_eq!(builds(), 3);
}

#[test]
fn a_push_in_a_form_is_read_as_github_sends_it_when_nothing_else_is_chosen() {
    let (_source, _playground, serving) = hooked("", &[]);
    let send = |form: &str| {
        let signature = format!("X-Hub-Signature-256: sha256={}", signature("between us", form));
        let kind = "Content-Type: application/x-www-form-urlencoded";
        serving.ask("POST /hooks/web", &[&signature, kind, "X-GitHub-Event: push"], form)
    };
    let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", GITHUB).finish();
    assert_eq!(send(&form).status, 202);
    for form in ["payload=%5B%5D", "payload=", "other=1"] {
        let refused = send(form);
        assert!(
            refused.status == 422 && refused.text().contains("payload") != refused.text().contains("JSON"),
            "{refused:?}"
        );
    }
}
