//! Whether a web server of another user can hand out what was published: by the umask, what is written may be for its owner alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use gachette_core::apt::Suite;

/// That group and others may read it.
const READ: u32 = 0o044;

/// What to do about a suite that only its owner can read, in a repository that others can look into. None when there is nothing
/// to be done, or it cannot be seen.
pub(super) fn shut_out(root: &Path, suite: &Suite) -> Option<String> {
    let may_read = |path: &Path| fs::metadata(path).is_ok_and(|it| it.permissions().mode() & READ != 0);
    let dists = root.join("dists");
    let folder = dists.join(suite.to_string());
    let release = folder.join("Release");
    // A repository in a folder of its owner's is meant so.
    let is_open = may_read(root) && release.exists();
    let between = folder.ancestors().take_while(|path| *path != root);
    let shut = std::iter::once(release.as_path()).chain(between).find(|path| !may_read(path));
    shut.filter(|_| is_open).map(|path| {
        format!(
            "{} can be read by its owner alone, so a web server of another user hands out nothing of suite {suite}: \
             publish with umask 022, after `chmod -R go+rX {}`",
            path.display(),
            dists.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_its_owner_can_read_is_told_unless_all_of_the_repository_is_so() {
        let folder = tempfile::tempdir().unwrap();
        let (root, suite) =
            (folder.path(), Suite::from("shop/124".parse::<gachette_core::stack::StackName>().unwrap()));
        let release = root.join("dists/shop/124/Release");
        fs::create_dir_all(release.parent().unwrap()).unwrap();
        fs::write(&release, "").unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for path in [root, &root.join("dists"), &root.join("dists/shop"), &root.join("dists/shop/124")] {
            set(path, 0o755);
        }
        set(&release, 0o640);
        assert_eq!(shut_out(root, &suite), None);
        set(&release, 0o600);
        let told = shut_out(root, &suite).unwrap();
        assert!(told.contains("124/Release can be read by its owner alone"), "{told}");
        set(&release, 0o644);
        set(&root.join("dists/shop"), 0o700);
        let told = shut_out(root, &suite).unwrap();
        assert!(told.contains("dists/shop can be read by its owner alone"), "{told}");
        set(root, 0o700);
        assert_eq!(shut_out(root, &suite), None);
    }
}
