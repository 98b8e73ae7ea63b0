//! A control file as a value and as text.

use super::*;

const TEXT: &str = "\
Package: dh-web
Version: 1:2.0-1
Architecture: all
Maintainer: Ann Example <ann@example.org>
Installed-Size: 12
Pre-Depends: dpkg (>= 1.17)
Depends: python3 (>= 3.9), nginx | apache2
Conflicts: dh-old
Section: web
Priority: optional
Homepage: https://example.org
X-Commit: abc
Description: web server
 Serves the web.
 .
  verbatim
";

#[test]
fn what_is_read_is_written_the_same() {
    let control = Control::parse(TEXT).unwrap();
    assert_eq!(control.description, "web server\nServes the web.\n\n verbatim");
    assert_eq!(control.to_paragraph().unwrap().to_string(), TEXT);
}

#[test]
fn other_peoples_packages_may_lack_what_ours_may_not() {
    let control = Control::parse("Package: ab\nVersion: 1\nArchitecture: all\n").unwrap();
    assert_eq!(control.to_paragraph().unwrap_err(), ControlError::Missing("Maintainer"));
}

#[test]
fn what_is_missing_or_wrong_is_said_with_its_field() {
    let head = "Package: ab\nVersion: 1\nArchitecture: all\n";
    let errors: Vec<String> = [
        "Version: 1\nArchitecture: all\n".to_owned(),
        "Package: a_b\nVersion: 1\nArchitecture: all\n".to_owned(),
        "Package: ab\nVersion: x\nArchitecture: all\n".to_owned(),
        "Package: ab\nVersion: 1\nArchitecture: any\n".to_owned(),
        format!("{head}Depends: a b\n"),
        format!("{head}Provides: ab | cd\n"),
    ]
    .map(|text| Control::parse(&text).unwrap_err().to_string())
    .to_vec();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn no_text_gets_into_another_field() {
    let refuse = |change: &dyn Fn(&mut Control)| {
        let mut control = Control::parse(TEXT).unwrap();
        change(&mut control);
        control.to_paragraph().unwrap_err().to_string()
    };
    let errors = [
        refuse(&|c| c.maintainer = "A\nEssential: yes".to_owned()),
        refuse(&|c| c.section = Some("web\n\nPackage: evil".to_owned())),
        refuse(&|c| c.homepage = Some(" ".to_owned())),
        refuse(&|c| c.description = "a\0b".to_owned()),
        refuse(&|c| c.description = " \n ".to_owned()),
        refuse(&|c| c.provides = "ab (>= 1)".parse().unwrap()),
        refuse(&|c| c.extra.set("depends", "evil").unwrap()),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
