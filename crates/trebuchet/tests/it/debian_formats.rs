//! Versions, relations and control files, judged by dpkg.

use std::cmp::Ordering;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use gachette_core::debian::{Control, Paragraphs, RelationField, Relations, Version};

/// A small generator of numbers, the same ones in every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    /// Text of up to `length` of these characters.
    fn text(&mut self, characters: &[u8], length: usize) -> String {
        let length = self.below(length + 1);
        (0..length).map(|_| char::from(characters[self.below(characters.len())])).collect()
    }
}

/// Versions, of which many are nearly the same.
fn versions(count: usize) -> Vec<Version> {
    let mut numbers = Numbers(42);
    let mut found = Vec::new();
    while found.len() < count {
        let epoch = ["", "", "0:", "1:"][numbers.below(4)];
        let upstream = numbers.text(b"00119azA~~+..-:", 7);
        let revision = ["".to_owned(), "-0".to_owned(), format!("-{}", numbers.text(b"01a~+.", 4))];
        let text = format!("{epoch}{}{upstream}{}", numbers.below(3), revision[numbers.below(3)]);
        found.extend(text.parse());
    }
    found
}

#[test]
fn versions_are_in_the_order_of_dpkg_s_perl_library() {
    let all = versions(20_001);
    let mut perl = Command::new("perl")
        .args(["-MDpkg::Version", "-ne", "my ($a, $b) = split; print version_compare($a, $b), qq(\\n)"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pairs: String = all.windows(2).map(|pair| format!("{} {}\n", pair[0], pair[1])).collect();
    let mut input = perl.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(pairs.as_bytes()).unwrap());
    let output = String::from_utf8(perl.wait_with_output().unwrap().stdout).unwrap();
    writer.join().unwrap();
    assert_eq!(output.lines().count(), 20_000);
    for (pair, order) in all.windows(2).zip(output.lines()) {
        let ours = pair[0].cmp(&pair[1]) as i32;
        assert_eq!(ours.to_string(), order, "{} {}", pair[0], pair[1]);
    }
}

#[test]
fn versions_are_in_the_order_of_dpkg_itself() {
    for pair in versions(601).windows(2) {
        let operator = match pair[0].cmp(&pair[1]) {
            Ordering::Less => "lt-nl",
            Ordering::Equal => "eq",
            Ordering::Greater => "gt-nl",
        };
        let mut dpkg = Command::new("dpkg");
        dpkg.args(["--compare-versions", pair[0].as_str(), operator, pair[1].as_str()]);
        assert!(dpkg.status().unwrap().success(), "{} {operator} {}", pair[0], pair[1]);
    }
}

#[test]
fn text_is_a_version_when_dpkg_says_so_without_a_warning() {
    let mut numbers = Numbers(7);
    let mut outcomes = [0, 0];
    for _ in 0..300 {
        // dpkg drops blanks around a version; in a file name there is nobody to drop them.
        let text = format!("1{}", numbers.text(b"01a.:-~+_ /", 4).trim_end());
        let dpkg = Command::new("dpkg").args(["--validate-version", &text]).output().unwrap();
        let valid = dpkg.status.success() && dpkg.stderr.is_empty();
        assert_eq!(
            text.parse::<Version>().is_ok(),
            valid,
            "{text:?}: {}",
            String::from_utf8_lossy(&dpkg.stderr)
        );
        outcomes[usize::from(valid)] += 1;
    }
    assert!(outcomes.iter().all(|count| *count > 30), "{outcomes:?}");
}

#[test]
fn relations_are_read_when_dpkg_deb_builds_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    let texts = [
        "a2",
        "a2, b2",
        "a2,b2",
        "a2 ,\n b2",
        "a2 | b2, c2",
        "a2,",
        "a2,,b2",
        ",a2",
        "a2 |",
        "| a2",
        "a2 b2",
        "a2 (>= 1)",
        "a2(>=1)",
        "a2 ( >= 1 )",
        "a2 (>= 1",
        "a2 >= 1",
        "a2 (=> 1)",
        "a2 (== 1)",
        "a2 (= 1 2)",
        "a2 (< 1)",
        "a2 (> 1)",
        "a2 (1)",
        "a2 (>=)",
        "a2 ()",
        "a2 (>= 1_0)",
        "a2:any",
        "a2:amd64 (>= 1)",
        "a2: any",
        "a2:",
        "a2 [amd64]",
        "a2 <nocheck>",
        "${shlibs:Depends}",
        "-a2",
        "a2 (>= 1) (<< 2)",
        "a2 (<< 1:2-3~4+5)",
    ];
    for field in [RelationField::Depends, RelationField::Conflicts, RelationField::Provides] {
        for text in texts {
            let control = format!(
                "Package: xy\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\n{}: {text}\n\
                 Description: x\n",
                field.name()
            );
            fs::write(tree.join("DEBIAN/control"), &control).unwrap();
            let mut dpkg_deb = Command::new("dpkg-deb");
            dpkg_deb.args(["-Znone", "--build"]).arg(&tree).arg(folder.path().join("x.deb"));
            let output = dpkg_deb.env("LC_ALL", "C.UTF-8").output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let ours = Control::parse(&control);
            assert_eq!(ours.is_ok(), output.status.success(), "{}: {text}\n{said}", field.name());
        }
    }
}

#[test]
fn the_packages_of_this_machine_are_read_as_dpkg_query_does() {
    let status = fs::read_to_string("/var/lib/dpkg/status").unwrap();
    let mut ours = Vec::new();
    for fields in Paragraphs::new(&status) {
        let fields = fields.unwrap();
        let get = |name| fields.get(name).unwrap_or_default();
        ours.push(format!("{}\t{}\t{}\n", get("Package"), get("Version"), get("Description")));
        for field in RelationField::ALL {
            if let Some(value) = fields.get(field.name()) {
                assert_eq!(Relations::from_dpkg(&value).unwrap().to_string(), value);
                assert!(field.parse(&value).is_ok(), "{value}");
            }
        }
    }
    ours.sort();
    let query = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Package}\t${Version}\t${Description}\n"])
        .output()
        .unwrap();
    // dpkg-query keeps the blanks that mark a continuation or end a line.
    let theirs = String::from_utf8(query.stdout).unwrap().replace("\n ", "\n");
    let mut theirs: Vec<String> = split_packages(&theirs, ours.len());
    theirs.sort();
    assert_eq!(theirs.len(), ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert_eq!(theirs, ours);
    }
}

/// Cuts dpkg-query's output into packages: a line with two tabs begins one.
fn split_packages(text: &str, capacity: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::with_capacity(capacity);
    for line in text.lines().map(str::trim_end) {
        match (line.matches('\t').count() >= 2, all.last_mut()) {
            (false, Some(last)) => last.push_str(&format!("{line}\n")),
            _ => all.push(format!("{line}\n")),
        }
    }
    all
}
