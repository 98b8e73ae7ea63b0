//! What a stack is made of. That it is valid by CycloneDX's own schema is seen by `scripts/validate-sbom`.

use std::fs;
use std::os::unix::fs::symlink;

use gachette_testkit::GitRepository;
use serde_json::{Value, json};

use crate::playground::Playground;
use crate::statements::sealed;

#[test]
fn each_package_is_a_component_with_what_it_depends_on() {
    let chain = sealed();
    let text = chain.playground.ok("stack sbom 124");
    assert_eq!(chain.playground.ok("stack sbom 124"), text, "the same each time");
    let sbom: Value = serde_json::from_str(&text).unwrap();
    let stack = chain.playground.json("stack show 124");
    let components = sbom["components"].as_array().unwrap();
    let names = |list: &Value| -> Vec<Value> {
        list.as_array().unwrap().iter().map(|it| it["name"].clone()).collect()
    };
    assert_eq!(names(&sbom["components"]), names(&stack["packages"]));
    assert_eq!(sbom["metadata"]["timestamp"], stack["time"]);
    assert_eq!(sbom["metadata"]["component"]["version"], stack["revision"].to_string());
    for (component, package) in components.iter().zip(stack["packages"].as_array().unwrap()) {
        assert_eq!(component["hashes"], json!([{"alg": "SHA-256", "content": package["files"]["all"]}]));
        let version = package["version"].as_str().unwrap().replace('+', "%2B");
        let name = package["name"].as_str().unwrap();
        assert_eq!(component["purl"], format!("pkg:deb/gachette/{name}@{version}?arch=all"));
        let source = component["externalReferences"][0].clone();
        assert_eq!(source["url"], format!("git+file://{}", chain.source.path().display()));
        assert_eq!(source["comment"], format!("commit {}", chain.source.head()));
    }
    // The service depends on the application.
    let reference = |name: &str| components.iter().find(|it| it["name"] == name).unwrap()["bom-ref"].clone();
    let of = |name: &str| {
        let dependencies = sbom["dependencies"].as_array().unwrap();
        dependencies.iter().find(|it| it["ref"] == reference(name)).unwrap()["dependsOn"].clone()
    };
    assert_eq!(of("dh-shop-till"), json!([reference("dh-shop")]));
    assert_eq!(of("dh-shop"), json!([]));
    // Another revision is another bill.
    let before = chain.playground.json("stack sbom 124@1");
    assert_ne!(before["serialNumber"], sbom["serialNumber"]);
    assert_eq!(before["components"], json!([]));
}

#[test]
fn the_vendor_is_who_publishes() {
    let source = GitRepository::new();
    source
        .write(".missile.yml", "name: web\ntype: application\n")
        .write("index.html", "hello\n")
        .commit("first");
    let playground = Playground::with_configuration(&format!(
        "meta_path: repository\nworking_copies: working_copies\npublish.origin: Example Ltd\nprojects.web.url: {}\n",
        source.path().display()
    ));
    playground.ok("stack create 1");
    playground.ok("quick 1 web");
    let sbom = playground.json("stack sbom 1");
    assert!(
        sbom["components"][0]["purl"].as_str().unwrap().starts_with("pkg:deb/example%20ltd/dh-web@"),
        "{sbom}"
    );
}

/// A playground with a stack that has this project alone.
fn built(source: &GitRepository) -> Playground {
    let playground = Playground::with_configuration(&format!(
        "meta_path: repository\nworking_copies: working_copies\nprojects.web.url: {}\n",
        source.path().display()
    ));
    playground.ok("stack create 1");
    playground.ok("quick 1 web");
    playground
}

#[test]
fn python_distributions_are_named_inside_of_the_package_that_brings_them() {
    let source = GitRepository::new();
    // As pip leaves it.
    let metadata = "Metadata-Version: 2.1\nName: Flask-Login\nVersion: 0.6.3\n";
    source
        .write(".missile.yml", "name: web\ntype: application\n")
        .write("lib/site-packages/Flask_Login-0.6.3.dist-info/METADATA", metadata)
        .write("lib/site-packages/Flask_Login-0.6.3.dist-info/RECORD", "")
        .commit("first");
    let playground = built(&source);
    let sbom = playground.json("stack sbom 1");
    let component = &sbom["components"][0];
    let reference = format!("{}#pkg:pypi/flask-login@0.6.3", component["bom-ref"].as_str().unwrap());
    let inner = json!([{
        "type": "library", "bom-ref": reference, "name": "flask-login", "version": "0.6.3",
        "purl": "pkg:pypi/flask-login@0.6.3"
    }]);
    assert_eq!(component["components"], inner);
    assert_eq!(playground.json("stack sbom 1"), sbom, "also when what is in the package was kept");
    let kept = playground.path("repository/file-lists");
    fs::remove_dir_all(&kept).unwrap();
    // Nothing can be kept there, as in a repository that may only be read.
    symlink(playground.path("nowhere/file-lists"), &kept).unwrap();
    assert_eq!(playground.json("stack sbom 1"), sbom, "also when it cannot be kept");
    let debs = fs::read_dir(playground.path("repository/debs")).unwrap().map(|file| file.unwrap().path());
    debs.filter(|file| file.extension().is_some_and(|end| end == "deb"))
        .for_each(|file| fs::remove_file(file).unwrap());
    let said = playground.run("stack sbom 1");
    assert!(said.code != 0 && said.stderr.contains("there is no package file"), "{}", said.stderr);
    assert!(said.stderr.contains("repository import FOLDER"), "{}", said.stderr);
}

#[test]
fn licences_are_those_that_the_package_says_for_programs_and_a_link_is_no_metadata() {
    let source = GitRepository::new();
    let site = "lib/site-packages";
    let copyright = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
                     Files: *\nCopyright: 2020 Ada\nLicense: GPL-3+\n";
    source
        .write(
            ".missile.yml",
            "name: web\ntype: application\nextra_files:\n- {name: copyright, type: custom, target_path: /usr/share/doc/dh-web, template: copyright}\n",
        )
        .write("copyright", copyright)
        .write(&format!("{site}/one-1.dist-info/METADATA"), "Name: one\nLicense-Expression: MIT OR Apache-2.0\n")
        .write(&format!("{site}/two-2.dist-info/METADATA"), "Name: two\nClassifier: License :: OSI Approved :: BSD License\n")
        .write(&format!("{site}/none-3.dist-info/METADATA"), "Name: none\n");
    let link = source.path().join(format!("{site}/link-4.dist-info"));
    fs::create_dir(&link).unwrap();
    symlink("../one-1.dist-info/METADATA", link.join("METADATA")).unwrap();
    source.commit("first");
    let playground = built(&source);
    let sbom = playground.json("stack sbom 1");
    let component = &sbom["components"][0];
    assert_eq!(component["licenses"], json!([{"license": {"name": "GPL-3+"}}]), "{sbom}");
    let inner = component["components"].as_array().unwrap().iter();
    let licences: Vec<(Value, Value)> =
        inner.map(|it| (it["name"].clone(), it["licenses"].clone())).collect();
    let expected = [
        ("none", Value::Null),
        ("one", json!([{"expression": "MIT OR Apache-2.0"}])),
        ("two", json!([{"license": {"name": "BSD License"}}])),
    ];
    assert_eq!(licences, expected.map(|(name, licences)| (json!(name), licences)));
}
