//! Why a git command failed, as far as git's own words tell.

use std::fmt;
use std::path::{Path, PathBuf};

use gachette_core::git::GitUrl;
use gachette_core::without_secrets;
use trebuchet::process::ProcessError;

/// Why a git command failed.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git.
    #[error("git is not installed, or not in PATH")]
    NotInstalled,
    /// Its user wanted it to end.
    #[error("cancelled")]
    Cancelled,
    /// Git ended with an error.
    #[error("{0}")]
    Failed(Box<GitFailure>),
}

/// A git command that ended with an error.
#[derive(Debug)]
pub struct GitFailure {
    /// What it was about.
    pub fault: Fault,
    /// The address of the repository, when the command was about one.
    pub url: Option<GitUrl>,
    /// The submodule, when it was about one of the repository's.
    pub submodule: Option<Submodule>,
    /// The folder it ran in.
    pub folder: Option<PathBuf>,
    /// The command as one would type it.
    pub command: String,
    /// How it ended: `ended with exit status 128`.
    pub how: String,
    /// The status it ended with, when it ended by itself.
    pub status: Option<i32>,
    /// The last lines it wrote.
    pub last_lines: Vec<String>,
}

/// A submodule that a git command failed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submodule {
    /// Its path in the repository that it belongs to.
    pub path: String,
    /// Its address as git was given it, without what may be secret; `None` when it has none.
    pub url: Option<String>,
}

/// What a failed git command was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The server knows no such repository; some say so of those that need a login, too.
    RepositoryNotFound,
    /// The server wants a user and password, or a token.
    AuthenticationNeeded,
    /// The server wants a key it knows, by ssh.
    KeyNeeded,
    /// ssh never saw this server before, and nobody is there to confirm its key.
    UnknownHostKey,
    /// The server shows another key than the one ssh knows.
    ChangedHostKey,
    /// The certificate of the server cannot be verified.
    Certificate,
    /// The repository has no such ref, or does not hand out such a commit.
    RefNotFound,
    /// The server cannot be reached, broke off or fell silent.
    Network,
    /// A transport that is a program, or one that the user's configuration forbids.
    TransportNotAllowed,
    /// The repository on this machine belongs to somebody else.
    ForeignRepository,
    /// A disk is full: where git worked or, if that is who said so, the server's.
    DiskFull,
    /// Anything else.
    Other,
}

/// What git and those it calls say, in lower case, and what it is about. The first match counts.
const WORDS: [(&str, Fault); 43] = [
    ("remote host identification has changed", Fault::ChangedHostKey),
    ("host key verification failed", Fault::UnknownHostKey),
    ("terminal prompts disabled", Fault::AuthenticationNeeded),
    ("could not read username", Fault::AuthenticationNeeded),
    ("could not read password", Fault::AuthenticationNeeded),
    ("authentication failed", Fault::AuthenticationNeeded),
    ("permission denied (", Fault::KeyNeeded),
    ("requested url returned error: 401", Fault::AuthenticationNeeded),
    ("requested url returned error: 403", Fault::AuthenticationNeeded),
    ("couldn't find remote ref", Fault::RefNotFound),
    ("not our ref", Fault::RefNotFound),
    ("unadvertised object", Fault::RefNotFound),
    ("did not contain", Fault::RefNotFound),
    ("detected dubious ownership", Fault::ForeignRepository),
    ("' not allowed", Fault::TransportNotAllowed),
    ("unable to find remote helper", Fault::TransportNotAllowed),
    ("no space left on device", Fault::DiskFull),
    ("disk quota exceeded", Fault::DiskFull),
    ("out of diskspace", Fault::DiskFull),
    ("repository not found", Fault::RepositoryNotFound),
    ("does not appear to be a git repository", Fault::RepositoryNotFound),
    ("access denied or repository not exported", Fault::RepositoryNotFound),
    ("requested url returned error: 404", Fault::RepositoryNotFound),
    ("could not be found or you don't have permission", Fault::RepositoryNotFound),
    ("/info/refs not valid", Fault::RepositoryNotFound),
    ("certificate problem", Fault::Certificate),
    ("certificate verification", Fault::Certificate),
    ("peer certificate", Fault::Certificate),
    ("could not resolve", Fault::Network),
    ("name resolution", Fault::Network),
    ("name or service not known", Fault::Network),
    ("unable to look up", Fault::Network),
    ("connection refused", Fault::Network),
    ("timed out", Fault::Network),
    ("failed to connect", Fault::Network),
    ("unreachable", Fault::Network),
    ("no route to host", Fault::Network),
    ("connection reset", Fault::Network),
    ("hung up unexpectedly", Fault::Network),
    ("operation too slow", Fault::Network),
    ("rpc failed", Fault::Network),
    ("early eof", Fault::Network),
    // What git puts before curl's own words, all others of which were looked for above.
    ("unable to access '", Fault::Network),
];

