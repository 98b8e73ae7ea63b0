//! What people write in relation fields, and what becomes of it.

use proptest::prelude::*;

use super::super::{RelationField, Version};
use super::*;

fn relations(text: &str) -> Relations {
    text.parse().unwrap()
}

#[test]
fn a_relation_falls_into_its_parts() {
    let parsed =
        relations(" python3:any(>=3.9~) [!amd64  i386] <!nocheck stage1> <cross>\n , a2|b2 (<< 2:1-1)");
    let Relations(all) = &parsed;
    let python = &all[0].0[0];
    assert_eq!((python.name.as_str(), python.qualifier.as_deref()), ("python3", Some("any")));
    assert_eq!(python.version, Some((Operator::LaterOrEqual, "3.9~".parse().unwrap())));
    assert_eq!(python.architectures, ["!amd64", "i386"]);
    assert_eq!(python.profiles, [vec!["!nocheck".to_owned(), "stage1".to_owned()], vec!["cross".to_owned()]]);
    assert_eq!(all[1].0.len(), 2);
    let printed = "python3:any (>= 3.9~) [!amd64 i386] <!nocheck stage1> <cross>, a2 | b2 (<< 2:1-1)";
    assert_eq!(parsed.to_string(), printed);
}

#[test]
fn what_is_wrong_is_said_with_the_relation_and_a_way_out() {
    let errors: Vec<String> = [
        "ok, ${misc:Depends}",
        "Big",
        "python3 (> 3)",
        "python3 (< 3)",
        "python3 (3)",
        "python3 (>= 3 4)",
        "python3 (>= x)",
        "python3 (>= 3",
        "ok,,ok",
        "ok,",
        "a2 | | b2",
        "a2 b2",
        "a2:",
        "a2 [",
        "a2 []",
        "a2 <x",
        "a2\u{0}",
        "; rm -rf /",
    ]
    .map(|text| text.parse::<Relations>().unwrap_err().to_string())
    .to_vec();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn what_dpkg_only_warns_about_is_read_from_others_packages() {
    let read = Relations::from_dpkg("a2 (< 1), b2 (> 2), c2 (3)").unwrap();
    assert_eq!(read.to_string(), "a2 (<= 1), b2 (>= 2), c2 (= 3)");
}

#[test]
fn fields_allow_only_what_dpkg_takes_there() {
    for (field, text, allowed) in [
        (RelationField::Depends, "a2 | b2 (>= 1)", true),
        (RelationField::Depends, "a2 [amd64]", false),
        (RelationField::Depends, "a2 <nocheck>", false),
        (RelationField::Conflicts, "a2 | b2", false),
        (RelationField::Provides, "a2 (= 1)", true),
        (RelationField::Provides, "a2 (>= 1)", false),
    ] {
        assert_eq!(field.parse(text).is_ok(), allowed, "{field:?}: {text}");
    }
}

#[test]
fn an_operator_accepts_the_versions_it_says() {
    let version = |text: &str| text.parse::<Version>().unwrap();
    for (operator, accepted) in [
        (Operator::Earlier, [true, false, false]),
        (Operator::EarlierOrEqual, [true, true, false]),
        (Operator::Equal, [false, true, false]),
        (Operator::LaterOrEqual, [false, true, true]),
        (Operator::Later, [false, false, true]),
    ] {
        let found =
            ["1.0~rc1", "1.00", "1.0-1"].map(|found| operator.accepts(&version(found), &version("1.0")));
        assert_eq!(found, accepted, "{operator:?}");
    }
}

fn any_relation() -> impl Strategy<Value = Relation> {
    let operator = prop::sample::select(vec![
        Operator::Earlier,
        Operator::EarlierOrEqual,
        Operator::Equal,
        Operator::LaterOrEqual,
        Operator::Later,
    ]);
    let version = (operator, "[0-9][0-9a-z.+~]{0,6}(-[0-9a-z~]{1,4})?");
    let words = || prop::collection::vec("!?[a-z][a-z0-9.-]{1,5}", 0..3);
    let profiles = prop::collection::vec(prop::collection::vec("!?[a-z][a-z0-9.-]{1,5}", 1..3), 0..3);
    (
        "[a-z0-9][a-z0-9+.-]{1,8}",
        prop::option::of("[a-z0-9]{2,6}"),
        prop::option::of(version),
        words(),
        profiles,
    )
        .prop_map(|(name, qualifier, version, architectures, profiles)| Relation {
            name: name.parse().unwrap(),
            qualifier,
            version: version.map(|(operator, version)| (operator, version.parse().unwrap())),
            architectures,
            profiles,
        })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back_the_same(
        all in prop::collection::vec(prop::collection::vec(any_relation(), 1..4), 0..4)
    ) {
        let written = Relations(all.into_iter().map(Alternatives).collect());
        prop_assert_eq!(&relations(&written.to_string()), &written);
        prop_assert_eq!(Relations::from_dpkg(&written.to_string()).unwrap(), written);
    }

    #[test]
    fn any_text_is_refused_or_read_the_same_again(text in "[a2, |:()<>=!\\[\\]${}\n1.-]{0,24}") {
        if let Ok(read) = Relations::from_dpkg(&text) {
            prop_assert_eq!(relations(&read.to_string()), read);
        }
    }
}
