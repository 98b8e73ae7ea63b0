//! Reads files that somebody else names. Pipes and devices are refused: reading them might never end, or do something. What
//! the user at the terminal hands over himself may come through a pipe, but not without end.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{OFlags, fcntl_setfl, fstatfs};

/// The file system of pipes that have no name (statfs(2)).
const PIPEFS_MAGIC: u64 = 0x5049_5045;
/// For how much room is made at most before anything was read, in bytes.
const ROOM: u64 = 1 << 24;

/// What the regular file holds, its first `most` bytes at most.
///
/// # Errors
/// When it cannot be read, or is no regular file.
pub fn read_regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_open(&open_regular(path)?, most)
}

/// The content of an open file, at most so many bytes.
///
/// # Errors
/// When it cannot be read.
pub fn read_open(file: &File, most: u64) -> io::Result<Vec<u8>> {
    // Whoever made a file of nothing but a length gets no memory by that.
    let room = file.metadata()?.len().min(most).min(ROOM);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The regular file, to be read.
///
/// # Errors
/// When it cannot be opened, or is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // To open a pipe would wait for who writes into it.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !kind.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    Ok(file)
}

/// What the user hands over: the content of a file, or what comes through a pipe, as from a shell's `<(command)`.
///
/// # Errors
/// When it cannot be read, is a folder or a pipe that has a name, or is larger than `most` bytes.
pub fn read_handed_over(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_handed_over(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let limit = if most >> 20 > 0 { format!("{} MiB", most >> 20) } else { format!("{most} bytes") };
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {limit}")));
    }
    Ok(bytes)
}

/// The file or pipe that the user hands over, to be read; who reads it sets a bound.
///
/// # Errors
/// When it cannot be opened, or is a folder or a pipe that has a name.
pub fn open_handed_over(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if kind.is_fifo() && fstatfs(&file)?.f_type as u64 != PIPEFS_MAGIC {
        let reason = "it is a named pipe, into which perhaps nobody writes";
        return Err(io::Error::new(ErrorKind::InvalidInput, reason));
    }
    // From here on it is waited for what comes.
    fcntl_setfl(&file, OFlags::empty())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn what_is_handed_over_may_be_a_pipe_without_a_name_and_has_a_bound() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, file) = (folder.path().join("pipe"), folder.path().join("file"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::fs::write(&file, "text").unwrap();
        assert_eq!(read_handed_over(&file, 4).unwrap(), b"text");
        for path in [pipe.as_path(), Path::new("/dev/zero"), folder.path(), &file] {
            read_handed_over(path, 3).unwrap_err();
        }
        let mut echo = std::process::Command::new("sh");
        echo.args(["-c", "sleep 0.1; echo text"]).stdout(std::process::Stdio::piped());
        let mut echo = echo.spawn().unwrap();
        let through = format!("/proc/self/fd/{}", echo.stdout.as_ref().unwrap().as_raw_fd());
        assert_eq!(read_handed_over(Path::new(&through), 9).unwrap(), b"text\n");
        echo.wait().unwrap();
    }

    #[test]
    fn files_are_read_and_what_might_never_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, file) = (folder.path().join("pipe"), folder.path().join("file"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::fs::write(&file, "text").unwrap();
        assert_eq!(read_regular(&file, 3).unwrap(), b"tex");
        for path in [pipe.as_path(), Path::new("/dev/zero"), folder.path()] {
            read_regular(path, 3).unwrap_err();
        }
    }
}
