//! The program that is sent to hosts which do not have it: this very one.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use gachette_core::Sha256Digest;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

/// The program of this process, as it lies on disk.
#[derive(Debug, Clone)]
pub struct Binary {
    pub(super) path: PathBuf,
    pub(super) sha256: Sha256Digest,
    pub(super) size: u64,
}

impl Binary {
    /// The program of this process. It is read once, whatever the number of hosts, to know its digest.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn of_this_process() -> io::Result<&'static Self> {
        static BINARY: OnceCell<Binary> = OnceCell::const_new();
        BINARY.get_or_try_init(async || spawn_blocking(Self::read).await?).await
    }

    fn read() -> io::Result<Self> {
        // Through /proc it is the very file that runs, also when another was put in its place since.
        let path = PathBuf::from("/proc/self/exe");
        let mut file = File::open(&path)?;
        let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 18]);
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                count => {
                    hash.update(&buffer[..count]);
                    size += count as u64;
                }
            }
        }
        Ok(Self { path, sha256: Sha256Digest::from_bytes(hash.finalize().into()), size })
    }
}
