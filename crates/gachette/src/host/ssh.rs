//! The arguments of `ssh`, from the configuration.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gachette_core::host::HostAddress;
use gachette_core::missile::shell_quoted;
use gachette_core::{LoginShell, Sha256Digest};
use sha2::{Digest, Sha256};
use trebuchet::process::SECRETS;

use super::runtime_folder;
use crate::config::Connection;

/// How long a connection may take to be made, in seconds, when nothing is configured.
const CONNECT_SECONDS: u64 = 10;
/// How often `ssh` asks a silent host whether it is there, in seconds; three times without an answer is a lost connection.
const ALIVE_SECONDS: u64 = 3;

/// What a user may have configured for his own sessions, and what ours need; older versions of `ssh` do not know all of it.
const IN_THE_WAY: [(&str, &str, &str); 4] = [
    ("remotecommand", "none", "RemoteCommand=none"),
    ("sessiontype", "default", "SessionType=default"),
    ("stdinnull", "no", "StdinNull=no"),
    ("forkafterauthentication", "no", "ForkAfterAuthentication=no"),
];

/// How one host is reached.
#[derive(Debug, Clone)]
pub struct Ssh {
    host: HostAddress,
    arguments: Vec<OsString>,
    /// The same in the words that a user would type, with the host at the end.
    typed: String,
    /// The control socket of a connection that is ours to keep, as `ssh` expands it.
    kept_at: Option<String>,
    /// Whether the connection may be one that outlives this process.
    shared: bool,
    shell: Option<LoginShell>,
}

/// Why a host cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// A key that is to be offered cannot be read; `ssh` would go on without it.
    #[error("cannot read the private key {}: {source}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no `ssh` to start.
    #[error("cannot start `ssh`: {0}; install the package openssh-client")]
    Missing(std::io::Error),
}

impl Ssh {
    /// How to reach `host` with this configuration.
    ///
    /// # Errors
    /// When a key cannot be read, or `ssh` is not installed.
    pub fn new(host: HostAddress, connection: &Connection) -> Result<Self, SshError> {
        let host = host.or(connection.user.as_ref(), connection.port);
        connection.key_filename.iter().try_for_each(|path| check_key(path))?;
        let way = way(&host, connection);
        let typed = typed(&way, &host);
        let mut arguments = plain_arguments(way, &host, connection);
        let effective = effective_options(&arguments, &host)?;
        if let Some(seconds) = connection.keepalive {
            option(&mut arguments, &format!("ServerAliveInterval={seconds}"));
        } else if effective.get("serveraliveinterval") == Some("0") {
            option(&mut arguments, &format!("ServerAliveInterval={ALIVE_SECONDS}"));
        }
        // Answers the question about an unknown key, and remembers the key; one that the lists know otherwise is refused, and whoever
        // told `ssh` to be strict keeps that. Fabric took any.
        if connection.disable_known_hosts && effective.get("stricthostkeychecking") == Some("ask") {
            option(&mut arguments, "StrictHostKeyChecking=accept-new");
        }
        for (name, usual, option_there) in IN_THE_WAY {
            if effective.get(name).is_some_and(|value| value != usual) {
                option(&mut arguments, option_there);
            }
        }
        // Else nobody would say why a connection failed.
        if matches!(effective.get("loglevel"), Some("QUIET" | "SILENT" | "FATAL")) {
            option(&mut arguments, "LogLevel=ERROR");
        }
        // A master of the user's own is used by `ssh` itself.
        let mut shared = effective.get("controlpath").is_some_and(|path| path != "none");
        // Ours must not become one that others come to rely on, since it ends with us; one that persists is a process of its own.
        let becomes = effective.get("controlmaster").is_some_and(|value| !matches!(value, "false" | "no"));
        if shared && becomes && effective.get("controlpersist") == Some("no") {
            option(&mut arguments, "ControlMaster=no");
        }
        let mut kept_at = None;
        let folder = runtime_folder().and_then(|folder| expanding_to(&folder));
        if !shared && let (seconds @ 1.., Some(folder)) = (connection.reuse_connection, folder) {
            let path = format!("{folder}/{}-%C", mark(&arguments));
            option(&mut arguments, "ControlMaster=auto");
            option(&mut arguments, &format!("ControlPersist={seconds}"));
            option(&mut arguments, &format!("ControlPath=\"{path}\""));
            (kept_at, shared) = (Some(path), true);
        }
        Ok(Self { host, arguments, typed, kept_at, shared, shell: connection.shell.clone() })
    }

