//! A distribution and stacks that are made for a test: whether they can be installed, as gachette, apt and dose-debcheck say.

use std::collections::BTreeSet;
use std::process::Command;

use gachette_testkit::{AptRoot, PackageFolder};
use serde_json::Value;

use crate::playground::Playground;

/// A distribution and a stack of packages that are made for a test, and who may be asked about them.
pub(crate) struct Shop {
    pub(crate) playground: Playground,
    distribution: PackageFolder,
    stack: PackageFolder,
}

/// Packages by name, version and relations.
pub(crate) type Packages = &'static [(&'static str, &'static str, &'static str)];

/// The fields of each.
pub(crate) fn packages(of: Packages) -> Vec<String> {
    of.iter().map(|(name, version, more)| package(name, version, more)).collect()
}

/// The fields of a package of amd64.
pub(crate) fn package(name: &str, version: &str, more: &str) -> String {
    format!("Package: {name}\nVersion: {version}\nArchitecture: amd64\n{more}").trim_end().to_owned()
}

/// The packages of the distribution.
pub(crate) fn distribution() -> Vec<String> {
    vec![
        package("libfoo", "1.4", ""),
        package("libbar", "2:3.0-1", "Depends: libbaz (>= 1), libfoo | libqux"),
        package("libbaz", "1.0", "Multi-Arch: same"),
        package("postfix", "3.7", "Provides: mail-transport-agent (= 7)\nConflicts: mail-transport-agent"),
        package("exim4", "4.96", "Provides: mail-transport-agent\nConflicts: mail-transport-agent"),
        package("editor", "1", "Breaks: dh-old (<< 3)"),
        package("viewer", "1", "Recommends: editor"),
    ]
}

impl Shop {
    /// With these packages in stack 124.
    pub(crate) fn new(stacked: &[String]) -> Self {
        Self::on(&distribution(), stacked)
    }

    /// With these packages in the distribution, and these in stack 124.
    pub(crate) fn on(distribution: &[String], stacked: &[String]) -> Self {
        let playground = Playground::with_configuration(
            "meta_path: repository\ndebs_path: debs\nbases.bookworm.packages: bookworm/Packages\nbase: bookworm\n",
        );
        let shop = Self {
            distribution: PackageFolder::at(playground.path("bookworm")),
            stack: PackageFolder::at(playground.path("debs")),
            playground,
        };
        for package in distribution {
            shop.distribution.add(package);
        }
        shop.distribution.index();
        shop.stack("124", stacked);
        shop
    }

    /// With `old` in stack 123 and `new` in stack 124; the answer about hosts that go from the first to the second, its exit code, and
    /// all of that in words.
    pub(crate) fn between([base, old, new]: [&[String]; 3]) -> (Self, Value, i32, String) {
        let shop = Self::on(base, new);
        shop.stack("123", old);
        let (mut report, code) = shop.report("--from 123");
        let result = report["results"][0].take();
        let told = format!("{old:?} to {new:?} on {base:?}: {result}");
        (shop, result, code, told)
    }

    /// Makes a stack of these packages.
    pub(crate) fn stack(&self, name: &str, stacked: &[String]) {
        self.playground.ok(&format!("stack create {name}"));
        let files: Vec<String> = stacked.iter().map(|package| self.stack.add(package)).collect();
        self.playground.ok(&format!("stack add {name} {}", files.join(" ")));
    }

    /// Has apt know the distribution, and the packages of all stacks.
    pub(crate) fn know(&self, apt: &AptRoot) {
        let _ = std::fs::remove_dir_all(apt.path("stack"));
        self.stack.index();
        for (packages, folder) in [(&self.distribution, "distribution"), (&self.stack, "stack")] {
            packages.copy_to(&apt.path(folder));
        }
        let source = |folder: &str| format!("Types: deb\nURIs: file:/{folder}\nSuites: ./\nTrusted: yes\n");
        apt.source(&format!("{}\n{}", source("distribution"), source("stack")));
        apt.check(&["update"]);
    }

    /// What apt would install for these packages, as `NAME VERSION`; none when it refuses.
    pub(crate) fn apt(&self, apt: &AptRoot, stacked: &[String]) -> Option<BTreeSet<String>> {
        self.know(apt);
        let set = stacked.iter().map(|package| package_name(package).replace(' ', "="));
        let words: Vec<String> = ["-s", "install"].into_iter().map(str::to_owned).chain(set).collect();
        let output = apt.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        // `Inst libfoo (1.4 localhost [amd64])`
        let said = String::from_utf8(output.stdout).unwrap();
        let installed = said.lines().filter_map(|line| line.strip_prefix("Inst "));
        let word = |line: &str| {
            let words: Vec<&str> = line.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
            format!("{} {}", words[0], words[1])
        };
        output.status.success().then(|| installed.map(word).collect())
    }

    /// Whether dose-debcheck says that these packages can be installed together.
    pub(crate) fn dose(&self, stacked: &[String]) -> bool {
        let set: Vec<String> =
            stacked.iter().map(|package| package_name(package).replacen(' ', " (= ", 1) + ")").collect();
        // dose asks about sets by way of a package that needs them all.
        let needs = package("the-set", "1", &format!("Depends: {}", set.join(", ")));
        let all = [self.distribution.index().trim_end(), &stacked.join("\n\n"), &needs].join("\n\n") + "\n";
        self.playground.write("all/Packages", &all);
        let output = Command::new("dose-debcheck")
            .args(["--deb-native-arch=amd64", "--checkonly", "the-set:amd64", "-tdeb"])
            .arg(self.playground.path("all/Packages"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("total-packages"), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said.contains("broken-packages: 0")
    }

    /// Our report about stack 124, and the exit code.
    pub(crate) fn report(&self, options: &str) -> (Value, i32) {
        let said = self.playground.run(&format!("--format json stack check 124 {options}"));
        let report: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("{}", said.stderr));
        let failed = ["kind", "exit_code"].map(|key| report.get(key).cloned());
        let expected = [Some("refused".into()), Some(said.code.into())];
        assert_eq!(failed, if said.code == 0 { [None, None] } else { expected }, "{report}");
        (report, said.code)
    }
}

/// `NAME VERSION` of a package's fields.
pub(crate) fn package_name(package: &str) -> String {
    let lines: Vec<&str> = package.lines().filter_map(|line| Some(line.split_once(": ")?.1)).collect();
    format!("{} {}", lines[0], lines[1])
}

pub(crate) fn named(packages: &Value) -> BTreeSet<String> {
    let word = |package: &Value| {
        format!("{} {}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap())
    };
    packages.as_array().unwrap().iter().map(word).collect()
}
