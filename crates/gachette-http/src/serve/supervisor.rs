//! Tells whoever supervises this process, such as systemd, how far it is: one datagram for each state (sd_notify(3)). Nothing is
//! told where nobody asks to be.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The variable that names the supervisor's socket; the name of one that is no file begins with `@`.
const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";

/// Who supervises this process, when that is somebody who wishes to be told.
pub(super) struct Supervisor(Option<(UnixDatagram, SocketAddr)>);

/// How far a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It answers.
    Ready,
    /// It reads its configuration again.
    Reloading,
    /// It is about to end, which may take so long.
    Stopping(Duration),
}

impl Supervisor {
    /// The one that the environment names.
    pub(super) fn of_environment() -> Self {
        let Some(socket) = env::var_os(NOTIFY_SOCKET).filter(|socket| !socket.is_empty()) else {
            return Self(None);
        };
        Self::at(&socket).unwrap_or_else(|error| {
            tracing::warn!(%error, "whoever asks for it in {NOTIFY_SOCKET} cannot be told how far the server is");
            Self(None)
        })
    }

    fn at(socket: &OsStr) -> io::Result<Self> {
        let address = match socket.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
            _ => SocketAddr::from_pathname(socket),
        };
        Ok(Self(Some((UnixDatagram::unbound()?, address?))))
    }

    /// Tells how far the server is.
    pub(super) fn tell(&self, progress: Progress) {
        let Some((socket, address)) = &self.0 else { return };
        if let Err(error) = socket.send_to_addr(progress.words().as_bytes(), address) {
            tracing::warn!(%error, "the supervisor cannot be told: {progress:?}");
        }
    }
}

impl Progress {
    fn words(self) -> String {
        match self {
            Self::Ready => "READY=1\nSTATUS=serving".to_owned(),
            Self::Reloading => format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic().as_micros()),
            Self::Stopping(within) => format!(
                "STOPPING=1\nSTATUS=ending when its builds have\nEXTEND_TIMEOUT_USEC={}",
                within.as_micros()
            ),
        }
    }
}

/// The time by which a supervisor orders what it is told.
fn monotonic() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    let part = |value: i64| u64::try_from(value).unwrap_or_default();
    Duration::from_secs(part(now.tv_sec)) + Duration::from_nanos(part(now.tv_nsec))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut words = [0; 200];
        let length = socket.recv(&mut words).unwrap();
        String::from_utf8_lossy(&words[..length]).into_owned()
    }

    #[test]
    fn a_supervisor_is_told_at_a_file_and_at_an_abstract_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notify");
        let name = format!("gachette-test-{}", file.display());
        let abstract_name = SocketAddr::from_abstract_name(&name).unwrap();
        for (socket, address) in [
            (UnixDatagram::bind(&file).unwrap(), file.display().to_string()),
            (UnixDatagram::bind_addr(&abstract_name).unwrap(), format!("@{name}")),
        ] {
            let supervisor = Supervisor::at(address.as_ref()).unwrap();
            supervisor.tell(Progress::Ready);
            assert_eq!(heard(&socket).lines().next(), Some("READY=1"));
            let before = monotonic();
            supervisor.tell(Progress::Reloading);
            let (reloading, when) = heard(&socket)
                .split_once("\nMONOTONIC_USEC=")
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .unwrap();
            assert_eq!(reloading, "RELOADING=1");
            let when = Duration::from_micros(when.parse().unwrap()) + Duration::from_micros(1);
            assert!(before <= when && when <= monotonic() + Duration::from_secs(1));
            supervisor.tell(Progress::Stopping(Duration::from_secs(80)));
            assert!(heard(&socket).ends_with("\nEXTEND_TIMEOUT_USEC=80000000"));
        }
    }

    #[test]
    fn who_is_not_there_any_more_is_in_nobodys_way() {
        Supervisor::at("/nonexistent/notify".as_ref()).unwrap().tell(Progress::Ready);
        assert!(Supervisor::at("/a".repeat(200).as_ref()).is_err(), "longer than an address can be");
    }
}
