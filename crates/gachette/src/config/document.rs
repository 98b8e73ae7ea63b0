//! A configuration file as plain values: YAML read strictly, dotted keys expanded, `--set` laid over it.

use serde_json::{Map, Value};

use super::ConfigError;

/// Reads the text of a configuration file; an empty file is an empty configuration.
pub(super) fn parse(text: &str, file: &str) -> Result<Map<String, Value>, ConfigError> {
    let mut options = serde_saphyr::Options::default();
    options.strict_booleans = false;
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    options.reject_unsupported_tags = true;
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Map::new());
    }
    let value: Value = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        ConfigError::Unreadable { file: file.to_owned(), problem: describe(&error, text) }
    })?;
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => expand(map, file),
        _ => Err(ConfigError::Unreadable {
            file: file.to_owned(),
            problem: "line 1: expected keys and values such as `meta_path: /srv/gachette`".to_owned(),
        }),
    }
}

/// Line, column and the parser's words, without its excerpt.
fn describe(error: &serde_saphyr::Error, text: &str) -> String {
    if text.trim_start().starts_with('[') && !text.trim_start().starts_with("[]") {
        return "line 1: this looks like an INI file; the configuration is YAML, `key: value`".to_owned();
    }
    let words = error.without_snippet().to_string();
    let words = words.lines().next().unwrap_or_default();
    match error.location() {
        Some(at) if !words.contains("line ") => {
            format!("line {}, column {}: {words}", at.line(), at.column())
        }
        _ => words.to_owned(),
    }
}

/// Turns `projects.web.url: X` into `projects: {web: {url: X}}`.
fn expand(map: Map<String, Value>, file: &str) -> Result<Map<String, Value>, ConfigError> {
    let mut expanded = Map::new();
    for (key, value) in map {
        let value = match value {
            Value::Object(inner) => Value::Object(expand(inner, file)?),
            other => other,
        };
        insert(&mut expanded, &key, value).map_err(|()| ConfigError::Twice { file: file.to_owned(), key })?;
    }
    Ok(expanded)
}

/// Puts a value at a dotted key, merging maps; a second value for the same key is refused.
fn insert(map: &mut Map<String, Value>, dotted: &str, value: Value) -> Result<(), ()> {
    if let Some((first, rest)) = dotted.split_once('.') {
        let entry = map.entry(first).or_insert_with(|| Value::Object(Map::new()));
        return match entry {
            Value::Object(inner) => insert(inner, rest, value),
            _ => Err(()),
        };
    }
    match (map.get_mut(dotted), value) {
        (None, value) => {
            map.insert(dotted.to_owned(), value);
            Ok(())
        }
        (Some(Value::Object(existing)), Value::Object(new)) => {
            new.into_iter().try_for_each(|(key, value)| insert(existing, &key, value))
        }
        (Some(_), _) => Err(()),
    }
}

/// Lays one `KEY=VALUE` of `--set` over the configuration; the key may be dotted, the value is read as YAML.
pub(super) fn set(map: &mut Map<String, Value>, key: &str, value: &str) {
    let value = serde_saphyr::from_str::<Value>(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    let value = if value.is_object() { Value::String(value.to_string()) } else { value };
    place(map, key, value);
}

fn place(map: &mut Map<String, Value>, dotted: &str, value: Value) {
    let Some((first, rest)) = dotted.split_once('.') else {
        map.insert(dotted.to_owned(), value);
        return;
    };
    let entry = map.entry(first).or_insert_with(|| Value::Object(Map::new()));
    if !entry.is_object() {
        *entry = Value::Object(Map::new());
    }
    if let Value::Object(inner) = entry {
        place(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        Value::Object(parse(text, "f.yml").unwrap()).to_string()
    }

    #[test]
    fn dotted_keys_expand_and_meet_their_nested_siblings() {
        let text = "projects.web.url: /a\nprojects:\n  web:\n    ref: main\n  api.url: /b\n";
        assert_eq!(json(text), r#"{"projects":{"web":{"url":"/a","ref":"main"},"api":{"url":"/b"}}}"#);
    }

    #[test]
    fn an_empty_file_is_an_empty_configuration() {
        for text in ["", "\n", "# nothing yet\n", "---\n"] {
            assert_eq!(json(text), "{}", "{text:?}");
        }
    }

    #[test]
    fn what_is_no_configuration_names_the_file_and_the_line() {
        for text in
            ["[gachette]\nmeta_path=/x\n", "- a\n", "just text\n", "a: [1\n", "a: 1\na: 2\n", "a: b: c\n"]
        {
            let message = parse(text, "f.yml").unwrap_err().to_string();
            assert!(message.starts_with("f.yml") && message.contains("line"), "{text:?}: {message}");
        }
    }

    #[test]
    fn the_same_key_dotted_and_nested_is_refused() {
        assert!(parse("a.b: 1\na:\n  b: 2\n", "f.yml").is_err());
    }

    #[test]
    fn tags_never_make_anything_but_data() {
        assert!(parse("a: !!python/object/apply:os.system [\"true\"]\n", "f.yml").is_err());
    }

    #[test]
    fn set_reaches_dotted_keys_and_wins() {
        let mut map = parse("parallel: false\nprojects.web.url: /a\n", "f.yml").unwrap();
        set(&mut map, "parallel", "true");
        set(&mut map, "projects.web.ref", "main");
        assert_eq!(
            Value::Object(map).to_string(),
            r#"{"parallel":true,"projects":{"web":{"url":"/a","ref":"main"}}}"#
        );
    }
}
