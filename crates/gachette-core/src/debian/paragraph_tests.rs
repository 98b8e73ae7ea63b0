//! What is read from deb822 text, and that nothing written can say more than it should.

use proptest::prelude::*;

use super::*;

fn paragraph(text: &str) -> Paragraph {
    Paragraph::parse(text).unwrap()
}

#[test]
fn fields_are_read_with_their_continuations() {
    let read =
        paragraph("\n \nA: one\nEmpty:\nDescription: short \n long\n  verbatim\n .\n\tend  \nb-2:x:y\n\n\n");
    let fields: Vec<(&str, &str)> = read.iter().collect();
    let description = "short\nlong\n verbatim\n.\nend";
    assert_eq!(fields, [("A", "one"), ("Empty", ""), ("Description", description), ("b-2", "x:y")]);
    assert_eq!(read.get("dEscription"), Some(description));
}

#[test]
fn paragraphs_are_parted_by_blank_lines() {
    let read: Vec<_> = Paragraphs::new("A: 1\n\nA: 2\n \t\r\n\nA: 3").map(Result::unwrap).collect();
    let lines: Vec<u32> = read.iter().map(Fields::line).collect();
    assert_eq!(lines, [1, 3, 6]);
    assert_eq!(read[2].get("a").unwrap(), "3");
}

#[test]
fn malformed_text_is_refused_with_its_line() {
    let many = (0..600).map(|n| format!("F{n}: x\n")).collect::<String>();
    let errors: Vec<String> = [
        "",
        "A: 1\n\nB: 2",
        " orphan",
        "A: 1\nno field",
        "A: 1\na: 2",
        "A : 1",
        "#comment: 1",
        "-----BEGIN PGP SIGNED MESSAGE-----\n\nA: 1",
        "A: 1\u{1b}[2J",
        "A: 1\n\n2 lines",
        &many,
    ]
    .map(|text| Paragraph::parse(text).unwrap_err().to_string())
    .to_vec();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn no_value_adds_a_field_or_ends_the_paragraph() {
    let mut paragraph = Paragraph::new();
    paragraph.set("A", "1\nEssential: yes").unwrap();
    assert_eq!(paragraph.to_string(), "A: 1\n Essential: yes\n");
    for value in
        ["1\n\nPackage: evil", "1\n \nPackage: evil", "1\r\n\r\nB: 2", "1\n\t\nB: 2", "\0", "\u{b}", "a\rb"]
    {
        assert!(paragraph.set("B", value).is_err(), "{value:?}");
    }
    for name in ["", "A: 1\nB", "#A", "-A", "A B", "Ä", "A\n"] {
        assert!(paragraph.set(name, "x").is_err(), "{name:?}");
    }
    assert_eq!(paragraph.iter().count(), 1);
}

#[test]
fn a_field_that_is_set_again_keeps_its_place() {
    let mut paragraph = paragraph("A: 1\nB: 2");
    paragraph.set("a", "3").unwrap();
    assert_eq!(paragraph.to_string(), "A: 3\nB: 2\n");
    assert_eq!(paragraph.remove("b").as_deref(), Some("2"));
    assert_eq!(paragraph.to_string(), "A: 3\n");
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back_the_same(
        fields in prop::collection::vec(("[A-Za-z][!-9;-~]{0,8}", "[ \t]{0,2}[^\n]{0,20}(\n[ \t]{0,2}\\PC{0,20}){0,3}"), 1..8)
    ) {
        let mut written = Paragraph::new();
        for (name, value) in &fields {
            // What cannot be written is refused, which is as good.
            let _ = written.set(name, value);
        }
        if !written.is_empty() {
            prop_assert_eq!(paragraph(&written.to_string()), written);
        }
    }

    #[test]
    fn any_text_is_refused_or_printed_to_the_same_meaning(text in "[A:#\\- \t\r\nb.]{0,40}") {
        if let Ok(read) = Paragraph::parse(&text) {
            prop_assert_eq!(paragraph(&read.to_string()), read);
        }
    }
}
