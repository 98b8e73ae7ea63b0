//! Text from elsewhere (a recipe's output, a commit's subject, a file's name), made harmless for a terminal.

/// The text with every control character but the line end escaped: none of it may move a cursor or set a title.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => safe.push('\n'),
            '\t' => safe.push_str("    "),
            character if character.is_control() || is_direction(character) => {
                safe.extend(character.escape_default())
            }
            character => safe.push(character),
        }
    }
    safe
}

/// The same in one line, for a value among other text: what follows in it cannot pass for a line of our own.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            // U+2028 and U+2029 end lines too.
            '\n' | '\u{2028}' | '\u{2029}' => line.extend(character.escape_default()),
            character => line.push(character),
        }
    }
    line
}

/// A message, of which the lines after the first stand behind two blanks.
pub(crate) fn message(text: &str) -> String {
    printable(text).replace('\n', "\n  ")
}

/// The JSON with every control character in its texts escaped, also those that JSON allows.
pub(crate) fn printable_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        // All of them are in the basic plane.
        match character {
            '\n' => safe.push('\n'),
            character if character.is_control() || is_direction(character) => {
                safe.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            character => safe.push(character),
        }
    }
    safe
}

/// Characters that change the direction of what follows, and so can make text read as what it is not.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{message, one_line, printable, printable_json};

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        assert_eq!(printable("\u{1b}]0;x\u{7}\u{9b}2J\tend\n"), "\\u{1b}]0;x\\u{7}\\u{9b}2J    end\n");
        assert_eq!(printable("é → ok"), "é → ok");
        assert_eq!(one_line("a\nb\r\u{2028}c\td"), "a\\nb\\r\\u{2028}c    d");
        assert_eq!(message("a\nerror: b"), "a\n  error: b");
        let text = "\u{9b}2J\u{7f} é \u{202e}";
        let json = printable_json(&serde_json::to_string(text).unwrap());
        assert!(json.contains("\\u009b2J\\u007f é"), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