    /// The host, with user and port when they are known.
    pub fn host(&self) -> &HostAddress {
        &self.host
    }

    /// What a user would type behind `ssh` to get there the same way.
    pub(super) fn typed(&self) -> &str {
        &self.typed
    }

    /// What a user would type to end the connection that others may share; none when it is one of its own.
    pub(super) fn typed_to_end_it(&self) -> Option<String> {
        let at = match &self.kept_at {
            Some(path) => format!("-S {} ", word(path)),
            None => String::new(),
        };
        self.shared.then(|| format!("ssh -O exit {at}{}", self.typed))
    }

    /// An `ssh` that succeeds when the connection that this one went through is still there; none when it was one of its own.
    pub fn check_command(&self) -> Option<Command> {
        let mut ssh = self::ssh();
        ssh.args(&self.arguments).args(["-O", "check", "--"]).arg(self.host.host());
        ssh.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.shared.then_some(ssh)
    }

    /// An `ssh` that runs `script` there with the words of the configured shell behind it, and with its standard streams as
    /// pipes. The host's login shell reads it.
    pub fn command(&self, script: &'static str) -> Command {
        let mut line = script.to_owned();
        for word in self.shell.iter().flat_map(LoginShell::words) {
            line.push(' ');
            line.push_str(word);
        }
        let mut ssh = self::ssh();
        ssh.args(&self.arguments).arg("--").arg(self.host.host()).arg(line);
        ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        ssh
    }
}

/// An `ssh` that is given no secrets: its configuration may start programs, and send variables on.
fn ssh() -> Command {
    let mut ssh = Command::new("ssh");
    for secret in SECRETS {
        ssh.env_remove(secret);
    }
    ssh
}

/// The way to the host, as the configuration has it, with the host's name left out.
fn way(host: &HostAddress, connection: &Connection) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    match (&connection.ssh_config_path, connection.use_ssh_config) {
        (_, Some(false)) => arguments.extend(["-F".into(), "none".into()]),
        (Some(file), _) => arguments.extend(["-F".into(), file.into()]),
        (None, _) => {}
    }
    if let Some(gateway) = &connection.gateway {
        option(&mut arguments, &format!("ProxyJump={gateway}"));
    }
    for key in &connection.key_filename {
        arguments.extend(["-i".into(), key.into()]);
    }
    // Else those in the agent are offered first, and after some of them the host hangs up (`MaxAuthTries` in sshd_config(5)).
    if !connection.key_filename.is_empty() {
        option(&mut arguments, "IdentitiesOnly=yes");
    }
    if let Some(port) = host.port() {
        arguments.extend(["-p".into(), port.to_string().into()]);
    }
    arguments
}

/// What a user types to go that way.
fn typed(way: &[OsString], host: &HostAddress) -> String {
    let mut typed: String = way.iter().map(|part| word(&part.to_string_lossy()) + " ").collect();
    if let Some(user) = host.user() {
        typed = format!("{typed}{user}@");
    }
    typed + host.host()
}

/// One word of a shell.
fn word(text: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&b);
    if !text.is_empty() && text.bytes().all(is_plain) { text.to_owned() } else { shell_quoted(text) }
}

/// What the configuration says, in the words of ssh_config(5), with the host's name left out.
fn plain_arguments(way: Vec<OsString>, host: &HostAddress, connection: &Connection) -> Vec<OsString> {
    let mut arguments = way;
    arguments.push("-T".into());
    // A question that nobody answers would hang for ever.
    option(&mut arguments, "BatchMode=yes");
    // Those are for the user's own sessions; a second one could not listen there.
    option(&mut arguments, "ClearAllForwardings=yes");
    option(&mut arguments, &format!("ConnectTimeout={}", connection.timeout.unwrap_or(CONNECT_SECONDS)));
    if let Some(attempts) = connection.connection_attempts {
        option(&mut arguments, &format!("ConnectionAttempts={}", attempts.max(1)));
    }
    option(&mut arguments, if connection.forward_agent { "ForwardAgent=yes" } else { "ForwardAgent=no" });
    if let Some(user) = host.user() {
        arguments.extend(["-l".into(), user.as_str().into()]);
    }
    arguments
}

