//! This program, which hosts get: where it lies, and its digest.
//!
//! To read a program of some size takes longer than a login over a connection that is kept. So the digest is remembered beside the
//! sockets of such connections, as long as the file stays as it is: whoever can write there is logged in already, and what arrives on a
//! host is compared with the digest whatever was remembered.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use gachette_core::Sha256Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::runtime_folder;
use crate::file_stat::FileStat;

/// The version of what is remembered.
const FORMAT: u32 = 2;
/// The longest text of that, in bytes.
const LONGEST: u64 = 1024;

/// How hard it is compressed, of 9: more takes longer than it saves on a line of 100 Mbit/s, and less does not halve it.
const PACKING: u32 = 2;

/// The program of this process, as it lies on disk.
#[derive(Debug, Clone)]
pub struct Program {
    /// Where it can be read.
    pub path: PathBuf,
    /// Its digest, by which hosts know it.
    pub sha256: Sha256Digest,
    /// How long it is, in bytes.
    pub size: u64,
}

/// What is remembered.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    format: u32,
    file: FileStat,
    sha256: Sha256Digest,
}

impl Program {
    /// The program of this process. It is read when its digest is not remembered.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_this_process() -> io::Result<Self> {
        // Through /proc it is the very file that runs, also when another was put in its place since.
        let path = PathBuf::from("/proc/self/exe");
        let file = File::open(&path)?;
        let size = file.metadata()?.len();
        // Without both it is read again the next time.
        let remembered = memory().zip(FileStat::of(&file));
        let sha256 = match remembered.as_ref().and_then(|(memory, stat)| recall(memory, *stat)) {
            Some(sha256) => sha256,
            None => {
                let sha256 = digest(file)?;
                if let Some((memory, stat)) = remembered {
                    let _ = remember(&memory, stat, sha256);
                }
                sha256
            }
        };
        Ok(Self { path, sha256, size })
    }

    /// Its bytes compressed by gzip (RFC 1952), quickly rather than well: most connections wait for the sender then.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn packed(&self) -> io::Result<Vec<u8>> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::new(PACKING));
        io::copy(&mut File::open(&self.path)?, &mut packed)?;
        packed.finish()
    }

    /// Whether it has this digest indeed; what was remembered is forgotten when it has not.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_as_remembered(&self) -> io::Result<bool> {
        let is_right = digest(File::open(&self.path)?)? == self.sha256;
        if let Some(memory) = memory().filter(|_| !is_right) {
            fs::remove_file(memory)?;
        }
        Ok(is_right)
    }
}

/// Where the digest is remembered.
fn memory() -> Option<PathBuf> {
    Some(runtime_folder()?.join("program.json"))
}

/// The digest of the file in this state, when it is remembered.
fn recall(memory: &Path, file: FileStat) -> Option<Sha256Digest> {
    let text = trebuchet::read_regular(memory, LONGEST).ok()?;
    let found: Remembered = serde_json::from_slice(&text).ok()?;
    (found.format == FORMAT && found.file == file).then_some(found.sha256)
}

fn remember(memory: &Path, file: FileStat, sha256: Sha256Digest) -> io::Result<()> {
    let text = serde_json::to_vec(&Remembered { format: FORMAT, file, sha256 })?;
    let folder = memory.parent().unwrap_or(Path::new("/"));
    let mut written = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut written, &text)?;
    written.persist(memory)?;
    Ok(())
}

fn digest(mut file: File) -> io::Result<Sha256Digest> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Sha256Digest::from_bytes(hash.finalize().into())),
            count => hash.update(&buffer[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_stat::local_folder;

    #[test]
    fn a_digest_is_remembered_of_one_file_as_long_as_it_stays_as_it_is() {
        let Some(folder) = local_folder() else { return };
        let [memory, one, two] = ["program.json", "one", "two"].map(|name| folder.path().join(name));
        fs::write(&one, "program").unwrap();
        fs::copy(&one, &two).unwrap();
        let state = |path: &Path| FileStat::of_settled(&File::open(path).unwrap()).unwrap();
        let (sha256, before) = (digest(File::open(&one).unwrap()).unwrap(), state(&one));
        remember(&memory, before, sha256).unwrap();
        assert_eq!(recall(&memory, before), Some(sha256));
        assert_eq!(recall(&memory, state(&two)), None);
        fs::write(&one, "a newer program").unwrap();
        assert_eq!(recall(&memory, state(&one)), None, "it was changed");
    }

    #[test]
    fn what_is_no_memory_is_as_nothing() {
        let Some(folder) = local_folder() else { return };
        let memory = folder.path().join("program.json");
        let state = FileStat::of_settled(&File::open(folder.path()).unwrap()).unwrap();
        for text in ["", "{}", "{\"format\":3}", "\0", &"x".repeat(1 << 20)] {
            fs::write(&memory, text).unwrap();
            assert_eq!(recall(&memory, state), None);
        }
        fs::remove_file(&memory).unwrap();
        assert_eq!(recall(&memory, state), None);
        // A pipe that nobody writes into.
        let made = std::process::Command::new("mkfifo").arg(&memory).status().unwrap();
        assert!(made.success());
        assert_eq!(recall(&memory, state), None);
    }
}
