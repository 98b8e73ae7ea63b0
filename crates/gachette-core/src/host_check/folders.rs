//! Whether there is room in the folders that are written to.

use super::{Finding, FolderFact, FolderRole, Subject, Verdict};

/// Below this many free bytes it is warned: a working copy with its environment and packages takes hundreds of megabytes.
const LITTLE: u64 = 1 << 30;
/// Below this many even a small build is likely to fail.
const NONE: u64 = 64 << 20;
/// Below so many more files it is warned; an environment has some thousands.
const FEW_FILES: u64 = 20_000;

pub(super) fn judge(folder: &FolderFact) -> Finding {
    let (name, path) = (folder.role.name(), &folder.path);
    let finding =
        |verdict, found: &str| Finding::new(Subject::Disk, verdict, format!("{found}, {path}")).of(name);
    if let Some(fault) = &folder.fault {
        let key = folder.role.key();
        return finding(Verdict::Failure, &format!("cannot be written to: {fault}"))
            .with_hint(format!("give it to the user who builds, or name another folder by {key}"));
    }
    let free = format!("{} free", amount(folder.free));
    let room = format!("make room there, or name another folder by {}", folder.role.key());
    if folder.free < NONE {
        return finding(Verdict::Failure, &free).with_hint(room);
    }
    if folder.free < LITTLE {
        return finding(Verdict::Warning, &free).with_hint(room);
    }
    match folder.free_files {
        Some(files) if files < FEW_FILES => {
            return finding(Verdict::Warning, &format!("room for {files} more files only")).with_hint(room);
        }
        _ => {}
    }
    if !folder.runs_programs && folder.role.runs_programs() {
        return finding(Verdict::Warning, &format!("{free}, but mounted noexec")).with_hint(
            "programs that a build makes or brings cannot be run there; mount it otherwise, or name another folder",
        );
    }
    finding(Verdict::Ok, &free)
}

impl FolderRole {
    /// What is in it.
    fn name(self) -> &'static str {
        match self {
            Self::WorkingCopies => "working copies",
            Self::Repository => "repository",
            Self::Packages => "packages",
            Self::Cache => "cache",
            Self::Logs => "logs",
            Self::Temporary => "temporary files",
        }
    }

    /// What names it.
    fn key(self) -> &'static str {
        match self {
            Self::WorkingCopies => "`working_copies` in the configuration",
            Self::Repository => "`meta_path` in the configuration",
            Self::Packages => "`debs_path` in the configuration",
            Self::Cache => "XDG_CACHE_HOME there",
            Self::Logs => "XDG_STATE_HOME there",
            Self::Temporary => "TMPDIR there",
        }
    }

    fn runs_programs(self) -> bool {
        matches!(self, Self::WorkingCopies | Self::Cache | Self::Temporary)
    }
}

/// An amount of bytes, in units of 1024.
fn amount(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes >> 10),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(free: u64) -> FolderFact {
        FolderFact {
            role: FolderRole::WorkingCopies,
            path: "/srv/w".to_owned(),
            free,
            free_files: Some(1_000_000),
            runs_programs: true,
            fault: None,
        }
    }

    #[test]
    fn little_room_is_warned_about_and_none_fails() {
        for (free, verdict, found) in [
            (LITTLE, Verdict::Ok, "1 GiB free, /srv/w"),
            (LITTLE - 1, Verdict::Warning, "1023 MiB free, /srv/w"),
            (NONE, Verdict::Warning, "64 MiB free, /srv/w"),
            (NONE - 1, Verdict::Failure, "63 MiB free, /srv/w"),
            (0, Verdict::Failure, "0 KiB free, /srv/w"),
        ] {
            let finding = judge(&folder(free));
            assert_eq!((finding.verdict, finding.found.as_str()), (verdict, found));
            assert_eq!(finding.hint.is_some(), verdict != Verdict::Ok, "{found}");
        }
    }

    #[test]
    fn a_folder_may_be_of_no_use_in_other_ways() {
        let full = FolderFact { free_files: Some(7), ..folder(LITTLE) };
        assert_eq!(judge(&full).found, "room for 7 more files only, /srv/w");
        let unlimited = FolderFact { free_files: None, ..folder(LITTLE) };
        assert_eq!(judge(&unlimited).verdict, Verdict::Ok);
        let noexec = FolderFact { runs_programs: false, ..folder(LITTLE) };
        assert_eq!(judge(&noexec).verdict, Verdict::Warning);
        let packages = FolderFact { role: FolderRole::Packages, ..noexec };
        assert_eq!(judge(&packages).verdict, Verdict::Ok);
        let closed = FolderFact { fault: Some("Permission denied".to_owned()), ..folder(LITTLE) };
        assert_eq!(judge(&closed).verdict, Verdict::Failure);
        assert_eq!(judge(&closed).found, "cannot be written to: Permission denied, /srv/w");
    }
}
