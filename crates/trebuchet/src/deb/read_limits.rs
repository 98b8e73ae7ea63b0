//! How much of a package that somebody else made is read at most.

/// Bounds on what is unpacked and kept of a package file. The default takes every package of Debian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLimits {
    /// Unpacked bytes of the control member.
    pub control_bytes: u64,
    /// Bytes of the control file itself.
    pub control_file_bytes: u64,
    /// Control files.
    pub control_files: usize,
    /// Unpacked bytes of the data member, unless `data_ratio` allows more.
    pub data_bytes: u64,
    /// Unpacked bytes of the data member for each packed one.
    pub data_ratio: u64,
    /// Files, folders and links.
    pub members: usize,
    /// Bytes in all paths and link targets together.
    pub path_bytes: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            control_bytes: 256 << 20,
            control_file_bytes: 1 << 20,
            control_files: 1000,
            data_bytes: 4 << 30,
            data_ratio: 100,
            members: 2_000_000,
            path_bytes: 256 << 20,
        }
    }
}
