//! What old recipes' templates use of Python and Jinja2 beyond the engine's own.

use gachette_core::missile::python_text;
use minijinja::value::{Rest, Value, ValueKind, from_args};
use minijinja::{Environment, Error, ErrorKind, Output, State, escape_formatter};

use super::text_filters;

/// Adds methods, filters and functions, and prints values as Python does.
pub(super) fn add_to(environment: &mut Environment) {
    environment.set_formatter(print);
    environment.set_unknown_method_callback(method);
    environment.add_filter("shquote", |value: &Value| text(value).map(|text| shell_quoted(&text)));
    environment.add_filter("upstart_quote", |value: &Value| text(value).map(|text| in_double_quotes(&text)));
    // systemd.unit(5): `%` begins a specifier in every value.
    let unit_quote = |value: &Value| text(value).map(|text| in_double_quotes(&text.replace('%', "%%")));
    environment.add_filter("unit_quote", unit_quote);
    environment.add_filter("string", text);
    environment.add_filter("center", text_filters::center);
    for name in ["e", "escape", "forceescape"] {
        environment.add_filter(name, |value: &Value| text(value).map(|text| escaped(&text)));
    }
    environment.add_filter("filesizeformat", minijinja_contrib::filters::filesizeformat);
    environment.add_filter("striptags", minijinja_contrib::filters::striptags);
    environment.add_filter("truncate", text_filters::truncate);
    environment.add_filter("wordcount", minijinja_contrib::filters::wordcount);
    environment.add_filter("wordwrap", text_filters::wordwrap);
    environment.add_function("cycler", |items: Rest<Value>| minijinja_contrib::globals::cycler(items.0));
    environment.add_function("joiner", minijinja_contrib::globals::joiner);
    // Functions and macros are the only plain objects a template meets.
    environment.add_function("callable", |value: &Value| value.kind() == ValueKind::Plain);
    environment.add_test("callable", |value: &Value| value.kind() == ValueKind::Plain);
}

/// Python's methods of strings, lists and maps; those of Python 2's maps too, which the oldest recipes were written for.
fn method(state: &mut State, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    let name = match (value.kind(), name) {
        (ValueKind::Map, "iteritems") => "items",
        (ValueKind::Map, "iterkeys") => "keys",
        (ValueKind::Map, "itervalues") => "values",
        (ValueKind::Map, "has_key") => {
            let (key,): (&Value,) = from_args(arguments)?;
            return Ok(Value::from(!value.get_item(key)?.is_undefined()));
        }
        (_, name) => name,
    };
    minijinja_contrib::pycompat::unknown_method_callback(state, value, name, arguments)
}

/// Numbers, lists and maps as Python's `str()` gives them; the rest is alike anyway.
fn print(output: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Number | ValueKind::Seq | ValueKind::Map => {
            output.write_str(&text(value)?).map_err(|_| Error::from(ErrorKind::WriteFailure))
        }
        _ => escape_formatter(output, state, value),
    }
}

/// A value as text; an undefined one has none.
pub(super) fn text(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Number | ValueKind::Seq | ValueKind::Map => match serde_json::to_value(value) {
            Ok(value) => Ok(python_text(&value)),
            Err(_) => Ok(value.to_string()),
        },
        _ => Ok(value.to_string()),
    }
}

/// Text as one word of a shell, as Python's `shlex.quote` writes it.
fn shell_quoted(text: &str) -> String {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&b);
    if !text.is_empty() && text.bytes().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

fn in_double_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn escaped(text: &str) -> String {
    let replaced = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    replaced.replace('"', "&#34;").replace('\'', "&#39;")
}
