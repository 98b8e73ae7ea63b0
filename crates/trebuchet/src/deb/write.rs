//! Writes a package file: plan, one pass over the tree, then the parts put together and moved into place.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::Path;

use gachette_core::Sha256Digest;
use sha2::{Digest, Sha256};

use super::control_archive::ControlArchive;
use super::layout::Layout;
use super::output_file::OutputFile;
use super::pipeline;
use super::tar_archive::write_tree;
use super::{Compression, DebError, DebPackage, archive};
use crate::process::Cancel;

/// How a package is written; what it says is in [`DebPackage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// The format and level of compression.
    pub compression: Compression,
    /// The time of all files in the package, in seconds since 1970.
    pub mtime: i64,
    /// How many threads compress, at least 1. The bytes written do not depend on it.
    pub threads: usize,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The digest of the package file.
    pub sha256: Sha256Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The size of its contents when installed, in KiB.
    pub installed_size_kib: u64,
}

impl WriteOptions {
    /// The default compression, on all processors there are.
    pub fn new(mtime: i64) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, Into::into);
        Self { compression: Compression::default(), mtime, threads }
    }
}

/// Writes the package to `output`, which appears there whole or not at all, also when the process is killed. The same
/// package and options give the same bytes on every machine.
///
/// # Errors
/// When the package is wrong, something cannot be read or written, or, soon after `cancel` was raised,
/// [`DebError::Cancelled`].
pub fn write(
    package: &DebPackage,
    output: &Path,
    options: &WriteOptions,
    cancel: &Cancel,
) -> Result<Written, DebError> {
    let mtime = u64::try_from(options.mtime).map_err(|_| DebError::Time(options.mtime))?;
    let layout = Layout::of(&package.entries)?;
    let mut control = ControlArchive::of(package, &layout)?;
    let folder = match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let data = tempfile::tempfile_in(folder).map_err(DebError::io("cannot write into", folder))?;
    let buffered = BufWriter::with_capacity(1 << 18, data);
    let encoder = options.compression.encoder(buffered, layout.tar_length(), options.threads, cancel)?;
    let (written, digests) = pipeline::run(encoder, cancel, |feed| write_tree(feed, &layout, mtime))?;
    let data = written
        .and_then(|buffered| buffered.into_inner().map_err(io::IntoInnerError::into_error))
        .map_err(DebError::io("cannot write into", folder))?;
    control.add_checksums(package, &layout, &digests);
    let parts = Parts { control: control.compressed(options.compression, mtime)?, data };
    let (sha256, size) = parts.assemble(folder, output, options)?;
    Ok(Written { sha256, size, installed_size_kib: layout.installed_size_kib() })
}

/// The compressed members of a package.
struct Parts {
    control: Vec<u8>,
    data: File,
}

impl Parts {
    /// Puts the members together next to `output` and moves the result there.
    fn assemble(
        mut self,
        folder: &Path,
        output: &Path,
        options: &WriteOptions,
    ) -> Result<(Sha256Digest, u64), DebError> {
        let failed = || DebError::io("cannot write", output);
        let data_size = self.data.stream_position().map_err(failed())?;
        let extension = options.compression.extension();
        let member = |name: &str, size| archive::header(name, size, options.mtime);
        let headers = [
            member("debian-binary", 4)?,
            member(&format!("control.tar.{extension}"), self.control.len() as u64)?,
            member(&format!("data.tar.{extension}"), data_size)?,
        ];
        let file = OutputFile::create_in(folder).map_err(failed())?;
        let mut target = Hashed { file: file.file(), hash: Sha256::new(), size: 0 };
        let mut put_together = || -> io::Result<()> {
            target.put(archive::MAGIC)?;
            target.put(&headers[0])?;
            target.put(b"2.0\n")?;
            target.put(&headers[1])?;
            target.put(&self.control)?;
            target.put(&b"\n"[..self.control.len() % 2])?;
            target.put(&headers[2])?;
            self.data.rewind()?;
            target.copy(&mut self.data)?;
            target.put(&b"\n"[..(data_size % 2) as usize])
        };
        put_together().map_err(failed())?;
        let (sha256, size) = (Sha256Digest::from_bytes(target.hash.finalize().into()), target.size);
        file.persist(folder, output).map_err(failed())?;
        Ok((sha256, size))
    }
}

/// A file whose digest is taken while it is written.
struct Hashed<'a> {
    file: &'a File,
    hash: Sha256,
    size: u64,
}

impl Hashed<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn copy(&mut self, source: &mut File) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 18];
        loop {
            match source.read(&mut buffer)? {
                0 => return Ok(()),
                count => self.put(&buffer[..count])?,
            }
        }
    }
}
