//! Large stacks, of which it is remembered what was found in their files: only for as long as nothing happened to these.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use gachette_core::debian::Control;
use serde_json::Value;
use trebuchet::deb::{Compression, DebPackage, WriteOptions};
use trebuchet::process::Cancel;

use crate::playground::Playground;
use crate::republished::KEY;

/// More packages than it takes for anything to be remembered of them.
const PACKAGES: usize = 600;

/// A stack of many packages, published with a key, and again until all that can be remembered of it is. Where nothing is remembered
/// anywhere, there is none.
fn large() -> Option<Playground> {
    let remembering = Playground::remembering();
    let is_remembered = remembering.is_some();
    let playground = unpublished(remembering.unwrap_or_else(Playground::new));
    assert!(publish(&playground));
    if !is_remembered {
        (0..3).for_each(|_| assert!(!publish(&playground)));
        assert_eq!(caches(&playground), [] as [PathBuf; 0]);
        return None;
    }
    known(&playground);
    Some(playground)
}

/// The same stack, and the key.
fn unpublished(playground: Playground) -> Playground {
    let source = playground.path("source");
    fs::create_dir(&source).unwrap();
    for number in 0..PACKAGES {
        let name = format!("dh-{number}").parse().unwrap();
        let mut control = Control::new(name, "1.0".parse().unwrap(), "all".parse().unwrap());
        control.maintainer = "Ada <ada@example.org>".to_owned();
        control.description =
            "one of many\nIt is as long as it takes to have an index be a large one.".to_owned();
        let options = WriteOptions { compression: Compression::Gzip, mtime: 0, threads: 1 };
        let file = source.join(format!("dh-{number}_1.0_all.deb"));
        trebuchet::deb::write(&DebPackage::new(control), &file, &options, &Cancel::new()).unwrap();
    }
    playground.ok("--set signing.folder=keys key generate archive --email archive@example.org");
    playground.ok("stack create 124");
    playground.ok("repository import source --to 124");
    playground
}

/// Whether something had to be published.
fn publish(playground: &Playground) -> bool {
    playground.json(&format!("{KEY} publish 124"))["changed"].as_bool().unwrap()
}

/// The only cache of a suite.
fn cache(playground: &Playground) -> PathBuf {
    let mut files = caches(playground);
    let file = files.pop().unwrap();
    assert_eq!(files, [] as [PathBuf; 0]);
    file
}

