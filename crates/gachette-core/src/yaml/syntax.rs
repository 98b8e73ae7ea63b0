//! The parser's messages about text that is no YAML, in words for those who wrote it.

/// What the parser's message begins with, what is said instead, and what helps.
const WORDS: &[(&str, &str, &str)] = &[
    (
        "mapping values are not allowed",
        "a `:` stands here where no key can be",
        "align keys of one map, and quote a value that holds `: `",
    ),
    (
        "simple key expected ':'",
        "this line has no `:` behind a key",
        "write `key: value`, and begin each entry of a list with `- `",
    ),
    (
        "while parsing a block mapping, did not find expected key",
        "this does not fit the keys above it",
        "align keys of one map, and begin each entry of a list with `- `",
    ),
    (
        "while parsing a block collection",
        "this does not fit the list above it",
        "begin each entry with `- `, as far to the right as the first",
    ),
    ("while parsing a flow mapping", "a `,` or `}` is missing before this", "close what a `{` opened"),
    ("while parsing a flow sequence", "a `,` or `]` is missing before this", "close what a `[` opened"),
    ("unclosed bracket", "this bracket is never closed", "close it, or quote a value that begins with it"),
    ("misplaced bracket", "this bracket was never opened", "quote a value that begins with it"),
    (
        "invalid indentation in multiline quoted scalar",
        "a quoted text above does not end",
        "close the quote; within single quotes, a `'` is written twice",
    ),
    (
        "invalid trailing content after",
        "something stands behind a quoted text",
        "put the whole value into quotes, and a `#` that begins a comment behind a blank",
    ),
    (
        "while parsing a quoted scalar, found unknown escape",
        "double quotes know no such escape",
        "write single quotes, or `\\\\` for a backslash",
    ),
    (
        "while scanning a block scalar",
        "nothing may stand behind `|` or `>`",
        "begin the text in the next line, indented",
    ),
    (
        "while scanning an anchor",
        "a name is missing behind this character",
        "quote a value that begins with `&` or `*`",
    ),
    ("tabs disallowed", "a tab stands here where only spaces may", "indent with spaces"),
    ("unexpected character", "no value can begin with this character", "quote the value"),
];

/// Our message and hint instead of the parser's, when it is one of those that people meet.
pub(super) fn in_our_words(message: &str) -> Option<(&'static str, &'static str)> {
    let (_, said, hint) = WORDS.iter().find(|(begin, ..)| message.starts_with(begin))?;
    Some((said, hint))
}

#[cfg(test)]
mod tests {
    use super::super::{Subject, read};
    use super::WORDS;

    #[test]
    fn what_people_get_wrong_is_said_in_our_words() {
        let texts = [
            "a: b: c\n",
            "a: 1\nb 2\n",
            "a: 1\n- b\n",
            "- a\nb: 1\n",
            "a: {b: 1\nc: 2\n",
            "a: [b c: {d\n",
            "a: [1\n",
            "a: ]\n",
            "a: 'x\n",
            "a: 'b' c\n",
            "a: \"\\d\"\n",
            "a: |x\n",
            "a: &\n",
            "a:\n\tb: 1\n",
            "a: %x\n",
        ];
        for text in texts {
            let problem = read(text, Subject::RECIPE).unwrap_err();
            let ours = WORDS.iter().any(|(_, said, _)| *said == problem.message);
            assert!(ours && problem.hint.is_some(), "{text:?}: {problem}");
        }
    }
}
