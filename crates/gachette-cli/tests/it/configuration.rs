//! Where the configuration comes from, and what is said when it is wrong.

use crate::assert_transcript;
use crate::playground::Playground;

#[test]
fn the_configuration_is_shown_with_its_file() {
    let text = "meta_path: repository\nprojects.web.url: ./web\nprojects.web.ref: main\n";
    assert_transcript!(Playground::with_configuration(text).run("config show"));
}

#[test]
fn a_missing_configuration_file_is_an_error() {
    assert_transcript!(Playground::new().run("-c nowhere.yml show_config"));
}

#[test]
fn an_ini_file_is_told_from_yaml() {
    assert_transcript!(Playground::with_configuration("[gachette]\nmeta_path = /srv\n").run("show_config"));
}

#[test]
fn a_value_of_the_wrong_kind_names_file_and_key() {
    assert_transcript!(Playground::with_configuration("port: lots\n").run("show_config"));
}

#[test]
fn everything_wrong_is_shown_in_its_line() {
    let text = "meta_path: repository\nprojects:\n  web: ./web\n  api: {url: ./api, compression: zst}\n";
    assert_transcript!(Playground::with_configuration(text).run("stack list"));
}

#[test]
fn a_key_that_is_given_twice_is_refused() {
    assert_transcript!(Playground::with_configuration("user: a\nuser: b\n").run("show_config"));
    let text = "projects.web.url: /a\nprojects:\n  web:\n    url: /b\n";
    assert_transcript!(Playground::with_configuration(text).run("show_config"));
}

#[test]
fn text_that_is_no_yaml_is_shown_with_what_to_do() {
    for text in ["user: {{ me }}\n", "meta_path: a: b\n", "hosts:\n\t- a\n"] {
        assert_transcript!(Playground::with_configuration(text).run("show_config"));
    }
}

#[test]
fn users_and_passwords_in_addresses_are_not_shown() {
    let sources =
        "Types: deb\n      URIs: https://ada:geheim@h/debian\n      Suites: x\n      Components: main\n";
    let text = format!(
        "projects.web.url: https://geheim@h/web.git\nbases:\n  b:\n    architectures: amd64\n    sources: |\n      {sources}"
    );
    for line in ["config show", "--format json config show"] {
        let shown = Playground::with_configuration(&text).ok(line);
        assert!(shown.contains("https://h/web.git") && shown.contains("https://…@h/debian"), "{shown}");
        assert!(!shown.contains("geheim"), "{shown}");
    }
}

#[test]
fn a_wrong_address_is_shown_in_its_line_without_user_and_password() {
    let text = "projects.web.url: https://geheim@-h/web.git\n";
    assert_transcript!(Playground::with_configuration(text).run("stack list"));
}

#[test]
fn a_wrong_value_of_set_is_named_as_such() {
    let playground = Playground::new();
    assert_transcript!(playground.run("--set port=lots config show"));
    assert_transcript!(playground.run("--set projects.web.ref=--upload-pack=x show_config"));
    assert_transcript!(playground.run("--set prot=22 version show_config"));
}

#[test]
fn what_no_path_address_or_time_is_says_why() {
    let playground = Playground::new();
    for (line, words) in [
        ("--set meta_path stack list", "`meta_path` takes a path, not `true`"),
        ("--set publish.url=https://ada:secret@apt.example.org stack list", "has a user or a query in it"),
        ("--set publish.url=https://apt.example.org/?token=secret stack list", "has a user or a query in it"),
        (
            "--set projects.web.url=https://h/x.git?token=secret stack list",
            "a token is the user of an address",
        ),
        ("-H https://secret@127.0.0.1:1 stack list", "holds no user"),
        ("prepare web --url https://me:secret@-h/x.git", "the host begins with `-`"),
        ("prepare web --url https://h/x.git?token=secret", "a token is the user of an address"),
        ("-H https://127.0.0.1:1/?token=secret stack list", "no query"),
        ("--set publish.valid_for=1mo stack list", "months or years"),
        ("repository gc --keep-for 2y", "months or years"),
        ("repository gc --keep-for 0s", "is no time at all"),
    ] {
        let said = playground.run(line);
        assert!([2, 3].contains(&said.code), "{line}: {}", said.code);
        assert!(said.stderr.contains(words) && !said.stderr.contains("secret"), "{line}: {}", said.stderr);
    }
    let said = playground.run_words(&["--set", "publish.url=http://a b", "stack", "list"]);
    assert!(said.code == 3 && said.stderr.contains("holds a space"), "{}", said.stderr);
}

