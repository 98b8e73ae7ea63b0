//! Jinja2's filters for running text, which the engine has with named arguments only or not at all.

use minijinja::value::{Kwargs, Rest, Value, from_args};
use minijinja::{Error, ErrorKind, State};

use super::python::text;

/// `center`: blanks on both sides, as Python's `str.center` puts them.
pub(super) fn center(value: &Value, width: Option<usize>) -> Result<String, Error> {
    let (text, width) = (text(value)?, width.unwrap_or(80).min(10_000));
    let blanks = width.saturating_sub(text.chars().count());
    // CPython puts the odd one on the left when the width is odd too.
    let left = blanks / 2 + (blanks & width & 1);
    Ok(format!("{}{text}{}", " ".repeat(left), " ".repeat(blanks - left)))
}

/// `truncate(length, killwords, end, leeway)`.
pub(super) fn truncate(state: &mut State, value: &Value, arguments: Rest<Value>) -> Result<Value, Error> {
    let named = by_name(&["length", "killwords", "end", "leeway"], &arguments)?;
    minijinja_contrib::filters::truncate(state, &Value::from(text(value)?), named)
}

/// `wordwrap(width, break_long_words, wrapstring, break_on_hyphens)`.
pub(super) fn wordwrap(value: &Value, arguments: Rest<Value>) -> Result<Value, Error> {
    let named = by_name(&["width", "break_long_words", "wrapstring", "break_on_hyphens"], &arguments)?;
    minijinja_contrib::filters::wordwrap(&Value::from(text(value)?), named)
}

/// Arguments by position and by name as arguments by name.
fn by_name(names: &[&str], arguments: &[Value]) -> Result<Kwargs, Error> {
    let (positional, named): (&[Value], Kwargs) = from_args(arguments)?;
    if positional.len() > names.len() {
        return Err(Error::from(ErrorKind::TooManyArguments));
    }
    let mut all: Vec<(&str, Value)> = names.iter().copied().zip(positional.iter().cloned()).collect();
    for name in named.args() {
        all.push((name, named.peek(name)?));
    }
    Ok(all.into_iter().collect())
}
