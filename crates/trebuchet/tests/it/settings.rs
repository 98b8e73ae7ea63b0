//! Configuration files, read back by a real shell.

use std::process::Command;

use gachette_core::missile::Missile;
use serde_json::json;

/// What `sh` finds in the variables after sourcing the text, with nothing but them in its environment.
fn sourced(text: &str, names: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.conf");
    std::fs::write(&file, text).unwrap();
    let prints: String = names.iter().map(|name| format!("printf '%s\\0' \"${{{name}}}\";")).collect();
    let script = format!("set -eu; . \"$1\"; {prints}");
    let output = Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(&file)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stderr, b"", "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "sourcing made files");
    let printed = String::from_utf8(output.stdout).unwrap();
    printed.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn a_shell_reads_back_every_hostile_value() {
    let values = [
        "it's",
        "''",
        "\"",
        "$HOME",
        "$(touch made)",
        "`touch made`",
        "a\nb\n\n",
        " lead and trail ",
        "\\",
        "\\'",
        "; touch made #",
        "& touch made",
        "*",
        "~",
        "!x",
        "é\u{1f600}",
        "\t",
        "-n",
        "%s",
        "",
        "\u{1b}[31m",
        "a\r\nb",
        "'; touch made; '",
    ];
    let settings: serde_json::Map<_, _> =
        values.iter().enumerate().map(|(at, value)| (format!("v{at}"), json!(value))).collect();
    let mut recipe = json!({"name": "x", "type": "configuration"});
    recipe.as_object_mut().unwrap().extend(settings);
    let (missile, _) = Missile::parse(&recipe.to_string()).unwrap();
    let names: Vec<String> = (0..values.len()).map(|at| format!("V{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(sourced(&missile.variants[0].configuration_text(), &names), values);
}

#[test]
fn nested_settings_applications_and_extra_files_are_exported_flat_and_sorted() {
    let text = "\
name: secret_conf
type: configuration
name_suffix: _live
zeta: 1
debug: true
ratio: 1.50
hosts: [a, b]
nothing:
db: {host: h, port: 5432, pool: {size: 3}}
applications:
  secret_sauce: {secret-key: k, web: {port: 80}}
extra_files:
  - {name: site, type: nginx, template: t}
";
    let (missile, warnings) = Missile::parse(text).unwrap();
    let expected = "\
export APPLICATIONS_SECRET_SAUCE_SECRET_KEY='k'
export APPLICATIONS_SECRET_SAUCE_WEB_PORT='80'
export DB_HOST='h'
export DB_POOL_SIZE='3'
export DB_PORT='5432'
export DEBUG='True'
export EXTRA_FILES_SITE='/etc/nginx/sites-available/site_live.conf'
export HOSTS='['\\''a'\\'', '\\''b'\\'']'
export NOTHING=''
export RATIO='1.5'
export SECRET_SAUCE_SECRET_KEY='k'
export SECRET_SAUCE_WEB_PORT='80'
export ZETA='1'
";
    let found = missile.variants[0].configuration_text();
    assert_eq!(found, expected);
    assert_eq!(sourced(&found, &["HOSTS", "DB_PORT"]), ["['a', 'b']", "5432"]);
    assert!(warnings.iter().all(|problem| problem.message.contains("is no name in a shell")), "{warnings:?}");
    assert_eq!(warnings.len(), 2);
    assert_eq!(warnings[0].place.line, 11);
}

#[test]
fn keys_that_are_no_shell_names_are_mapped_and_collisions_reported() {
    let text = "name: x\ntype: configuration\n1st: a\né-è: b\na.b: c\na-b: d\na: {b: e}\na_b: f\n'': g\n";
    let (missile, warnings) = Missile::parse(text).unwrap();
    let exports = missile.variants[0].exports();
    let names: Vec<&str> = exports.iter().map(|export| export.name.as_str()).collect();
    assert_eq!(names, ["A_B", "_", "_1ST", "___"]);
    assert_eq!(sourced(&missile.variants[0].configuration_text(), &["A_B", "_1ST", "___"]), ["f", "a", "b"]);
    let collisions = warnings.iter().filter(|problem| problem.message.contains("wins")).count();
    assert_eq!(collisions, 3, "{warnings:#?}");
}
