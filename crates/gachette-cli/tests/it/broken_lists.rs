//! Lists of packages that were cut off, or are none: no base is taken from them, and the one from before stays.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::importing::run;
use crate::playground::Playground;

/// How a list is compressed, and by what.
const FORMS: [(&str, &str); 4] = [("gz", "gzip"), ("xz", "xz"), ("zst", "zstd"), ("bz2", "bzip2")];
/// How much of it is left.
const CUTS: [fn(usize) -> usize; 3] = [|all| all - 1, |all| all / 2, |_| 20];
/// What a web server may say in place of a list.
const PAGE: &str = "<!DOCTYPE html>\n<html><body>503 Service Unavailable</body></html>\n";

/// A list of many packages, in whose text a cut does not come near the end of a line by chance.
fn list() -> String {
    let package = |number: u32| {
        format!(
            "Package: p{number}\nVersion: 1.{}\nArchitecture: amd64\nFilename: p{number}.deb\nSize: 1\nSHA256: {}\n\n",
            number * 7919 % 1000,
            gachette_core::Sha256Digest::of(&number.to_le_bytes())
        )
    };
    (0..200).map(package).collect()
}

/// Writes the list, and beside it, compressed by this program.
fn compress(folder: &Path, program: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("Packages"), list()).unwrap();
    run(Command::new(program).args(["-q", "-k", "-f"]).arg(folder.join("Packages")));
}

fn cut(file: &Path, left: fn(usize) -> usize) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..left(bytes.len())]).unwrap();
}

/// What is said of a list that cannot be taken; the base has these entries as before.
fn refused(playground: &Playground, words: &[&str], entries: usize) {
    let said = playground.run("base update");
    assert_eq!(said.code, 3, "{words:?}: {} {}", said.stdout, said.stderr);
    assert!(words.iter().all(|word| said.stderr.contains(word)), "{words:?}: {}", said.stderr);
    assert_eq!(playground.json("base log b").as_array().unwrap().len(), entries, "{words:?}");
}

#[test]
fn of_a_file_that_was_cut_off_no_base_is_taken() {
    let playground = Playground::with_configuration("meta_path: repository\nbases.b.packages: lists/b\n");
    let lists = playground.path("lists");
    let configure = |name: &str| {
        let text = format!("meta_path: repository\nbases.b.packages: lists/{name}\n");
        playground.write("gachette.yml", &text);
    };
    for (end, program) in FORMS {
        compress(&lists, program);
        let name = format!("Packages.{end}");
        configure(&name);
        let taken = playground.json("base update");
        assert_eq!(taken[0]["entry"]["lists"][0]["packages"], 200, "{end}");
        let entries = playground.json("base log b").as_array().unwrap().len();
        for left in CUTS {
            compress(&lists, program);
            cut(&lists.join(&name), left);
            refused(&playground, &[&format!("lists/{name} is broken"), "hint: "], entries);
        }
        // An empty file is no compressed list, unlike a compressed list of nothing.
        cut(&lists.join(&name), |_| 0);
        refused(&playground, &[&format!("lists/{name} is broken")], entries);
        fs::write(lists.join(&name), PAGE).unwrap();
        refused(&playground, &[&format!("lists/{name} is broken")], entries);
    }
    configure("Packages");
    compress(&lists, "gzip");
    playground.ok("base update");
    let entries = playground.json("base log b").as_array().unwrap().len();
    cut(&lists.join("Packages"), |all| all / 2);
    refused(&playground, &["lists/Packages is broken: it ends in the middle of a line"], entries);
    fs::write(lists.join("Packages"), PAGE).unwrap();
    refused(&playground, &["lists/Packages: line 1: ", "<!DOCTYPE html>", "hint: "], entries);
}

#[test]
fn of_what_apt_fetched_without_a_hash_a_list_that_was_cut_off_is_not_taken_either() {
    // apt reads as a user of its own, who has to get there.
    let archive = tempfile::Builder::new().prefix("gachette-archive-").tempdir().unwrap();
    fs::set_permissions(archive.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let archive = archive.path();
    let sources =
        format!("Types: deb\n      URIs: file:{}\n      Suites: ./\n      Trusted: yes", archive.display());
    let configuration = format!("meta_path: repository\nbases:\n  b:\n    sources: |\n      {sources}\n");
    let playground = Playground::with_configuration(&configuration);
    let fill = |end: &str, program: &str| {
        compress(archive, program);
        fs::remove_file(archive.join("Packages")).unwrap();
        archive.join(format!("Packages.{end}"))
    };
    for (end, program) in FORMS {
        let file = fill(end, program);
        let taken = playground.json("base update");
        assert_eq!(taken[0]["entry"]["lists"][0]["packages"], 200, "{end}");
        let entries = playground.json("base log b").as_array().unwrap().len();
        for left in CUTS {
            fill(end, program);
            cut(&file, left);
            refused(&playground, &[&format!("file:{}", archive.display()), "hint: "], entries);
        }
        let source = format!("deb [trusted=yes] file:{} ./", archive.display());
        let said = playground.run_words(&["repository", "import", &source]);
        assert!(said.code == 3 && said.stderr.contains("Packages"), "{end}: {} {}", said.code, said.stderr);
        fs::remove_file(file).unwrap();
    }
    let entries = playground.json("base log b").as_array().unwrap().len();
    fs::write(archive.join("Packages"), PAGE).unwrap();
    refused(&playground, &["hint: "], entries);
    fs::write(archive.join("Packages"), &list()[..900]).unwrap();
    refused(&playground, &["it ends in the middle of a line"], entries);
}
