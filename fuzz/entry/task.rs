//! What the fuzz target for the task form of the command line does with its input, and the command line's tests with the
//! corpus and mutations of it. Stands beside the modules of `gachette-cli/src/task`.

use std::ffi::OsString;

use super::bind::bind;
use super::call::TaskCall;
use super::catalogue::find;
use super::form::form_of;

/// A task with its arguments: what is printed is read back the same, and binding invents nothing.
pub(crate) fn task_line(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    form_of(&text.split('\0').map(OsString::from).collect::<Vec<_>>());
    let call = TaskCall::parse(&text);
    assert!(!call.name.contains(':') && text.starts_with(&call.name));
    assert_eq!(call.has_no_arguments(), !text.contains(':'));
    // A backslash stands for itself unless `,` or `=` follows, so not everything with one in it can be written.
    if !text.contains('\\') {
        assert_eq!(TaskCall::parse(&printed(&call)), call, "{}", printed(&call));
    }
    let Some(task) = find(&call.name) else { return };
    match bind(task, &call, &|name| name == "web") {
        Ok(arguments) => {
            let names = [&["domain"], task.required, task.optional].concat();
            let given = names.iter().filter_map(|name| arguments.get(name));
            let values: Vec<&str> = call
                .positional
                .iter()
                .chain(call.keyword.iter().map(|(_, value)| value))
                .map(String::as_str)
                .collect();
            let mut left = values.clone();
            for value in given {
                let at = left.iter().position(|known| *known == value);
                left.remove(at.unwrap_or_else(|| panic!("{value:?} is none of {values:?}")));
            }
            assert!(left.iter().all(|value| value.is_empty()), "{left:?} is lost");
            assert!(task.required.iter().all(|name| !arguments.required(name).is_empty()));
        }
        Err(error) => assert!(error.to_string().contains("it is called as `")),
    }
}

fn printed(call: &TaskCall) -> String {
    let escaped = |text: &String| text.replace(',', "\\,").replace('=', "\\=");
    let positional = call.positional.iter().map(escaped);
    let keyword = call.keyword.iter().map(|(key, value)| format!("{}={}", escaped(key), escaped(value)));
    let arguments: Vec<String> = positional.chain(keyword).collect();
    match call.has_no_arguments() {
        true => call.name.clone(),
        false => format!("{}:{}", call.name, arguments.join(",")),
    }
}
