//! Whether a stack of 300 packages can be installed on a whole distribution: what the first answer costs, when the base is taken
//! too, what one costs when the base is kept, and one that was given before; beside dose-debcheck.
//!
//! `cargo bench -p gachette --bench checking -- PACKAGES`, where PACKAGES is a `Packages` file of amd64, such as what
//! `/usr/lib/apt/apt-helper cat-file` makes of one in `/var/lib/apt/lists`. Needs Debian's `dose-distcheck`. Times are of processors, so
//! that other work does not count.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on ends, and its results are its output"
)]

#[path = "../../gachette-core/benches/installability/cost.rs"]
mod cost;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use gachette::config::Config;
use gachette::operation::{CheckReport, CheckRequest, check_stack};
use gachette_core::Sha256Digest;
use gachette_core::debian::Paragraphs;
use gachette_core::stack::{By, PackageRecord, Provenance, RECORD_FORMAT, StackName};
use trebuchet::process::Cancel;

use cost::cost_of;

/// How many packages the stack has, how many each of them needs, and how often each answer is asked for.
const PACKAGES: usize = 300;
const NEEDS: usize = 3;
const TIMES: usize = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Test runners start benches too, without this flag.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let Some(packages) = arguments.iter().find(|argument| !argument.starts_with("--")) else {
        println!("usage: cargo bench -p gachette --bench checking -- PACKAGES");
        return;
    };
    let packages = fs::canonicalize(packages).unwrap();
    let stacked = stacked(&fs::read_to_string(&packages).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let places: Vec<_> = (0..TIMES).map(|number| folder.path().join(number.to_string())).collect();
    let configs: Vec<Config> = places.iter().map(|place| repository(place, &packages, &stacked)).collect();
    let all = || configs.iter().map(check).collect::<Vec<_>>();
    let (first, cold) = cost_of(all);
    // The answers are forgotten, the bases are not.
    places.iter().for_each(|place| fs::remove_dir_all(place.join("meta/checks")).unwrap());
    let (again, kept) = cost_of(all);
    let (third, known) = cost_of(all);
    let is_kept = |reports: &[CheckReport]| reports.iter().all(|report| report.kept);
    assert!(!is_kept(&first) && !is_kept(&again) && is_kept(&third));
    let brings = first[0].results[0].brings.len();
    println!("{PACKAGES} packages with {brings} of the distribution that come with them");
    println!("  it can be installed: {}", first[0].installable);
    let (theirs, peer) = cost_of(|| dose(folder.path(), &packages, &stacked));
    println!("  dose-debcheck says it can: {theirs}, in {:.0} ms", peer * 1000.0);
    for (what, time) in
        [("the base taken too", cold), ("with a base that is kept", kept), ("an answer that is known", known)]
    {
        let time = time / TIMES as f64;
        println!("  {what:<26} {:8.1} ms; dose-debcheck {:.1}", time * 1000.0, peer / time);
    }
}

fn check(config: &Config) -> CheckReport {
    let stack: StackName = "124".parse().unwrap();
    check_stack(config, &CheckRequest::of(stack.into()), &By::new("bench"), &Cancel::new()).unwrap()
}

/// The names of packages with what each needs: libraries and modules of the distribution, which seldom conflict.
fn stacked(text: &str) -> Vec<(String, String)> {
    let names: Vec<String> = Paragraphs::new(text)
        .map(|paragraph| paragraph.unwrap().get("Package").unwrap().into_owned())
        .filter(|name| name.starts_with("python3-") || name.starts_with("lib"))
        .collect();
    let step = names.len() / (PACKAGES * NEEDS);
    let needs = |number: usize| -> String {
        let chosen: Vec<&str> = (0..NEEDS).map(|at| &*names[(number * NEEDS + at) * step]).collect();
        chosen.join(", ")
    };
    (0..PACKAGES).map(|number| (format!("dh-package-{number}"), needs(number))).collect()
}

/// A repository with the stack in it, and no base yet.
fn repository(place: &Path, packages: &Path, stacked: &[(String, String)]) -> Config {
    let text = format!("meta_path: meta\nbases.bookworm.packages: {}\nbase: bookworm\n", packages.display());
    let config = Config::parse(&text, &place.join("gachette.yml")).unwrap().config;
    let repository = config.made_repository().unwrap();
    let (stack, by): (StackName, By) = ("124".parse().unwrap(), By::new("bench"));
    let records: Vec<PackageRecord> = stacked.iter().map(|(name, needs)| record(name, needs)).collect();
    for record in &records {
        let version = place.join(format!("meta/packages/{}/version/1", record.name));
        fs::create_dir_all(&version).unwrap();
        fs::write(version.join("all.json"), record.to_bytes().unwrap()).unwrap();
    }
    repository.create_stack(&stack, None, &by).unwrap();
    repository.add_to_stack(&stack, &records, &by).unwrap();
    config
}

fn record(name: &str, needs: &str) -> PackageRecord {
    let fields = [("Package", name), ("Version", "1"), ("Architecture", "all"), ("Depends", needs)];
    PackageRecord {
        format: RECORD_FORMAT,
        name: name.parse().unwrap(),
        version: "1".parse().unwrap(),
        architecture: "all".parse().unwrap(),
        file: format!("{name}-1-all.deb"),
        size: 1,
        sha256: Sha256Digest::of(name.as_bytes()),
        provenance: Provenance::default(),
        control: fields.map(|(field, value)| (field.to_owned(), value.to_owned())).into(),
        record: None,
    }
}

/// What dose-debcheck says of a package that needs them all.
fn dose(folder: &Path, packages: &Path, stacked: &[(String, String)]) -> bool {
    let mut text = String::new();
    for (name, needs) in stacked {
        writeln!(text, "Package: {name}\nVersion: 1\nArchitecture: all\nDepends: {needs}\n").unwrap();
    }
    let own = folder.join("background");
    fs::write(&own, text).unwrap();
    let names: Vec<&str> = stacked.iter().map(|(name, _)| name.as_str()).collect();
    let set = folder.join("foreground");
    let set_text =
        format!("Package: the-set\nVersion: 1\nArchitecture: all\nDepends: {}\n", names.join(", "));
    fs::write(&set, set_text).unwrap();
    let output = Command::new("dose-debcheck")
        .args(["--deb-native-arch=amd64", "-tdeb"])
        .arg(format!("--fg={}", set.display()))
        .arg(format!("--bg={}", own.display()))
        .arg(format!("--bg={}", packages.display()))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("broken-packages"), "{}", String::from_utf8_lossy(&output.stderr));
    said.contains("broken-packages: 0")
}