/// Whether `ssh` will be able to offer this key.
fn check_key(path: &Path) -> Result<(), SshError> {
    // These it replaces, as ssh_config(5) says of IdentityFile.
    let is_expanded = path.as_os_str().as_bytes().iter().any(|byte| b"%$~".contains(byte));
    let read = |path: &Path| trebuchet::read_regular(path, 1).map(drop);
    match read(path) {
        Err(_) if is_expanded => Ok(()),
        // The agent has the private half.
        Err(error) if error.kind() == ErrorKind::NotFound && read(&public_half(path)).is_ok() => Ok(()),
        outcome => outcome.map_err(|source| SshError::Key { path: path.to_owned(), source }),
    }
}

fn public_half(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn option(arguments: &mut Vec<OsString>, text: &str) {
    arguments.extend(["-o".into(), text.into()]);
}

/// What `ssh` would do for this host: the user's configuration and ours together.
struct EffectiveOptions(String);

impl EffectiveOptions {
    /// The value of an option, in the spelling of `ssh -G`.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    }
}

fn effective_options(arguments: &[OsString], host: &HostAddress) -> Result<EffectiveOptions, SshError> {
    let mut ssh = self::ssh();
    ssh.arg("-G").args(arguments).arg("--").arg(host.host()).stdin(Stdio::null());
    // What is wrong with the configuration is said once more when it is used.
    let output = ssh.output().map_err(SshError::Missing)?;
    Ok(EffectiveOptions(String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// What `ssh` expands to this path, in quotation marks: `%` and `$` begin what is replaced (ssh_config(5), TOKENS and ENVIRONMENT
/// VARIABLES). None of one that cannot be written so; older versions know no way to write a quotation mark.
fn expanding_to(folder: &Path) -> Option<String> {
    let folder =
        folder.to_str().filter(|folder| !folder.contains(['"', '\\', '\n']) && !folder.contains("${"))?;
    Some(folder.replace('%', "%%"))
}

/// Connections that were made with other options, or another agent, are not shared.
fn mark(arguments: &[OsString]) -> String {
    let mut hash = Sha256::new();
    let agent = std::env::var_os("SSH_AUTH_SOCK").unwrap_or_default();
    for argument in arguments.iter().chain([&agent]) {
        hash.update(argument.as_bytes());
        hash.update([0]);
    }
    Sha256Digest::from_bytes(hash.finalize().into()).to_string().chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_typed_goes_the_same_way() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("a key");
        std::fs::write(&key, "").unwrap();
        let connection = Connection {
            use_ssh_config: Some(false),
            gateway: Some("gate:2200".parse().unwrap()),
            key_filename: vec![key.clone()],
            reuse_connection: 0,
            ..Connection::default()
        };
        let ssh = Ssh::new("ada@build1:2222".parse().unwrap(), &connection).unwrap();
        let key = key.display();
        let typed =
            format!("-F none -o ProxyJump=gate:2200 -i '{key}' -o IdentitiesOnly=yes -p 2222 ada@build1");
        assert_eq!(ssh.typed(), typed);
        assert_eq!(ssh.typed_to_end_it(), None, "it is shared with nobody");
        let kept = Connection { reuse_connection: 60, ..connection };
        let ssh = Ssh::new("build1".parse().unwrap(), &kept).unwrap();
        // Its path is in the arguments, and in what is to be typed.
        let path = ssh.arguments.iter().find_map(|word| word.to_str()?.strip_prefix("ControlPath="));
        let path = path.unwrap().trim_matches('"');
        assert_eq!(ssh.typed_to_end_it().map(|end| end.contains(path)), Some(true));
    }
}
