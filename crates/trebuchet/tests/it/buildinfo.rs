//! What is said of a build, held against dpkg-genbuildinfo, and read by dpkg's own parser and python3-debian's.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use gachette_core::Sha256Digest;
use gachette_core::debian::{Buildinfo, BuiltFile, Installed, Paragraph};
use jiff::Timestamp;
use trebuchet::{BuildProduct, buildinfo};

use crate::project::Project;

/// Reads the file as dpkg does, checks each package file against all sums, and reads the relations.
const DPKG: &str = r"
    use strict; use warnings; use Dpkg::Control; use Dpkg::Checksums; use Dpkg::Deps;
    my ($file, $folder) = @ARGV;
    my $info = Dpkg::Control->new(type => CTRL_FILE_BUILDINFO);
    $info->load($file);
    my $sums = Dpkg::Checksums->new();
    $sums->add_from_control($info);
    for my $name ($sums->get_files()) {
        die 'a sum is missing' if 3 != keys %{$sums->get_checksum($name)};
        $sums->add_from_file($folder . '/' . $name, key => $name);
        print $name, qq(\n);
    }
    my $deps = deps_parse($info->{'Installed-Build-Depends'}) or die 'no relations';
    print scalar(grep { $_->{relation} eq '=' } $deps->get_deps()), qq(\n);
";

/// Reads the file as python3-debian does.
const PYTHON: &str = "
import sys
from debian.deb822 import BuildInfo
info = BuildInfo(open(sys.argv[1]))
assert info['Format'] == '1.0', info['Format']
assert info.get_build_date().year >= 2024
assert all(len(alternatives) == 1 for alternatives in info.relations['installed-build-depends'])
print(info['Source'], info['Version'], ' '.join(info.get_binary()), ' '.join(info.get_architecture()))
print(info.get_environment().get('LC_ALL'), [entry['name'] for entry in info['Checksums-Sha256']])
";

