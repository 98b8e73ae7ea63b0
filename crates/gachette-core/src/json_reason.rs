//! What is wrong with JSON, for those who have to mend the file: where, and not which type of ours did not come about.

use serde_json::error::Category;

/// Why JSON cannot be read, as a sentence about "it", the file.
pub fn json_reason(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Eof if (line, column) == (1, 0) => "it is empty".to_owned(),
        Category::Eof => format!("it is cut off: its JSON has no end in line {line}"),
        Category::Syntax => format!("it is no JSON in line {line}, column {column}"),
        Category::Io => error.to_string(),
        Category::Data => wrong_value(error),
    }
}

/// The same of JSON that says something else than it should.
fn wrong_value(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let said = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    // What was read from no text has no place.
    let in_it = if line == 0 { String::new() } else { format!(" in line {line}, column {column}") };
    let field = |prefix: &str| said.strip_prefix(prefix)?.split('`').next();
    if let Some(field) = field("missing field `") {
        format!("it has no `{field}`")
    } else if let Some(field) = field("duplicate field `") {
        format!("it has `{field}` twice")
    } else if let Some(field) = field("unknown field `") {
        format!("it has `{field}`{in_it}, which is not known")
    } else if let Some(word) = field("unknown variant `") {
        format!("it has `{word}`{in_it}, where another word must be")
    } else if ["invalid type: ", "invalid value: ", "invalid length "].iter().any(|it| said.starts_with(it)) {
        format!("it has a value of another kind than must be{in_it}")
    } else if said.starts_with("failed to parse") {
        // jiff's words for what is no time: nothing else that is read says so.
        format!("it has no proper time{in_it}")
    } else if line == 0 {
        said.to_owned()
    } else {
        format!("line {line}, column {column}: {said}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{PackageRecord, Revision};

    fn reason(text: &str) -> String {
        let error = serde_json::from_str::<Revision>(text).unwrap_err();
        json_reason(&error)
    }

    #[test]
    fn what_is_wrong_is_said_without_the_words_of_rust() {
        for (text, expected) in [
            ("", "it is empty"),
            ("{\n\"format\":", "it is cut off: its JSON has no end in line 2"),
            ("{]", "it is no JSON in line 1, column 2"),
            ("{}", "it has no `format`"),
            ("{\"format\": 1, \"format\": 1}", "it has `format` twice"),
            ("null", "it has a value of another kind than must be in line 1, column 4"),
            ("[]", "it has a value of another kind than must be in line 1, column 2"),
            ("{\"format\": \"a\"}", "it has a value of another kind than must be in line 1, column 14"),
        ] {
            assert_eq!(reason(text), expected, "{text}");
        }
        let named = serde_json::from_str::<PackageRecord>("{\"format\": 1, \"name\": \"A B\"}").unwrap_err();
        assert!(json_reason(&named).starts_with("line 1, column 27: `A B` is no package name"), "{named}");
        let time = serde_json::from_str::<jiff::Timestamp>("\"yesterday\"").unwrap_err();
        assert_eq!(json_reason(&time), "it has no proper time in line 1, column 11");
        let unplaced = serde_json::from_value::<Revision>(serde_json::json!({})).unwrap_err();
        assert_eq!(json_reason(&unplaced), "it has no `format`");
    }
}