/// The caches of all suites.
fn caches(playground: &Playground) -> Vec<PathBuf> {
    let folder = playground.path("home/.cache/gachette/stats");
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

/// Publishes what is published until it is remembered what is found in each of its files by now.
fn known(playground: &Playground) {
    let cache = cache(playground);
    fs::remove_file(&cache).unwrap();
    // What was written within a tick of the clock is remembered the next time.
    let is_known = || {
        assert!(!publish(playground));
        let text = fs::read_to_string(&cache).unwrap_or_default();
        ["\"debs\"", "by-hash", "revisions/"].iter().all(|part| text.contains(part))
    };
    assert!((0..9).any(|_| is_known()), "nothing is remembered");
}

/// Changes a byte of a file in place, and gives it the time of its last modification again.
fn edit(path: &Path) {
    let modified = path.metadata().unwrap().modified().unwrap();
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
    File::options().append(true).open(path).unwrap().set_modified(modified).unwrap();
}

/// Changes a byte of a file, and has all that is known of it be known of what it is now: as if it had rotted on the disk.
fn rot(playground: &Playground, path: &Path) {
    edit(path);
    let now = path.metadata().unwrap();
    let stat = serde_json::json!({
        "device": now.dev(),
        "inode": now.ino(),
        "size": now.size(),
        "modified": [now.mtime(), now.mtime_nsec()],
        "changed": [now.ctime(), now.ctime_nsec()],
    });
    for cache in caches(playground) {
        let mut kept: Value = serde_json::from_slice(&fs::read(&cache).unwrap()).unwrap();
        for fact in kept["facts"].as_object_mut().unwrap().values_mut() {
            if fact["stat"]["inode"] == stat["inode"] {
                fact["stat"] = stat.clone();
            }
        }
        fs::write(&cache, kept.to_string()).unwrap();
    }
}

#[test]
fn what_is_known_of_a_file_is_not_believed_of_one_that_was_edited_and_has_its_old_time() {
    let Some(playground) = &large() else { return };
    let mode = cache(playground).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let indices = playground.path("repository/dists/default/124/main/binary-all/by-hash/SHA256");
    for index in fs::read_dir(indices).unwrap() {
        edit(&index.unwrap().path());
        assert!(publish(playground));
        assert_eq!(playground.run(&format!("{KEY} verify 124")).code, 0);
        known(playground);
    }
    let revision = playground.path("repository/domain/default/stacks/124/revisions/0000000002.json");
    let before = fs::read(&revision).unwrap();
    edit(&revision);
    let said = playground.run(&format!("{KEY} publish 124"));
    assert!(said.code != 0 && said.stderr.contains("0000000002.json"), "{}", said.stderr);
    fs::write(&revision, before).unwrap();
    assert!(!publish(playground));
}

#[test]
fn a_statement_that_was_edited_is_signed_again() {
    let Some(playground) = &large() else { return };
    playground.ok(&format!("{KEY} stack seal 124"));
    let published = playground.json(&format!("{KEY} publish 124"));
    let hash = published["hash"].as_str().unwrap();
    known(playground);
    let statement = playground.path(&format!("repository/statements/{}/{hash}.json", &hash[..2]));
    let is_remembered = || {
        assert!(!publish(playground));
        fs::read_to_string(cache(playground)).unwrap().contains(hash)
    };
    assert!((0..9).any(|_| is_remembered()));
    let payload = || {
        let envelope: Value = serde_json::from_slice(&fs::read(&statement).unwrap()).unwrap();
        envelope["payload"].as_str().unwrap().to_owned()
    };
    let before = payload();
    edit(&statement);
    assert_ne!(playground.run(&format!("{KEY} verify 124")).code, 0);
    assert!(!publish(playground));
    assert!(payload() == before);
    playground.ok(&format!("{KEY} verify 124"));
    // Whose signature it is, is judged again by another certificate.
    let judged = || {
        let kept: Value = serde_json::from_slice(&fs::read(cache(playground)).unwrap()).unwrap();
        let mut facts = kept["facts"].as_object().unwrap().iter();
        facts.find(|(key, _)| key.contains(hash)).unwrap().1["says"]["by"].clone()
    };
    let before = judged();
    playground.ok("--set signing.folder=keys key extend archive --expires 9y");
    publish(playground);
    assert_ne!(judged(), before);
}

#[test]
fn a_package_file_that_is_lost_or_replaced_is_told_although_all_were_there_before() {
    let Some(playground) = &large() else { return };
    playground.ok(&format!("{KEY} stack seal 124"));
    let package = playground.path("repository/debs/dh-7_1.0_all.deb");
    let aside = playground.path("aside");
    let refused = || {
        for line in ["publish 124", "promote 124 --to live"] {
            let said = playground.run(&format!("{KEY} {line}"));
            assert!(said.code != 0 && said.stderr.contains("dh-7_1.0_all.deb"), "{line}: {}", said.stderr);
        }
    };
    publish(playground);
    known(playground);
    fs::rename(&package, &aside).unwrap();
    refused();
    fs::write(playground.path("shorter"), "x").unwrap();
    fs::rename(playground.path("shorter"), &package).unwrap();
    refused();
    // What a link leads to can go without a change of the folder.
    std::os::unix::fs::symlink(&aside, {
        fs::remove_file(&package).unwrap();
        &package
    })
    .unwrap();
    (0..3).for_each(|_| assert!(!publish(playground)));
    let moved = playground.path("moved");
    fs::rename(&aside, &moved).unwrap();
    refused();
    fs::remove_file(&package).unwrap();
    fs::rename(&moved, &package).unwrap();
    assert!(!publish(playground));
    playground.ok("repository fsck");
    // What is known of the stack is not known anew of the channel that comes to show it.
    known(playground);
    let whole = fs::read(&package).unwrap();
    fs::write(&package, "x").unwrap();
    playground.ok(&format!("{KEY} promote 124 --to live"));
    let said = playground.run(&format!("{KEY} publish live"));
    assert!(said.code != 0 && said.stderr.contains("dh-7_1.0_all.deb"), "{}", said.stderr);
    fs::write(&package, whole).unwrap();
    playground.ok(&format!("{KEY} publish live"));
    playground.ok("repository fsck");
}

#[test]
fn what_is_known_is_not_believed_where_it_is_old_or_of_somebody_else() {
    let Some(playground) = &large() else { return };
    let package = playground.path("repository/debs/dh-7_1.0_all.deb");
    let whole = fs::read(&package).unwrap();
    let cache = cache(playground);
    let kept = fs::read_to_string(&cache).unwrap();
    // The folder is as it was; that is for `fsck` to find, and to be found when what is known is a day old.
    fs::write(&package, "x").unwrap();
    assert!(!publish(playground));
    assert_eq!(playground.run("repository fsck").code, 5);
    let is_found = |why: &str| {
        let said = playground.run(&format!("{KEY} publish 124"));
        assert!(said.code != 0 && said.stderr.contains("dh-7_1.0_all.deb"), "{why}: {}", said.stderr);
        fs::write(&cache, &kept).unwrap();
        assert!(!publish(playground), "{why}");
    };
    let mut old: Value = serde_json::from_str(&kept).unwrap();
    for time in ["2020-01-01T00:00:00Z", "2200-01-01T00:00:00Z"] {
        for fact in old["facts"].as_object_mut().unwrap().values_mut() {
            fact["found"] = time.into();
        }
        fs::write(&cache, old.to_string()).unwrap();
        is_found(time);
    }
    for damaged in ["", "{}", "[1]", "{\"format\": 1, \"facts\": {\"debs\": 1}}"] {
        fs::write(&cache, damaged).unwrap();
        is_found(damaged);
    }
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o666)).unwrap();
    let said = playground.run(&format!("{KEY} publish 124"));
    assert!(said.code != 0 && said.stderr.contains("dh-7_1.0_all.deb"), "{}", said.stderr);
    fs::remove_file(&cache).unwrap();
    assert_ne!(playground.run(&format!("{KEY} publish 124")).code, 0);
    fs::write(&package, whole).unwrap();
    assert!(!publish(playground));
}