fn ran(command: &mut Command) -> String {
    let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn dpkg_and_python_read_how_a_project_was_built() {
    let project = Project::example("plain-application");
    let folder = tempfile::tempdir().unwrap();
    let build = project.build_with(|request| request.output = folder.path().to_owned());
    let product = |package: &trebuchet::BuiltPackage| BuildProduct {
        package: package.name.clone(),
        architecture: package.architecture.clone(),
        path: package.path.clone(),
    };
    let products: Vec<BuildProduct> = build.packages.iter().map(product).collect();
    let request = trebuchet::BuildRequest::new(project.path(), ".missile.yml", folder.path());
    let file = buildinfo(&request, &products).unwrap();
    let path = file.write(folder.path()).unwrap();
    let read = ran(Command::new("perl").args(["-e", DPKG]).arg(&path).arg(folder.path()));
    let lines: Vec<&str> = read.lines().collect();
    let (count, files) = lines.split_last().unwrap();
    let expected: Vec<&str> = build.packages.iter().map(|package| package.file_name.as_str()).collect();
    assert_eq!(files, expected);
    assert!(count.parse::<usize>().unwrap() > 20, "{count}");
    let main =
        build.packages.iter().find(|it| it.name.as_str() == file.name.split('_').next().unwrap()).unwrap();
    let read = ran(Command::new("/usr/bin/python3").args(["-c", PYTHON]).arg(&path));
    assert!(read.starts_with(&format!("{} {} ", main.name, main.version)), "{read}");
    for package in &build.packages {
        assert!(read.contains(package.name.as_str()) && read.contains(&package.file_name), "{read}");
    }
    // Another file in place of one is noticed by dpkg.
    fs::write(&build.packages[0].path, "no package").unwrap();
    let noticed = Command::new("perl").args(["-e", DPKG]).arg(&path).arg(folder.path()).output().unwrap();
    assert!(!noticed.status.success());
}

#[test]
fn the_program_writes_it_beside_the_packages_which_do_not_depend_on_it() {
    let project = Project::with(&[(".missile.yml", "name: app\ntype: application\n")]);
    let built = |environment: &[(&str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_trebuchet"));
        command.args(["build", ".missile.yml", "--app-version", "1.0", "--output"]).arg(folder.path());
        ran(command.current_dir(project.path()).envs(environment.iter().copied()));
        folder
    };
    let [one, other] = [built(&[("CFLAGS", "-O2 -DX=\"1\"")]), built(&[])];
    let text = |folder: &Path| fs::read_to_string(folder.join("dh-app_1.0_all.buildinfo")).unwrap();
    let [one_text, other_text] = [text(one.path()), text(other.path())];
    assert!(
        one_text.contains("\n CFLAGS=\"-O2 -DX=\\\"1\\\"\"\n") && !other_text.contains("CFLAGS"),
        "{one_text}"
    );
    let file = "dh-app-1.0-all.deb";
    let [one_deb, other_deb] = [&one, &other].map(|it| fs::read(it.path().join(file)).unwrap());
    assert!(one_deb == other_deb, "the packages are the same");
    assert_eq!(Buildinfo::files_of(&one_text).unwrap()[file], Sha256Digest::of(&one_deb));
}

const STATUS: &str = "\
Package: base
Status: install ok installed
Essential: yes
Architecture: amd64
Version: 1:2.0-1
Pre-Depends: libbase (>= 1), libgone | libother
Depends: shell

Package: libbase
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 2.0

Package: libbase
Status: install ok installed
Architecture: arm64
Multi-Arch: same
Version: 2.0

Package: libother
Status: hold ok installed
Architecture: all
Version: 3~rc1+b1

Package: libgone
Status: deinstall ok config-files
Architecture: amd64
Version: 9

Package: dash
Status: install ok installed
Architecture: amd64
Version: 0.5
Provides: shell, sh (= 1)

Package: mksh
Status: install ok installed
Architecture: amd64
Version: 59
Provides: shell

Package: build-essential
Status: install ok installed
Architecture: amd64
Version: 12.9
Depends: cross:arm64, libbase:any

Package: cross
Status: install ok installed
Architecture: arm64
Version: 1
Depends: libbase

Package: bystander
Status: install ok installed
Architecture: amd64
Version: 1
";

/// A build of Debian's own, in a folder: what dpkg-genbuildinfo says of it, with this list of what is installed.
fn genbuildinfo(folder: &Path) -> Paragraph {
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("debian")).unwrap();
    let put = |name: &str, text: &str| fs::write(tree.join(name), text).unwrap();
    let change = "app (1:1.0+1) unstable; urgency=low\n\n  * One.\n\n -- A <a@example.org>  Sun, 22 Nov 2026 10:00:00 +0000\n";
    put("debian/changelog", change);
    put(
        "debian/control",
        "Source: app\nMaintainer: A <a@example.org>\n\nPackage: app\nArchitecture: all\nDescription: x\n",
    );
    put("debian/files", "app_1.0+1_all.deb misc optional\nlibapp_1.0+1_all.deb misc optional\n");
    fs::write(folder.join("status"), STATUS).unwrap();
    for (name, text) in [("app", "one"), ("libapp", "two")] {
        fs::write(folder.join(format!("{name}_1.0+1_all.deb")), text).unwrap();
    }
    let mut command = Command::new("dpkg-genbuildinfo");
    command.args(["--build=all", "-O"]).arg(format!("--admindir={}", folder.display())).current_dir(&tree);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("CFLAGS", "-g \"x\"");
    Paragraph::parse(&ran(&mut command)).unwrap()
}

#[test]
fn all_is_said_as_dpkg_genbuildinfo_says_it() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = genbuildinfo(folder.path());
    let file = |package: &str| {
        let name = format!("{package}_1.0+1_all.deb");
        let sum = |program: &str| {
            let line = ran(Command::new(program).arg(folder.path().join(&name)));
            line.split(' ').next().unwrap().to_owned()
        };
        BuiltFile {
            package: package.parse().unwrap(),
            architecture: "all".parse().unwrap(),
            size: 3,
            md5: sum("md5sum"),
            sha1: sum("sha1sum"),
            sha256: sum("sha256sum").parse().unwrap(),
            name,
        }
    };
    let lines =
        |name: &str| theirs.get(name).unwrap_or_default().lines().skip(1).map(str::to_owned).collect();
    let ours = Buildinfo {
        source: "app".parse().unwrap(),
        version: "1:1.0+1".parse().unwrap(),
        files: ["app", "libapp"].map(file).into(),
        origin: theirs.get("Build-Origin").map(str::to_owned),
        architecture: theirs.get("Build-Architecture").unwrap().parse().unwrap(),
        date: Timestamp::now(),
        tainted_by: lines("Build-Tainted-By"),
        installed: Installed::parse(STATUS).unwrap().needed_by(&["build-essential"]),
        environment: BTreeMap::from([
            ("CFLAGS".to_owned(), "-g \"x\"".to_owned()),
            ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
        ]),
    };
    assert_eq!(ours.file_name(), "app_1.0+1_all.buildinfo");
    let ours = Paragraph::parse(&ours.to_text().unwrap()).unwrap();
    for (name, value) in theirs.iter().filter(|(name, _)| !["Build-Date", "Environment"].contains(name)) {
        assert_eq!(ours.get(name), Some(value), "{name}");
    }
    // The flags are said once more by dpkg, as those of dpkg-buildflags.
    let environment = theirs.get("Environment").unwrap();
    assert!(
        ours.get("Environment").unwrap().lines().all(|line| environment.lines().any(|it| it == line)),
        "{environment}"
    );
    let names = |paragraph: &Paragraph| paragraph.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs));
}
