//! Binary packages (`.deb`, deb(5)) as files: written from a tree and a control, and read back safely.
//!
//! What goes into a package is decided by the build; what the control fields mean, by [`gachette_core::debian`].

mod archive;
mod compression;
mod control_archive;
mod deb_member;
mod decode;
mod entry;
mod gzip;
mod kept_buffer;
mod layout;
mod output_file;
mod package;
mod package_path;
mod pipeline;
mod read;
mod read_error;
mod read_limits;
mod tar_archive;
mod tar_header;
mod tar_reader;
mod tree;
mod write;
mod write_error;
mod xz;

pub use compression::Compression;
pub use deb_member::{DebMember, DebMemberKind};
pub use entry::{Content, Entry, Owner, Source};
pub(crate) use layout::{check, regular};
pub use package::{ControlFile, DebPackage, MaintainerScripts};
pub use package_path::{PackagePath, PackagePathError};
pub use read::{
    DebFile, DebText, read, read_control, read_copying, read_from, read_from_if, read_head, read_if,
    read_texts, read_within,
};
pub use read_error::{DebFault, DebReadError};
pub use read_limits::ReadLimits;
pub use tree::{FolderModes, Tree};
pub use write::{WriteOptions, Written, write};
pub use write_error::DebError;
pub use xz::{XzBlock, XzRecord, join_xz, xz_holds};
