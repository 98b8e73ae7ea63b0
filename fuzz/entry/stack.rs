//! What the fuzz target for references to stacks does with its input, and gachette's tests with the corpus and mutations
//! of it: a name is one folder's name and one segment of a URL, and reads the same again.

use gachette_core::stack::{Domain, StackName, StackRef};

/// A reference to a stack, and a domain.
pub(crate) fn stack_ref(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(domain) = text.parse::<Domain>() {
        check_segment(domain.as_str());
        assert_eq!(domain.as_str(), text);
    }
    let reference: StackRef = match text.parse() {
        Ok(reference) => reference,
        Err(error) => {
            let message = format!("{error}");
            assert!(!message.contains(char::is_control), "{message:?} would move the cursor");
            return assert!(message.len() < 2_000, "a message of {} bytes", message.len());
        }
    };
    check_segment(reference.stack.domain().as_str());
    check_segment(reference.stack.name());
    assert_ne!(reference.revision, Some(0));
    assert_eq!(reference.to_string().parse().as_ref(), Ok(&reference));
    assert_eq!(reference.stack.to_string().parse::<StackName>().as_ref(), Ok(&reference.stack));
    let written = serde_json::to_string(&reference).unwrap_or_default();
    assert_eq!(serde_json::from_str(&written).as_ref().ok(), Some(&reference));
    check_domain(&text, &reference);
}

/// A domain that is meant matters just when none is written.
fn check_domain(text: &str, reference: &StackRef) {
    let Ok(other) = "other".parse::<Domain>() else { panic!("`other` is a domain") };
    let meant = StackRef::parse_in(text, &other);
    match text.contains('/') {
        true => assert_eq!(meant.as_ref(), Ok(reference)),
        false => assert!(meant.is_ok_and(|meant| *meant.stack.domain() == other)),
    }
}

fn check_segment(name: &str) {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"._+~-".contains(&b);
    assert!(name.bytes().all(safe) && (1..=100).contains(&name.len()), "{name:?}");
    assert!(!name.starts_with(['-', '.', '~']), "{name:?}");
}
