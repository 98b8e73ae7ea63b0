//! APT sources as they are written by people: in one line, or as paragraphs (sources.list(5)).

use gachette_core::without_secrets;

use super::OperationError;

/// Whether text is APT sources, in one line or as paragraphs, as far as that can be seen without apt.
///
/// # Errors
/// When it is not.
pub fn check_sources(text: &str) -> Result<(), OperationError> {
    paragraphs(text).map(drop)
}

/// The sources as paragraphs. An address must hold nothing that may be secret: it would be written down with the order.
pub(super) fn paragraphs(text: &str) -> Result<String, OperationError> {
    let is_open = |word: &&str| without_secrets(word) == *word;
    if let Some(word) = text.split_whitespace().find(|word| !is_open(word)) {
        let shown = without_secrets(word);
        return Err(wrong(&format!("an address holds a user's name, a password or a query: {shown}")));
    }
    match text.trim().strip_prefix("deb ") {
        Some(line) => one_line(line),
        None if !text.lines().any(|line| line.to_ascii_lowercase().starts_with("uris:")) => {
            Err(wrong("write one line `deb ADDRESS SUITE COMPONENT…`, or paragraphs with `URIs:`"))
        }
        None => Ok(format!("{}\n", text.trim_end())),
    }
}

/// What stands behind `deb`, as a paragraph.
fn one_line(line: &str) -> Result<String, OperationError> {
    if line.contains('\n') {
        return Err(wrong("more than one line"));
    }
    let line = line.trim_start();
    let (options, rest) = match line.strip_prefix('[').map(|rest| rest.split_once(']')) {
        None => ("", line),
        Some(Some((options, rest))) => (options, rest),
        Some(None) => return Err(wrong("`[` without `]`")),
    };
    let mut words = rest.split_whitespace();
    let (Some(address), Some(suite)) = (words.next(), words.next()) else {
        return Err(wrong("it is `deb ADDRESS SUITE COMPONENT…`"));
    };
    let components: Vec<&str> = words.collect();
    let mut paragraph = format!("Types: deb\nURIs: {address}\nSuites: {suite}\n");
    match (components.is_empty(), suite.ends_with('/')) {
        (true, true) => {}
        (false, false) => paragraph.push_str(&format!("Components: {}\n", components.join(" "))),
        (true, false) => return Err(wrong("no component is named")),
        (false, true) => return Err(wrong("a suite that is a path has no components")),
    }
    for option in options.split_whitespace() {
        let (field, value) = match option.split_once('=') {
            Some(("arch", value)) => ("Architectures", value.replace(',', " ")),
            Some(("signed-by", value)) => ("Signed-By", value.to_owned()),
            Some(("trusted", value)) => ("Trusted", value.to_owned()),
            Some(("check-valid-until", value)) => ("Check-Valid-Until", value.to_owned()),
            _ => return Err(wrong(&format!("the option `{}` is not known here", option.escape_debug()))),
        };
        paragraph.push_str(&format!("{field}: {value}\n"));
    }
    Ok(paragraph)
}

fn wrong(what: &str) -> OperationError {
    OperationError::Invalid(format!("these are no APT sources: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_a_paragraph() {
        let line = "deb [arch=amd64,arm64 signed-by=/k.gpg] http://h.example.org/debian stable main contrib";
        let expected = "Types: deb\nURIs: http://h.example.org/debian\nSuites: stable\nComponents: main contrib\n\
                        Architectures: amd64 arm64\nSigned-By: /k.gpg\n";
        assert_eq!(paragraphs(line).unwrap(), expected);
        let old = paragraphs("deb [check-valid-until=no] http://h stable main").unwrap();
        assert!(old.ends_with("Components: main\nCheck-Valid-Until: no\n"), "{old}");
        let flat = "Types: deb\nURIs: file:/srv/flat\nSuites: ./\n";
        assert_eq!(paragraphs("deb file:/srv/flat ./").unwrap(), flat);
        assert_eq!(paragraphs("Types: deb\nURIs: x").unwrap(), "Types: deb\nURIs: x\n");
    }

    #[test]
    fn what_is_no_line_of_sources_is_refused() {
        for wrong in [
            "deb http://h/ stable",
            "deb http://h/",
            "deb [arch=amd64 http://h/ stable main",
            "deb [color=red] http://h/ stable main",
            "deb http://ada:secret@h/ stable main",
            "deb http://secret@h/ stable main",
            "deb http://h/?token=secret stable main",
            "Types: deb\nURIs:http://ada:secret@h/\nSuites: stable\nComponents: main",
            "deb http://h/ ./ main",
            "deb http://h/ stable main\nEvil: yes",
            "http://h/ stable main",
            "",
        ] {
            let error = paragraphs(wrong).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
