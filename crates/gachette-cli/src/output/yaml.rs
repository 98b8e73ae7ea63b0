//! Values as YAML, for people to read and to copy into a configuration.

use serde_json::Value;

/// A map's values as YAML, one key a line, without what is not set.
pub(crate) fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    let Value::Object(map) = value else { return };
    for (key, value) in map {
        let indent = "  ".repeat(depth);
        match value {
            Value::Null => (),
            Value::Array(items) if items.is_empty() => (),
            Value::Object(inner) if inner.is_empty() => (),
            Value::Object(_) => {
                text.push_str(&format!("{indent}{key}:\n"));
                write(value, depth + 1, text);
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(scalar).collect();
                text.push_str(&format!("{indent}{key}: [{}]\n", items.join(", ")));
            }
            _ => text.push_str(&format!("{indent}{key}: {}\n", scalar(value))),
        }
    }
}

/// Plain where YAML reads the same text back, else quoted as JSON, which is YAML too.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-@+".contains(c))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
        )
}

#[cfg(test)]
mod tests {
    use super::yaml;

    #[test]
    fn what_is_printed_reads_back_the_same() {
        let value = serde_json::json!({"a": {"b": "yes", "c": ["x y", "z"]}, "d": null, "e": "git@host:r", "f": "/p"});
        let text = yaml(&value);
        assert_eq!(text, "a:\n  b: \"yes\"\n  c: [\"x y\", z]\ne: \"git@host:r\"\nf: /p\n");
    }
}
