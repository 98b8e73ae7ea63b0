//! What the fuzz targets for git's names do with their input, and gachette's tests with the corpus and mutations of it:
//! nothing that is accepted is taken for an option, a remote helper or another folder, and all of it reads the same again.

use std::path::{Component, Path};

use gachette_core::debian::Version;
use gachette_core::git::{GitRef, GitUrl, Transport, WorkingCopyName, near_refs, version_suffix};

/// The address of a repository.
pub(crate) fn git_url(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let url: GitUrl = match text.parse() {
        Ok(url) => url,
        Err(error) => return check_message(&error.to_string()),
    };
    let shown = url.as_str();
    assert!(!shown.starts_with('-') && !shown.contains(char::is_control), "{shown:?}");
    // What git takes for a remote helper: letters, digits, `+`, `-`, `.`, and then `::` (gitremote-helpers(7)).
    let behind = shown.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c));
    assert!(!behind.starts_with("::"), "{shown:?} names a remote helper");
    assert_eq!(shown.starts_with('/') || shown.starts_with("file://"), url.transport() == Transport::File);
    check_server(&url);
    let again: GitUrl = shown.parse().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((again.as_str(), again.transport()), (shown, url.transport()));
    assert!(again.credentials().is_none(), "{shown:?} shows a password");
    let written = serde_json::to_string(&url).unwrap_or_default();
    assert_eq!(serde_json::from_str::<GitUrl>(&written).ok(), Some(again));
}

/// What is handed to ssh or shown to a server.
fn check_server(url: &GitUrl) {
    let shown = url.as_str();
    let server = match (url.transport(), url.origin()) {
        (Transport::File, _) => return,
        (_, Some(origin)) => {
            assert!(shown.starts_with(origin), "{shown:?} is not of {origin:?}");
            origin.split_once("://").map_or(origin, |(_, server)| server).to_owned()
        }
        _ => server_as_git_reads(shown),
    };
    let (user, host) =
        server.rsplit_once('@').map_or((None, server.as_str()), |(user, host)| (Some(user), host));
    assert!(
        !host.is_empty() && !host.starts_with('-') && !host.contains(['/', '@']),
        "{shown:?} is of {host:?}"
    );
    let fits = |user: &str| !user.starts_with('-') && !user.contains([':', '/', '[']);
    assert!(user.is_none_or(fits), "{shown:?} is of {user:?}");
}

/// Host, port and user as git's connect.c finds them: decoded, and with brackets wherever the first `@[` is.
fn server_as_git_reads(shown: &str) -> String {
    let (rest, end) = match shown.split_once("://") {
        Some((_, rest)) => (decoded(rest), '/'),
        None => (shown.to_owned(), ':'),
    };
    let start = rest.find("@[").map_or(0, |at| at + 1);
    let bracket = rest[start..].starts_with('[').then(|| rest[start..].find(']')).flatten();
    let behind = bracket.map_or(0, |at| start + at);
    let length = rest[behind..].find(end).map_or(rest.len(), |at| behind + at);
    rest[..length].to_owned()
}

/// As git decodes: what is no code stays as it is.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, behind @ ..] = rest {
        let code = behind.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        let code =
            code.filter(|code| !code.starts_with('+')).and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A ref.
pub(crate) fn git_ref(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let git_ref: GitRef = match text.parse() {
        Ok(git_ref) => git_ref,
        Err(error) => return check_message(&error.to_string()),
    };
    let shown = git_ref.as_str();
    assert!(!shown.starts_with('-') && !shown.contains(|c: char| c.is_ascii_control()), "{shown:?}");
    assert!(!shown.contains("..") && !shown.contains([' ', ':', '^', '~', '?', '*', '[', '\\']), "{shown:?}");
    assert_eq!(shown.parse().as_ref(), Ok(&git_ref));
    if let GitRef::Name(name) = &git_ref {
        let candidates = name.candidates();
        assert!(!candidates.is_empty());
        for candidate in candidates {
            assert!(candidate == "HEAD" || candidate.starts_with("refs/"), "{candidate:?}");
            assert!(!candidate.contains(".."), "{candidate:?}");
        }
    }
    let working_copy = WorkingCopyName::of_project("web", Some(&git_ref));
    check_segment(working_copy.as_ref().map_or("", WorkingCopyName::as_str));
    let version = format!("1{}", version_suffix(Some(&git_ref)));
    assert!(version.parse::<Version>().is_ok(), "{version:?}");
    assert!(near_refs(shown, &["main", "feature/x", "v1.0", "release"]).len() <= 3);
}

/// The name of a project or a working copy.
pub(crate) fn project_name(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let name: WorkingCopyName = match text.parse() {
        Ok(name) => name,
        Err(error) => return check_message(&error.to_string()),
    };
    check_segment(name.as_str());
    assert_eq!(name.to_string(), text);
    let written = serde_json::to_string(&name).unwrap_or_default();
    assert_eq!(serde_json::from_str(&written).ok(), Some(name));
}

/// One folder's name that no program takes for an option.
fn check_segment(name: &str) {
    let parts: Vec<Component> = Path::new(name).components().collect();
    assert!(matches!(parts[..], [Component::Normal(part)] if part == name), "{name:?} is no folder's name");
    assert!(!name.starts_with('-') && name.len() <= 120 && name.is_ascii(), "{name:?}");
    assert!(!name.contains(char::is_control), "{name:?}");
}

fn check_message(message: &str) {
    assert!(!message.contains(char::is_control), "{message:?} would move the cursor");
    assert!(message.len() < 4_000, "a message of {} bytes", message.len());
}
