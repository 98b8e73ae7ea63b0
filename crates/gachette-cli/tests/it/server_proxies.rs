//! A server behind proxies: a real nginx as it is documented, whom proxies speak for, and who is let in through the socket.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gachette_testkit::{AptRoot, GitRepository};

use crate::chain::Chain;
use crate::hosts::wait_until;
use crate::playground::{Playground, program};
use crate::publishing::publish;
use crate::server::{make_certificate, token, with_token};
use crate::server_builds::Busy;
use crate::serving::{Answered, Serving};

/// nginx with the configuration that docs/server.md shows.
struct Nginx {
    process: Child,
    port: u16,
}

impl Nginx {
    /// In front of a server, with `cert.pem` of the playground.
    fn before(playground: &Playground, serving: &Serving) -> Self {
        let [certificate, key] = make_certificate(playground, "");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut site = include_str!("../../../../packaging/nginx.conf").to_owned();
        for (documented, here) in [
            ("listen 443", format!("listen 127.0.0.1:{port}")),
            ("gachette.example.org", "localhost".to_owned()),
            ("/etc/ssl/certs/gachette.pem", certificate.display().to_string()),
            ("/etc/ssl/private/gachette.key", key.display().to_string()),
            (
                "proxy_pass http://127.0.0.1:8080;",
                format!("proxy_pass http://127.0.0.1:{}; proxy_bind 127.0.0.2;", serving.port),
            ),
        ] {
            assert!(site.contains(documented), "{documented}");
            site = site.replace(documented, &here);
        }
        let folder = playground.path("nginx");
        std::fs::create_dir(&folder).unwrap();
        let place = folder.display();
        let places: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {place}/{name};\n"))
            .concat();
        let main = format!(
            "daemon off;\nmaster_process off;\npid {place}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{places}{site}}}\n"
        );
        playground.write("nginx/nginx.conf", &main);
        let mut nginx = Command::new("/usr/sbin/nginx");
        nginx.arg("-e").arg("stderr").arg("-c").arg(folder.join("nginx.conf"));
        let process = nginx.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("nginx listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { process, port }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn through_nginx_as_it_is_documented_a_build_is_followed_as_it_happens() {
    let busy = Busy::new(&["--trusted-proxy", "127.0.0.2"]);
    let nginx = Nginx::before(&busy.playground, &busy.serving);
    let token = token(&busy.playground, "admin");
    let there = format!("--set ca_file=cert.pem -H https://localhost:{}", nginx.port);
    let line = format!("{there} quick 1 a");
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut client = busy.playground.command(&words);
    client.env("GACHETTE_TOKEN", &token).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut client = client.spawn().unwrap();
    let mut said = BufReader::new(client.stderr.take().unwrap()).lines().map_while(Result::ok);
    // The step says so and then waits to be let go: what is kept back on the way would never come.
    assert!(said.any(|line| line.contains("building assets")));
    busy.let_go();
    let rest: Vec<String> = said.collect();
    assert!(client.wait().unwrap().success(), "{rest:?}");
    let log = busy.serving.log();
    assert!(log.contains("from=127.0.0.1") && !log.contains("from=127.0.0.2"), "{log}");
    assert!(log.contains("build begins") && log.contains("build ended"), "{log}");
}

#[test]
fn packages_pass_through_nginx_whatever_their_size_and_its_own_errors_are_known_for_what_they_are() {
    let source = GitRepository::new();
    let playground = Playground::with_configuration(&format!(
        "meta_path: repository\nworking_copies: working_copies\nprojects.large.url: {}\n",
        source.path().display()
    ));
    playground.ok("stack create 1");
    let serving = Serving::start(&playground, &[]);
    let nginx = Nginx::before(&playground, &serving);
    // Nothing makes it smaller than the megabyte that nginx takes by itself.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(3 << 20)
    .collect();
    source.write(".missile.yml", "name: large\ntype: application\n").write("noise", noise).commit("large");
    let (there, socket) = (format!("https://localhost:{}", nginx.port), playground.path("server.sock"));
    // It is built by way of the socket, and brought by way of nginx.
    let client = format!("hosts: unix://{}\nrepository: {there}\nca_file: ../cert.pem\n", socket.display());
    playground.write("client/gachette.yml", &client);
    let token = token(&playground, "release");
    let quick = with_token(&playground, &token, "-c client/gachette.yml quick 1 large");
    assert_eq!(quick.code, 0, "{}", quick.stderr);
    assert!(playground.ok("stack show 1").contains("dh-large"));
    drop(serving);
    let list = with_token(&playground, &token, &format!("--set ca_file=cert.pem -H {there} stack list"));
    assert!(list.code == 6 && list.stderr.contains("a proxy in between"), "{}", list.stderr);
}

#[test]
fn each_client_of_a_trusted_proxy_counts_for_itself() {
    let chain = Chain::new();
    let guess = |serving: &Serving, client: &str| {
        let headers = ["Authorization: Bearer gachette_guessed", &format!("X-Forwarded-For: {client}")];
        serving.ask("GET /api/v1/domains", &headers, "").status
    };
    let exhaust = |serving: &Serving, client: &str| {
        let statuses: Vec<u16> = (0..8).map(|_| guess(serving, client)).collect();
        assert!(statuses.contains(&401) && statuses.contains(&429), "{statuses:?}");
    };
    let serving =
        Serving::start(&chain.playground, &["--rate", "1", "--public-read", "--trusted-proxy", "127.0.0.1"]);
    exhaust(&serving, "192.0.2.1");
    // What a client says of itself counts for nothing.
    assert!((0..99).any(|more| guess(&serving, &format!("10.0.0.{more}, 192.0.2.1")) == 429));
    assert_eq!(guess(&serving, "192.0.2.2"), 401);
    assert!(serving.log().contains("from=192.0.2.1"), "the log says who it was");
    let health = serving.ask("GET /api/v1/health", &["X-Forwarded-For: 192.0.2.1"], "");
    assert_eq!(health.status, 200, "who guesses tokens takes nothing from others at his place");
    // A fleet behind one address reads as from any web server.
    for _ in 0..20 {
        assert_eq!(serving.ask("GET /debs/none.deb", &[], "").status, 404);
    }
    drop(serving);
    let untrusting = Serving::start(&chain.playground, &["--rate", "1"]);
    // Nobody may say that he is another.
    assert!((0..99).any(|client| guess(&untrusting, &format!("192.0.2.{client}")) == 429));
}

#[test]
fn the_socket_lets_no_service_in_without_a_token() {
    let playground = Playground::new();
    playground.ok("repository init");
    let _serving = Serving::start(&playground, &["--trusted-proxy", "user:uid4712"]);
    let socket = playground.path("server.sock");
    for path in [playground.path(""), socket.clone(), playground.path("home")] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let there = format!("unix://{}", socket.display());
    let list = |uid: &str, token: &str| {
        let mut client = Command::new("setpriv");
        client.args(["--reuid", uid, "--regid", uid, "--clear-groups", "--"]).arg(program());
        let mut client = playground.as_user(client, &["-c", "client.yml", "-H", &there, "stack", "list"]);
        client.env("GACHETTE_TOKEN", token);
        let output = client.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    playground.write("client.yml", "");
    let token = token(&playground, "read");
    // The web server of Debian, and a person.
    let (code, said) = list("33", "");
    assert!(
        code == 5 && said.contains("may speak for others") && said.contains("gachette token create"),
        "{code}: {said}"
    );
    assert_eq!(list("33", &token).0, 0);
    assert_eq!(list("4711", "").0, 0);
    // As a proxy that is named, though by its number it is a person.
    assert_eq!(list("4712", "").0, 5);
}

#[test]
fn apt_shows_a_token_as_a_password() {
    let chain = Chain::new();
    chain.playground.ok("quick 124 shop");
    let serving = Serving::start(&chain.playground, &[]);
    let apt = AptRoot::new();
    apt.source(&publish(&chain, &serving, "124"));
    assert!(!apt.run(&["update"]).status.success(), "a token is needed");
    let token = token(&chain.playground, "read");
    let login = format!("machine http://127.0.0.1:{} login apt password {token}\n", serving.port);
    std::fs::create_dir_all(apt.path("etc/apt/auth.conf.d")).unwrap();
    apt.write("etc/apt/auth.conf.d/gachette.conf", &login);
    apt.check(&["update"]);
    apt.check(&["install", "dh-shop"]);
    // For what changes something no password is taken: browsers send them by themselves.
    let password = format!("Authorization: Basic {}", STANDARD.encode(format!("apt:{token}")));
    let status = |line: &str| serving.ask(line, &[&password], "").status;
    assert_eq!((status("GET /debs/none.deb"), status("GET /api/v1/domains")), (404, 401));
    assert!(matches!(
        serving.ask("GET /debs/none.deb", &["Authorization: Basic e"], ""),
        Answered { status: 401, .. }
    ));
}
