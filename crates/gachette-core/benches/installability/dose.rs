//! What dose-debcheck says.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::process::Command;

/// The packages that it calls broken, as `NAME VERSION ARCHITECTURE`.
pub(crate) fn broken(arguments: &[&OsStr]) -> BTreeSet<String> {
    let mut command = Command::new("dose-debcheck");
    let output = command.args(["--deb-native-arch=amd64", "--failures"]).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("broken-packages:"), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found = BTreeSet::new();
    for entry in text.split("\n -\n") {
        let field = |name: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(&format!("  {name}: ")));
            line.map(|value| value.trim().trim_matches('"').to_owned())
        };
        if field("status").as_deref() == Some("broken") {
            let fields = ["package", "version", "architecture"].map(|name| field(name).unwrap());
            found.insert(fields.join(" "));
        }
    }
    found
}
