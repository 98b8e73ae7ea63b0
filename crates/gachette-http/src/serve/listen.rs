//! Where a server listens: unix sockets and TCP.

use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::access::Peer;

/// Who may connect to a socket: its user and its group.
const SOCKET_MODE: u32 = 0o660;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A unix socket, by its whole path.
    Unix(PathBuf),
    /// An address with a port; port 0 is any that is free.
    Tcp(SocketAddr),
}

/// Text that says no place to listen at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no place to listen at: write `unix:///PATH` or `ADDRESS:PORT`, such as `127.0.0.1:8080`", .0.escape_debug())]
pub struct ListenError(String);

/// A place that is listened at. The socket's file goes with it.
pub(super) enum Listener {
    Unix { listener: UnixListener, path: PathBuf },
    Tcp(TcpListener),
}

/// A stream of bytes to and from a client.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Listener {
    /// Begins to listen.
    pub(super) async fn bind(listen: &Listen) -> io::Result<Self> {
        match listen {
            Listen::Tcp(address) => TcpListener::bind(address).await.map(Self::Tcp),
            Listen::Unix(path) => {
                remove_stale(path).await?;
                // It must not be open to others for the moment between its making and the change of its mode.
                let folder = path.parent().unwrap_or(Path::new("/"));
                if !folder.is_dir() {
                    let missing = format!("there is no folder {}", folder.display());
                    return Err(io::Error::new(io::ErrorKind::NotFound, missing));
                }
                let private = tempfile::Builder::new().prefix(".gachette-").tempdir_in(folder)?;
                let made = private.path().join("socket");
                let listener = UnixListener::bind(&made)?;
                fs::set_permissions(&made, fs::Permissions::from_mode(SOCKET_MODE))?;
                fs::rename(&made, path)?;
                Ok(Self::Unix { listener, path: path.clone() })
            }
        }
    }

    /// The next client.
    pub(super) async fn accept(&self) -> io::Result<(Box<dyn Stream>, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Box::new(stream), Peer::Address(address)))
            }
            Self::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                let uid = stream.peer_cred()?.uid();
                Ok((Box::new(stream), Peer::user(uid)))
            }
        }
    }

    pub(super) fn is_tcp(&self) -> bool {
        matches!(self, Self::Tcp(_))
    }

    /// The address that clients give to `-H`.
    pub(super) fn address(&self, scheme: &str) -> String {
        match self {
            Self::Unix { path, .. } => format!("unix://{}", path.display()),
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => format!("{scheme}://{address}"),
                Err(error) => error.to_string(),
            },
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix { path, .. } = self {
            let _ = fs::remove_file(path);
        }
    }
}

/// Removes a socket that nobody listens at any more; any other file is left, and in the way.
async fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file that is no socket is in the way"))
        }
        Ok(_) => match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
            Err(error) => Err(error),
            Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another server listens there")),
        },
    }
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let wrong = || ListenError(text.chars().take(200).collect());
        if let Some(path) = text.strip_prefix("unix://") {
            let whole = path.starts_with('/') && !path.ends_with('/') && !path.chars().any(char::is_control);
            return if whole { Ok(Self::Unix(path.into())) } else { Err(wrong()) };
        }
        text.parse().map(Self::Tcp).map_err(|_| wrong())
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_whole_path_or_an_address_with_a_port() {
        for text in ["unix:///run/gachette.sock", "127.0.0.1:8080", "[::1]:0"] {
            assert_eq!(text.parse::<Listen>().map(|listen| listen.to_string()).as_deref(), Ok(text));
        }
        for text in [
            "",
            "unix://run",
            "unix:///run/",
            "8080",
            "localhost:80",
            "::1:80",
            "http://127.0.0.1:80",
            "1.2.3.4",
        ] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let (path, file) = (folder.path().join("s"), folder.path().join("file"));
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let listen = Listen::Unix(path.clone());
        let listener = Listener::bind(&listen).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        let in_use = Listener::bind(&listen).await.err().unwrap();
        assert_eq!(in_use.kind(), io::ErrorKind::AddrInUse);
        drop(listener);
        assert!(!path.exists());
        fs::write(&file, "precious").unwrap();
        assert!(Listener::bind(&Listen::Unix(file.clone())).await.is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