#[test]
fn unknown_keys_are_warned_about_and_nothing_fails() {
    assert_transcript!(Playground::with_configuration("meta_pth: x\n").run("show_config"));
}

#[test]
fn set_wins_over_the_file() {
    let playground = Playground::new();
    let config = playground.json("--set meta_path=/elsewhere,projects.web.ref=main config show");
    assert_eq!(config["meta_path"], "/elsewhere");
    assert_eq!(config["projects"]["web"]["ref"], "main");
}

#[test]
fn the_file_in_the_home_is_read_when_there_is_none_here() {
    let playground = Playground::new();
    std::fs::rename(playground.path("gachette.yml"), playground.path("home/.gachetterc")).unwrap();
    let config = playground.json("config show");
    assert_eq!(config["source"], playground.path("home/.gachetterc").to_str().unwrap());
}

#[test]
fn a_setting_that_is_needed_and_missing_is_named() {
    assert_transcript!(Playground::with_configuration("").run("stack list"));
}

#[test]
fn a_file_named_without_a_folder_is_one_of_this_folder() {
    let playground = Playground::with_configuration("meta_path: repository\nprojects.web.url: ./web\n");
    let config = playground.json("-c gachette.yml config show");
    assert_eq!(config["meta_path"], playground.path("repository").to_str().unwrap());
    assert_eq!(config["projects"]["web"]["url"], playground.path("web").to_str().unwrap());
}

#[test]
fn what_is_no_regular_file_is_not_read_without_end() {
    let playground = Playground::new();
    std::process::Command::new("mkfifo").arg(playground.path("pipe")).status().unwrap();
    for file in ["pipe", "/dev/zero", "home"] {
        assert_eq!(playground.run(&format!("-c {file} config show")).code, 3, "{file}");
    }
}

#[test]
fn configured_hosts_are_not_passed_over() {
    let playground = Playground::with_configuration("meta_path: repository\nhosts: [root@build1.invalid]\n");
    assert_transcript!(playground.run("stack create 1"));
    playground.ok("version");
    playground.ok("config show");
    assert!(!playground.path("repository").exists());
}

#[test]
fn a_meta_path_that_is_somebodys_folder_is_refused_before_anything_is_made_there() {
    let playground = Playground::new();
    playground.write("home/notes", "mine");
    for line in ["stack create 1", "repository init", "stack_create:1"] {
        let said = playground.run(&format!("--set meta_path={} {line}", playground.path("home").display()));
        assert_eq!(said.code, 5, "{line}: {}", said.stderr);
        let told = "[folder]/home holds no repository, and other things, such as `notes`";
        assert!(
            said.stderr.contains(told) && said.stderr.contains("[folder]/home/repository"),
            "{}",
            said.stderr
        );
    }
    let mut left: Vec<_> =
        std::fs::read_dir(playground.path("home")).unwrap().map(|it| it.unwrap().file_name()).collect();
    left.retain(|name| name != ".local" && name != ".cache");
    assert_eq!(left, ["notes"]);
    // The folder of the configuration itself, with what it names.
    let own = Playground::with_configuration("meta_path: .\nworking_copies: copies\n");
    std::fs::remove_dir(own.path("home")).unwrap();
    own.write("copies/web/file", "x");
    own.ok("stack create 1");
    assert!(own.path("gachette.json").exists());
}
