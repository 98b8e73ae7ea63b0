//! Says what is wrong with unreadable YAML in words that help whoever wrote it.

use serde_saphyr::Error;
use serde_saphyr::budget::BudgetBreach;

use super::syntax::in_our_words;
use super::{Place, Problem, Subject, read};

/// The problem behind a parser's error.
pub(super) fn translate(error: &Error, text: &str, subject: Subject) -> Problem {
    let error = error.without_snippet();
    let place = error.location().map_or_else(Place::start, |location| read::place(&location, text));
    if let Some(section) = ini_section(text) {
        let message = "this is no YAML: it looks like an INI file";
        return Problem::error(section, message)
            .with_hint(format!("write `key: value` lines such as `{}`", subject.first_line));
    }
    let (message, hint) = describe(error, subject);
    let mut problem = Problem::error(place, message);
    let advice = || Some(in_our_words(without_position(&error.to_string()))?.1.to_owned());
    problem.hint = hint.or_else(|| hint_from_source(&place, text).map(str::to_owned)).or_else(advice);
    problem
}

fn describe(error: &Error, subject: Subject) -> (String, Option<String>) {
    let hint = |text: &str| Some(text.to_owned());
    let name = subject.name;
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("this key");
            (format!("`{key}` is given twice"), hint("keep one of them; the other would be lost in silence"))
        }
        Error::UnsupportedTag { tag, .. } => (
            format!("the YAML tag `{tag}` is not allowed"),
            Some(format!("a {name} holds plain values only")),
        ),
        Error::MultipleDocuments { .. } | Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => (
            "a second YAML document begins here".to_owned(),
            Some(format!("a {name} is one document; {}", subject.second_document)),
        ),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => (too_deep(name), None),
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => (
            format!("the {name} grows beyond all bounds when it is read"),
            hint("it has too many values, anchors or aliases"),
        ),
        Error::UnknownAnchor { .. } => {
            ("this alias names no anchor".to_owned(), hint("a value that begins with `*` must be quoted"))
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => ("this anchor contains itself".to_owned(), None),
        Error::AliasError { error, .. } => describe(error, subject),
        other => match without_position(&other.to_string()) {
            "recursion limit exceeded" => (too_deep(name), None),
            message => (in_our_words(message).map_or(message, |(said, _)| said).to_owned(), None),
        },
    }
}

fn too_deep(name: &str) -> String {
    format!("the {name} is nested more than 48 levels deep")
}

/// The parser repeats the position in its text.
fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(before, _)| before)
}

/// What the character under the caret suggests.
fn hint_from_source(place: &Place, text: &str) -> Option<&'static str> {
    let rest = text.get(place.offset..)?;
    let line = rest.lines().next().unwrap_or("");
    let before = text.get(..place.offset)?.lines().last().unwrap_or("");
    if line.starts_with("{{") || line.starts_with("{%") || before.ends_with('{') {
        return Some("quote a value that begins with `{`: '{{ name }}'");
    }
    match line.chars().next() {
        Some('@' | '`' | '%' | '&' | '*' | '!') => Some("quote a value that begins with this character"),
        Some('\t') => Some("indent with spaces; YAML allows no tabs there"),
        Some(':') => Some("align keys of one map, and quote a value that holds `: `"),
        _ if before.contains('\t') => Some("indent with spaces; YAML allows no tabs there"),
        _ => None,
    }
}

/// Where an INI file's first section begins, when the text looks like one.
fn ini_section(text: &str) -> Option<Place> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with(['#', ';'])
    });
    let (number, first) = lines.next()?;
    let is_section = first.starts_with('[') && first.trim_end().ends_with(']') && !first.contains(',');
    let (_, second) = lines.next()?;
    let is_pair = second.split_once('=').is_some_and(|(key, _)| !key.contains(':'));
    (is_section && is_pair).then(|| Place::at(u32::try_from(number + 1).unwrap_or(1), 1, text))
}

#[cfg(test)]
mod tests {
    use crate::yaml::{Problem, Subject, read};

    fn problem(text: &str) -> Problem {
        *read(text, Subject::RECIPE).expect_err(text)
    }

    #[test]
    fn unreadable_yaml_is_described_at_its_place() {
        let cases = [
            ("[main]\nkey=value\n", 1, 1, "this is no YAML: it looks like an INI file"),
            ("a: 1\na: 2\n", 2, 1, "`a` is given twice"),
            ("a:\n  b: 1\n  b: 2\n", 3, 3, "`b` is given twice"),
            (
                "x: !!python/object/apply:os.system [ls]\n",
                1,
                36,
                "the YAML tag `!!python/object/apply:os.system`",
            ),
            ("a: !x y\n", 1, 7, "the YAML tag `!x` is not allowed"),
            ("a: 1\n---\nb: 2\n", 2, 1, "a second YAML document begins here"),
            ("b: 1\na: *x\n", 2, 4, "this alias names no anchor"),
            ("a: &a [*a]\n", 1, 8, "this anchor contains itself"),
            ("~: 1\n", 1, 1, "a key is missing before the `:`"),
            ("? [a]\n: 1\n", 1, 1, "a key must be text"),
        ];
        for (text, line, column, message) in cases {
            let found = problem(text);
            assert!(found.message.starts_with(message), "{text:?}: {found}");
            assert_eq!((found.place.line, found.place.column), (line, column), "{text:?}: {found}");
        }
    }

    #[test]
    fn common_slips_come_with_a_hint() {
        for (text, hint) in [
            ("a: {{ x }}\n", "quote"),
            ("a: @x\n", "quote"),
            ("a: %x\n", "quote"),
            ("a: *.pyc\n", "quoted"),
            ("a: b: c\n", "quote"),
            ("a:\n\tb: c\n", "spaces"),
        ] {
            let found = problem(text);
            assert!(found.hint.as_deref().is_some_and(|found| found.contains(hint)), "{text:?}: {found:?}");
        }
    }

    #[test]
    fn no_input_is_nested_or_expanded_without_end() {
        let deep_flow = "[".repeat(100_000);
        let deep_block: String = (0..500).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            laughs.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        let merges: String =
            (1..2_000).map(|at| format!("m{at}: &m{at} {{<<: *m{}, k{at}: 1}}\n", at - 1)).collect();
        let merges = format!("m0: &m0 {{a: 1}}\n{merges}");
        let large = "a: b\n".repeat(300_000);
        for text in [&deep_flow, &deep_block, &laughs, &merges, &large] {
            assert!(read(text, Subject::RECIPE).is_err(), "{}", &text[..40]);
        }
    }
}
