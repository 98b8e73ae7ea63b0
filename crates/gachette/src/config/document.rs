//! A configuration as a tree of values: YAML read strictly, dotted keys expanded, `--set` laid over it.

use gachette_core::yaml::{self, Content, Entry, Node, Place, Problem, Problems, Subject, values};

/// More parts than any key has.
const MOST_PARTS: usize = 8;

/// Reads the text of a configuration file; an empty file is an empty configuration.
pub(super) fn parse(bytes: &[u8], problems: &mut Problems) -> Node {
    let root =
        yaml::utf8(bytes, Subject::CONFIGURATION).and_then(|text| yaml::read(text, Subject::CONFIGURATION));
    match root {
        Ok(root) if matches!(root.content, Content::Map(_)) => return expanded(root, problems),
        Ok(root) if matches!(root.content, Content::Null) => {}
        Ok(root) => {
            let message = format!("a configuration is a map of keys and values, not {}", root.kind());
            let hint = format!("write lines such as `{}`", Subject::CONFIGURATION.first_line);
            problems.push(Problem::error(root.place, message).with_hint(hint));
        }
        Err(problem) => problems.push(*problem),
    }
    Node { place: Place::default(), content: Content::Map(Vec::new()) }
}

/// What one `KEY=VALUE` of `--set` says; the key may be dotted, the value is read as YAML.
pub(super) fn setting(key: &str, value: &str, problems: &mut Problems) -> Node {
    let text = || Node { place: Place::default(), content: Content::Text(value.to_owned()) };
    let value = match yaml::read(value, Subject::CONFIGURATION) {
        Ok(node) if !matches!(node.content, Content::Map(_)) => node.placeless(),
        Err(_) if value.starts_with('[') => {
            let message = format!("`{}` is no list", values::shown(value));
            problems.push(Problem::error(Place::default(), message).with_hint("write `KEY=[a\\,b]`"));
            text()
        }
        // Text is written without quotes on a command line, whatever YAML thinks of it.
        _ => text(),
    };
    let entry = Entry { key: key.to_owned(), key_place: Place::default(), value };
    expanded(Node { place: Place::default(), content: Content::Map(vec![entry]) }, problems)
}

/// The same with `projects.web.url: X` as `projects: {web: {url: X}}`.
fn expanded(node: Node, problems: &mut Problems) -> Node {
    let Content::Map(entries) = node.content else { return node };
    let mut known = Vec::new();
    for Entry { key, key_place, value } in entries {
        if key.split('.').count() > MOST_PARTS {
            let message = format!("no key has as many parts as `{}`", values::shown(&key));
            problems.push(Problem::error(key_place, message));
            continue;
        }
        let value = expanded(value, problems);
        insert(&mut known, nested(&key, key_place, value), problems);
    }
    Node { place: node.place, content: Content::Map(known) }
}

fn nested(dotted: &str, key_place: Place, value: Node) -> Entry {
    match dotted.split_once('.') {
        None => Entry { key: dotted.to_owned(), key_place, value },
        Some((first, rest)) => {
            let content = Content::Map(vec![nested(rest, key_place, value)]);
            Entry { key: first.to_owned(), key_place, value: Node { place: key_place, content } }
        }
    }
}

/// Adds an entry, merging maps; a second value for the same key is refused.
fn insert(entries: &mut Vec<Entry>, new: Entry, problems: &mut Problems) {
    let Some(known) = entries.iter_mut().find(|entry| entry.key == new.key) else {
        return entries.push(new);
    };
    match (&mut known.value.content, new.value.content) {
        (Content::Map(known), Content::Map(new)) => {
            new.into_iter().for_each(|entry| insert(known, entry, problems));
        }
        _ => {
            let message =
                format!("`{}` is given twice, once dotted and once nested", values::shown(&new.key));
            let hint = format!("keep one of them; the other is in line {}", known.key_place.line);
            problems.push(Problem::error(new.key_place, message).with_hint(hint));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let mut problems = Problems::default();
        let node = parse(text.as_bytes(), &mut problems);
        assert_eq!(problems.into_sorted(), [], "{text}");
        node.to_value().to_string()
    }

    #[test]
    fn dotted_keys_expand_and_meet_their_nested_siblings() {
        let text = "projects.web.url: /a\nprojects:\n  web:\n    ref: main\n  api.url: /b\n";
        assert_eq!(json(text), r#"{"projects":{"web":{"url":"/a","ref":"main"},"api":{"url":"/b"}}}"#);
    }

    #[test]
    fn an_empty_file_is_an_empty_configuration() {
        for text in ["", "\n", "# nothing yet\n", "---\n", "~\n"] {
            assert_eq!(json(text), "{}", "{text:?}");
        }
    }

    #[test]
    fn a_setting_is_yaml_where_it_is_and_text_where_it_is_not() {
        for (value, expected) in [
            ("true", "true"),
            ("[a, b]", r#"["a","b"]"#),
            ("", "null"),
            ("git@host:a: b", r#""git@host:a: b""#),
            ("{a: b}", r#""{a: b}""#),
            ("@x", r#""@x""#),
        ] {
            let mut problems = Problems::default();
            let node = setting("a.b", value, &mut problems);
            assert_eq!(node.to_value().to_string(), format!(r#"{{"a":{{"b":{expected}}}}}"#));
            assert_eq!(problems.into_sorted(), [], "{value}");
        }
    }
}