#[test]
fn a_channel_is_not_moved_where_a_package_record_is_lost_although_all_was_found_before() {
    let playground = &unpublished(Playground::remembering().unwrap_or_else(Playground::new));
    playground.ok("stack seal 124");
    (0..3).for_each(|_| drop(playground.ok("promote 124 --to live --unsigned --dry-run")));
    let record = playground.path("repository/packages/dh-7/version/1.0/all.json");
    fs::rename(&record, playground.path("aside")).unwrap();
    for line in ["promote 124 --to live --unsigned --dry-run", "promote 124 --to live --unsigned"] {
        let said = playground.run(line);
        let told = format!("{}{}", said.stdout, said.stderr);
        assert!(said.code == 5 && told.contains("dh-7 1.0 (all)"), "{line}: {told}");
        assert!(!playground.path("repository/domain/default/channels/live").exists());
    }
    fs::rename(playground.path("aside"), &record).unwrap();
    playground.ok("promote 124 --to live --unsigned");
}

#[test]
fn an_index_that_rotted_is_written_again_as_soon_as_it_is_read() {
    let Some(playground) = &large() else { return };
    playground.ok(&format!("{KEY} stack seal 124"));
    playground.ok(&format!("{KEY} promote 124 --to live"));
    let publish = |suite: &str| {
        let published = playground.json(&format!("{KEY} publish {suite}"));
        published["changed"].as_bool().unwrap()
    };
    // Whatever is published first, and whether or not the suites share their files.
    for first in ["live", "124", "live"] {
        for _ in 0..3 {
            assert!(!publish("124") && !publish("live"));
        }
        let index = |suite: &str, of: &str| {
            playground.path(&format!("repository/dists/default/{suite}/main/binary-{of}/Packages"))
        };
        let whole = fs::read(index("124", "all")).unwrap();
        rot(playground, &index("124", "all"));
        if fs::read(index("124", "amd64")).unwrap() == whole {
            rot(playground, &index("124", "amd64"));
        }
        // Now the package files are looked for again, and they are listed in the index.
        fs::write(playground.path("repository/debs/another"), first).unwrap();
        fs::remove_file(playground.path("repository/debs/another")).unwrap();
        for suite in [first, "124", "live"] {
            publish(suite);
            assert!(!publish(suite), "{first}: {suite}");
        }
        for (suite, of) in [("124", "all"), ("124", "amd64"), ("live", "all"), ("live", "amd64")] {
            assert!(fs::read(index(suite, of)).unwrap() == whole, "{first}: {suite}, {of}");
        }
        playground.ok(&format!("{KEY} verify 124"));
    }
}
