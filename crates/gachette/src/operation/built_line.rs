//! Reads `Built: {'name': …, 'version': …, 'file_name': …}`, the dialect that the original builder prints: a Python
//! dictionary of strings.

/// What a `Built:` line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BuiltLine {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) file_name: String,
}

/// The line's content, when it is a whole `Built:` line.
pub(super) fn parse(line: &str) -> Option<BuiltLine> {
    let mut rest = line.trim().strip_prefix("Built:")?.trim_start().strip_prefix('{')?;
    let (mut name, mut version, mut file_name) = (None, None, None);
    loop {
        let key = string(&mut rest)?;
        rest = rest.trim_start().strip_prefix(':')?;
        let value = string(&mut rest)?;
        match key.as_str() {
            "name" => name = Some(value),
            "version" => version = Some(value),
            "file_name" => file_name = Some(value),
            _ => (),
        }
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => break,
        }
    }
    (rest.trim() == "}").then_some(())?;
    Some(BuiltLine { name: name?, version: version?, file_name: file_name? })
}

/// A Python string literal: either quote, `u` before it or not, backslash escapes.
fn string(rest: &mut &str) -> Option<String> {
    let text = rest.trim_start();
    let text = text.strip_prefix('u').unwrap_or(text);
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => {
                *rest = &text[at + 1..];
                return Some(value);
            }
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                escaped @ ('\\' | '\'' | '"') => value.push(escaped),
                _ => return None,
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<(String, String, String)> {
        parse(line).map(|line| (line.name, line.version, line.file_name))
    }

    fn triple(name: &str) -> Option<(String, String, String)> {
        Some((name.to_owned(), "1.0".to_owned(), "x.deb".to_owned()))
    }

    #[test]
    fn the_lines_of_old_and_new_builders_are_read() {
        assert_eq!(parsed("Built: {'name': 'a', 'version': '1.0', 'file_name': 'x.deb'}"), triple("a"));
        assert_eq!(parsed("Built: {u'version': u'1.0', 'file_name': 'x.deb', 'name': \"a\"}\r"), triple("a"));
    }

    #[test]
    fn a_quote_in_a_name_breaks_nothing() {
        assert_eq!(
            parsed(r#"Built: {'name': "it's", 'version': '1.0', 'file_name': 'x.deb'}"#),
            triple("it's")
        );
        assert_eq!(
            parsed(r"Built: {'name': 'it\'s', 'version': '1.0', 'file_name': 'x.deb'}"),
            triple("it's")
        );
    }

    #[test]
    fn other_lines_are_no_built_lines() {
        for line in
            ["", "Built", "Built: {}", "Built: {'name': 'a'}", "Built: {'name': 'a", "Building: {'a': 'b'}"]
        {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
