//! What the fuzz target for templates does with its input, and trebuchet's tests with the corpus and mutations of it: a
//! template is filled in or refused, always the same. Numbers of five digits are left out: one step with such a number may
//! take any memory and time, which only a process of its own bounds (trebuchet's tests `templates_confined`).

use std::path::Path;

use trebuchet::templates::{TemplateErrorKind, Templates};

/// A project's template, and a second one beside it that it may name: itself.
pub(crate) fn template(data: &[u8], project: &Path) {
    if data.windows(5).any(|part| part.iter().all(u8::is_ascii_digit)) {
        return;
    }
    let written = std::fs::write(project.join("t"), data);
    assert!(written.is_ok());
    let context = serde_json::json!({
        "name": "sauce", "port": 8080, "hosts": ["a", "b's"], "db": {"host": "h", "deep": [1, 2.5, null]},
    });
    let rendered = Templates::new(project).render("t", &context);
    match &rendered {
        Ok(text) => assert!(text.len() <= 16 << 20, "{} bytes", text.len()),
        Err(error) => {
            let lines = String::from_utf8_lossy(data).lines().count() + 1;
            assert!(error.template != "t" || error.line.is_none_or(|line| line <= lines), "{error}");
            assert!(!error.message.is_empty());
            if let Some(excerpt) = &error.excerpt {
                assert!(excerpt.source.get(excerpt.range.clone()).is_some(), "{error}");
            }
        }
    }
    let again = Templates::new(project).render("t", &context);
    let endless = |result: &Result<String, trebuchet::templates::TemplateError>| matches!(result, Err(error) if error.kind == TemplateErrorKind::Endless);
    assert!(rendered == again || (endless(&rendered) && endless(&again)), "{rendered:?} {again:?}");
}