impl GitError {
    pub(super) fn from_process(
        error: ProcessError,
        command: String,
        url: Option<&GitUrl>,
        folder: Option<&Path>,
    ) -> Self {
        let fault = match &error {
            ProcessError::NotFound { .. } => return Self::NotInstalled,
            ProcessError::Cancelled { .. } => return Self::Cancelled,
            ProcessError::FellSilent { .. } | ProcessError::TimedOut { .. } => Fault::Network,
            ProcessError::AskedTheTerminal { .. } => Fault::AuthenticationNeeded,
            // SIGPIPE: the other side closed the connection while git was still talking.
            error if error.signal() == Some(13) && url.is_some() => Fault::Network,
            error => Fault::of(error.last_lines()),
        };
        let (how, status) = (error.how(), error.exit_code());
        let last_lines = error.last_lines().iter().map(|line| without_secrets(line).into_owned()).collect();
        let (url, folder) = (url.cloned(), folder.map(Path::to_owned));
        let submodule = None;
        Self::Failed(Box::new(GitFailure { fault, url, submodule, folder, command, how, status, last_lines }))
    }

    /// Says that it came about for a submodule, not for the repository that it is in.
    pub(crate) fn of_submodule(mut self, submodule: Submodule) -> Self {
        if let Self::Failed(failure) = &mut self {
            failure.submodule = Some(submodule);
        }
        self
    }

    /// The last lines that git wrote.
    pub(crate) fn last_lines(&self) -> &[String] {
        match self {
            Self::Failed(failure) => &failure.last_lines,
            _ => &[],
        }
    }

    /// The status that git ended with, when it came to an end by itself.
    pub(crate) fn status(&self) -> Option<i32> {
        match self {
            Self::Failed(failure) => failure.status,
            _ => None,
        }
    }

    /// What it was about.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Failed(failure) => Some(failure.fault),
            _ => None,
        }
    }

    /// Whether git came to this end by itself, and so had its time to leave everything in order.
    pub fn ended_by_itself(&self) -> bool {
        match self {
            Self::NotInstalled => true,
            Self::Cancelled => false,
            Self::Failed(failure) => failure.status.is_some(),
        }
    }

    /// Whether this may be due to the state of the folder that git worked in, and not to the server or the request.
    pub fn may_be_local(&self) -> bool {
        self.fault() == Some(Fault::Other)
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotInstalled => Some("install git".to_owned()),
            Self::Cancelled => None,
            Self::Failed(failure) if failure.fault == Fault::KeyNeeded => Some(hint_of_keys()),
            Self::Failed(failure) => failure.fault.hint().map(str::to_owned),
        }
    }
}

impl Fault {
    fn of(lines: &[String]) -> Self {
        let said = lines.join("\n").to_lowercase();
        // `repository 'https://…' not found` has the address in the middle.
        let missing = said.lines().any(|line| {
            let about = line.contains("repository '") || line.starts_with("error: repository");
            about && (line.contains("' not found") || line.contains("' does not exist"))
        });
        let known = WORDS.iter().find(|(words, _)| said.contains(words)).map(|(_, fault)| *fault);
        match known {
            Some(Self::Network | Self::Certificate) | None if missing => Self::RepositoryNotFound,
            known => known.unwrap_or(Self::Other),
        }
    }

