//! Packages whose fields dpkg takes in any spelling, published for an apt that does not.

use gachette_testkit::{AptRoot, PackageFolder};

use crate::playground::Playground;
use crate::serving::Serving;
use crate::shop::package;

/// Fields that dpkg-deb puts into a package without a word. For the first three and the next five, apt refuses an index that has them so.
const FIELDS: &[&str] = &[
    "Provides:",
    "Depends:",
    "Conflicts: ",
    "Depends: dh-0 (=1)",
    "Suggests: aa(9)",
    "Enhances: aa ( =1)",
    "Replaces: aa (1)",
    "Provides: api (=1)",
    "Depends: dh-0(>=1),dh-1 (<< 3 )\n ,dh-2",
    "Recommends: aa | bb (>1)",
    "Breaks: aa(<<1)",
    "Homepage:",
];

#[test]
fn apt_reads_the_index_of_packages_whose_fields_are_empty_or_spelt_oddly() {
    let playground = Playground::new();
    let serving = Serving::start(&playground, &["--no-auth"]);
    let folder = PackageFolder::at(playground.path("odd"));
    for (number, fields) in FIELDS.iter().enumerate() {
        folder.add(&package(&format!("dh-{number}"), "1", &format!("{fields}\nSection: web")));
    }
    playground.ok("stack create 124");
    let import = playground.json("repository import odd --to 124");
    assert_eq!(import["import"]["taken"], FIELDS.len(), "{import}");
    let url = format!("http://127.0.0.1:{}", serving.port);
    let words = format!("--set publish.url={url} publish 124 --unsigned");
    let apt = AptRoot::new();
    apt.source(&playground.ok(&words));
    apt.check(&["update"]);
    let names: Vec<String> = (0..FIELDS.len()).map(|number| format!("dh-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    apt.check(&[&["--no-install-recommends", "install"], &names[..]].concat());
    assert!(names.iter().all(|name| apt.installed(name).as_deref() == Some("1")));
    // What it is told of a package is what dpkg knows of it: otherwise the same version would be another one.
    apt.check(&["update"]);
    let upgraded = apt.check(&["-s", "dist-upgrade"]);
    assert!(upgraded.lines().all(|line| !line.starts_with("Inst ")), "{upgraded}");
    playground.ok("repository fsck");
}
