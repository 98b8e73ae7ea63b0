//! TLS for TCP listeners: a certificate chain and its key, from files in PEM.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// How long it is waited until files that cannot be read are tried again, as long as they look the same.
const PAUSE: Duration = Duration::from_secs(1);

/// The certificate that a server shows. One that is renewed is for those who come next.
pub(super) struct Certificate {
    files: TlsFiles,
    latest: Mutex<Latest>,
}

/// What was read last.
struct Latest {
    acceptor: TlsAcceptor,
    /// By what the files are known to be the same still.
    marks: Marks,
    /// Those of files that could not be read since, and when that was.
    failed: Option<(Marks, Instant)>,
}

/// Of both files.
type Marks = [Option<Mark>; 2];

/// A file's number and size, and the times of its last change: of its content, and of that or of who may read it.
type Mark = (u64, u64, [i64; 2], [i64; 2]);

impl Certificate {
    /// The one that is in these files now.
    pub(super) fn read(files: TlsFiles) -> io::Result<Self> {
        // First: what is written meanwhile is read again.
        let marks = files.marks();
        let acceptor = files.acceptor()?;
        Ok(Self { files, latest: Mutex::new(Latest { acceptor, marks, failed: None }) })
    }

    /// What makes TLS of connections now.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let marks = self.files.marks();
        let waits = |(failed, tried): (Marks, Instant)| failed == marks && tried.elapsed() < PAUSE;
        if marks != latest.marks && !latest.failed.is_some_and(waits) {
            latest.renew(&self.files, marks);
        }
        latest.acceptor.clone()
    }

    /// Reads the files again, whatever they look like.
    pub(super) fn read_again(&self) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.failed = None;
        latest.renew(&self.files, self.files.marks());
    }
}

impl Latest {
    /// What is in the files now, which had these marks before they are read.
    fn renew(&mut self, files: &TlsFiles, marks: Marks) {
        match files.acceptor() {
            Ok(acceptor) => {
                tracing::info!("the certificate was read again");
                *self = Self { acceptor, marks, failed: None };
            }
            // One of the two may not have been renewed yet, or not be readable yet.
            Err(error) => {
                let is_told = self.failed.is_some_and(|(failed, _)| failed == marks);
                self.failed = Some((marks, Instant::now()));
                if !is_told {
                    tracing::warn!(%error, "the certificate that was read before stays in use");
                }
            }
        }
    }
}

/// The files of a server's certificate.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, and those between it and a known root.
    pub certificates: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl TlsFiles {
    fn marks(&self) -> Marks {
        [&self.certificates, &self.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            let content = [found.mtime(), found.mtime_nsec()];
            Some((found.ino(), found.size(), content, [found.ctime(), found.ctime_nsec()]))
        })
    }

    fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let certificates = CertificateDer::pem_file_iter(&self.certificates)
            .and_then(|found| found.collect::<Result<Vec<_>, _>>())
            .map_err(|error| unusable(&self.certificates, &error))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| unusable(&self.key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
            .map_err(|error| unusable(&self.certificates, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn unusable(file: &Path, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{}: {error}", file.display()))
}