    /// What to do about it.
    pub fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::RepositoryNotFound => "check the address, and whether you may read the repository",
            Self::AuthenticationNeeded => {
                "nobody can be asked here: configure a git credential helper, and check with \
                 `GIT_TERMINAL_PROMPT=0 git ls-remote URL`"
            }
            Self::KeyNeeded => {
                "configure an ssh key that the server knows, without passphrase or in an agent"
            }
            Self::UnknownHostKey => {
                "on the machine that fetches, connect once with `ssh HOST` and confirm its key, or add it to known_hosts"
            }
            Self::ChangedHostKey => {
                "find out why it changed; if it is right, forget the old one on the machine that fetches, with `ssh-keygen -R HOST`"
            }
            Self::Certificate => "install the certificate of its authority, or set git's `http.sslCAInfo`",
            Self::RefNotFound => "list what is there with `git ls-remote URL`",
            Self::Network => "check the address and the network, then run it again",
            Self::TransportNotAllowed => "use https, ssh, git or file, also for submodules",
            Self::ForeignRepository => "if you trust its owner, name it in git's `safe.directory`",
            Self::DiskFull => "make room and run it again",
            Self::Other => return None,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RepositoryNotFound => "there is no such repository",
            Self::AuthenticationNeeded | Self::KeyNeeded => "the server wants a login",
            Self::UnknownHostKey => "the host key of the server is not known",
            Self::ChangedHostKey => "the host key of the server has changed",
            Self::Certificate => "the certificate of the server cannot be verified",
            Self::RefNotFound => "the repository does not have it",
            Self::Network => "the server cannot be reached",
            Self::TransportNotAllowed => "this way to reach a repository is not allowed",
            Self::ForeignRepository => "the repository belongs to somebody else",
            Self::DiskFull => "the disk is full",
            Self::Other => "git failed",
        })
    }
}

/// What to do about a server of which no key is known: it depends on where this machine takes keys from.
fn hint_of_keys() -> String {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let machine = crate::identity::host();
    match (is_set("SSH_AUTH_SOCK"), is_set("SSH_CONNECTION")) {
        (true, _) => format!(
            "neither the authentication agent nor {machine} has a key that the server knows: see which it has with `ssh-add -l`, \
             and check with `ssh -v`"
        ),
        // Somebody came here by ssh, and may have an agent.
        (false, true) => format!(
            "no authentication agent was forwarded to {machine}, and it has no key that the server knows: leave out `-a`, see with \
             `ssh-add -l` whether one runs where the command is given, and whether `AllowAgentForwarding` of sshd is in its way; \
             or fetch where the command is given, with `source: push` of the project"
        ),
        (false, false) => format!(
            "{machine} has no authentication agent and no key that the server knows: add one with `ssh-add`, or configure one \
             without passphrase"
        ),
    }
}

impl GitFailure {
    /// What a server says, git shows behind `remote:`.
    fn is_our_disk_full(&self) -> bool {
        let full = |line: &String| Fault::of(std::slice::from_ref(line)) == Fault::DiskFull;
        self.fault == Fault::DiskFull
            && self.last_lines.iter().any(|line| full(line) && !line.starts_with("remote:"))
    }
}

impl fmt::Display for Submodule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.escape_debug();
        match &self.url {
            Some(url) => write!(f, "{} of the submodule `{path}`", url.escape_debug()),
            None => write!(f, "the submodule `{path}`"),
        }
    }
}

impl fmt::Display for GitFailure {
    /// What it was about, and below it the command and its last words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        match (&self.submodule, &self.url, &self.folder) {
            (_, _, Some(folder)) if self.is_our_disk_full() => write!(f, ": {}", folder.display())?,
            (Some(submodule), _, _) => write!(f, ": {submodule}")?,
            (None, Some(url), _) => write!(f, ": {url}")?,
            (None, None, _) => {}
        }
        write!(f, "\n  `{}` {}", self.command, self.how)?;
        self.last_lines
            .iter()
            .filter(|line| !line.trim().is_empty())
            .try_for_each(|line| write!(f, "\n  {line}"))
    }
}

#[cfg(test)]
mod tests {
    use trebuchet::process::{Cancel, Process};

    use super::*;

    #[test]
    fn a_full_disk_is_that_of_the_folder_unless_the_server_says_it_of_its_own() {
        let url: GitUrl = "https://example.org/a.git".parse().unwrap();
        // What the system says of a device that is always full, as git would pass it on.
        let said = |script: &str| {
            let error = Process::new("sh").args(["-c", script]).env("LC_ALL", "C").output(&Cancel::new());
            let folder = Some(Path::new("/copies/web"));
            let error =
                GitError::from_process(error.unwrap_err(), "git fetch".to_owned(), Some(&url), folder);
            error.to_string().lines().next().unwrap().to_owned()
        };
        assert_eq!(said("dd if=/dev/zero of=/dev/full count=1"), "the disk is full: /copies/web");
        let remote = "dd if=/dev/zero of=/dev/full count=1 2>&1 | sed 's/^/remote: /' >&2; exit 1";
        assert_eq!(said(remote), "the disk is full: https://example.org/a.git");
    }
}
