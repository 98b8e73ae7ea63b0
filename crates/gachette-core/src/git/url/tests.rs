//! What is, and what is not, the address of a repository.

use super::*;

fn url(text: &str) -> GitUrl {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_spelling_of_the_git_manual_is_understood() {
    for (text, transport) in [
        ("https://example.org/a/b.git", Transport::Https),
        ("https://example.org:8443/~user/a@b", Transport::Https),
        ("http://[::1]:8080/a", Transport::Http),
        ("ssh://git@example.org:2222/a/b", Transport::Ssh),
        ("ssh://[fe80::1]/a", Transport::Ssh),
        ("ssh://host/~/a", Transport::Ssh),
        ("git://example.org/a", Transport::Git),
        ("git@example.org:a/b.git", Transport::Ssh),
        ("host:a", Transport::Ssh),
        ("me@company@host:/srv/a b", Transport::Ssh),
        ("git@[::1]:a", Transport::Ssh),
        ("file:///srv/a b", Transport::File),
        ("file://localhost/srv/a", Transport::File),
        ("/srv/git/$(id)/it's.git", Transport::File),
    ] {
        assert_eq!((url(text).as_str(), url(text).transport()), (text, transport));
    }
}

#[test]
fn a_password_is_kept_apart_and_never_shown() {
    let url = url("https://me:p%40ss:w@example.org:8443/a");
    assert_eq!(url.as_str(), "https://example.org:8443/a");
    assert_eq!(url.origin(), Some("https://example.org:8443"));
    let credentials = url.credentials().unwrap();
    assert_eq!((credentials.user.as_str(), credentials.password.as_deref()), ("me", Some("p@ss:w")));
    for shown in [format!("{url:?}"), serde_json::to_string(&url).unwrap(), format!("{credentials:?}")] {
        assert!(!shown.contains("ss:w"), "{shown}");
    }
    for wrong in [
        "https://me:secret@/a",
        "ssh://me:secret@host/a",
        "https://me:secret@-host/a",
        "xy://me:secret@h/a",
        "https://secret@-host/a",
        "https://me:secret/secret@host/a",
        "https://me:x secret@host/a",
        "https://host/a?access_token=secret",
        "https://host/a#secret",
    ] {
        let error = wrong.parse::<GitUrl>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_token_in_place_of_a_user_is_kept_apart_too() {
    for (text, user, password) in [
        ("https://T%40ken@example.org/a", "T@ken", None),
        ("https://T@ken:@example.org/a", "T@ken", Some("")),
    ] {
        let url = url(text);
        assert_eq!(url.as_str(), "https://example.org/a");
        let credentials = url.credentials().unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.as_deref()), (user, password));
    }
}

#[test]
fn what_git_ssh_or_a_terminal_would_misread_is_refused() {
    let long = format!("/{}", "x".repeat(LONGEST));
    for text in [
        "",
        " ",
        "-",
        "--upload-pack=/bin/sh",
        "-oProxyCommand=id:a",
        "ssh://-oProxyCommand=id/a",
        "ssh://me@-oProxyCommand=id/a",
        "ssh://-oProxyCommand=id@host/a",
        "ssh://%2DoProxyCommand=id/a",
        "me@-host:a",
        "-me@host:a",
        "host:-a",
        "host:",
        ":a",
        "@host:a",
        "ssh:///a",
        "ssh://host",
        "ssh://host/",
        "ssh://host:0/a",
        "ssh://host:99999/a",
        "ssh://host:+22/a",
        "ssh://host:22x/a",
        "ssh://me:pw@host/a",
        "https:///a",
        "https://",
        "https://host name/a",
        "https://ho`st/a",
        "https://host/%0aHost:x",
        "https://me:a%0ab@host/a",
        "https://me:%zz@host/a",
        "git://host/a%0D",
        "ext::sh -c id",
        "fd::17",
        "::a",
        "http::https://host/a",
        "a.b+c-d::x",
        "git+ssh://host/a",
        "HTTPS://host/a",
        "ftp://host/a",
        "file://host/a",
        "file://a",
        "a/b",
        "./a",
        "../a",
        "~/a",
        "a/b:c",
        "$(id)",
        "host:a\nb",
        "/srv/a\0",
        "https://host/a\u{7f}",
        "[::1:a",
        "[x y]:a",
        &long,
    ] {
        assert!(text.parse::<GitUrl>().is_err(), "{text:?}");
    }
}

/// git decodes an address and looks for `@[` in all of it before it parts host and path (connect.c).
#[test]
fn git_connects_to_no_other_host_than_the_address_shows() {
    for text in [
        "ssh://good/a@[evil]/b",
        "ssh://good/a%40%5Bevil]/b",
        "ssh://evil%2fx@good/b",
        "ssh://%2doProxyCommand=id@good/b",
        "git://good/a@[evil]/b",
        "good:a@[evil]:b",
        "[a]:b@[evil]:c",
    ] {
        assert!(text.parse::<GitUrl>().is_err(), "{text:?}");
    }
    assert!("ssh://me%40company@host/a@b/[c]".parse::<GitUrl>().is_ok());
}

#[test]
fn what_git_could_not_pass_on_to_a_web_server_is_refused() {
    for text in [
        "https://me%0ab@host/a",
        "https://@host/a",
        "https://good?x@evil/a",
        "https://host/a?",
        "https://host/a?b=c",
        "https://host/a#b",
    ] {
        assert!(text.parse::<GitUrl>().is_err(), "{text:?}");
    }
}

#[test]
fn a_wrong_address_is_told_on_one_line() {
    let error = "host:a\nb\u{1b}[31m".parse::<GitUrl>().unwrap_err().to_string();
    assert!(error.contains(r"`host:a\nb\u{1b}[31m`") && error.lines().count() == 1, "{error}");
}

proptest::proptest! {
    #[test]
    fn what_is_accepted_is_safe_and_reads_the_same_again(
        text in "((https?|ssh|git|file|ext|X)(:|::|://)|/|-)?([a@:/%\\[\\]. ?#é\\\\-]|%2[dD]|\\PC){0,24}"
    ) {
        let Ok(url) = text.parse::<GitUrl>() else { return Ok(()) };
        let shown = url.to_string();
        proptest::prop_assert!(!shown.starts_with('-') && !shown.contains(char::is_control), "{shown}");
        // What git takes for a remote helper: letters, digits, `+`, `-`, `.`, and then `::` (gitremote-helpers(7)).
        let behind = shown.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c));
        proptest::prop_assert!(!behind.starts_with("::"), "{shown}");
        let again: GitUrl = shown.parse().map_err(|error| {
            proptest::test_runner::TestCaseError::fail(format!("{shown}: {error}"))
        })?;
        proptest::prop_assert_eq!(again.as_str(), url.as_str());
        proptest::prop_assert_eq!(again.transport(), url.transport());
    }
}
