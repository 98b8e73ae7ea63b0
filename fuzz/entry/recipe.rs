//! What the fuzz target for recipes does with its input, and trebuchet's tests with the corpus and mutations of it: what
//! holds for every recipe, whatever its bytes are.

use gachette_core::missile::{ExtraFileTarget, Missile, Problem, Recipe, Versions};

/// Reads the bytes as a recipe; panics when a promise is broken.
pub(crate) fn recipe(bytes: &[u8]) {
    let (missile, problems) = Missile::examine_bytes(bytes);
    let text = String::from_utf8_lossy(bytes);
    for problem in &problems {
        check_problem(problem, &text);
    }
    assert!(
        missile.is_some() || problems.iter().any(Problem::is_error),
        "nothing was read and nothing is wrong"
    );
    if let Some(missile) = &missile {
        missile.variants.iter().for_each(check_recipe);
    }
    if let Ok((missile, _)) = Missile::parse_bytes(bytes) {
        let plan = missile.plan(&Versions::default());
        let mut names: Vec<&str> = plan.iter().map(|package| package.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), plan.len(), "two packages of one name");
        assert!(!plan.is_empty());
    }
}

fn check_problem(problem: &Problem, text: &str) {
    let place = problem.place;
    assert!(place.line as usize <= text.lines().count() + 1, "{problem} is beyond the end");
    if std::str::from_utf8(text.as_bytes()).is_ok() && !text.contains('\u{fffd}') {
        assert!(text.get(place.offset..place.offset + place.length).is_some(), "{problem} cuts a character");
    }
    let shown = format!("{problem} {}", problem.hint.as_deref().unwrap_or(""));
    assert!(!shown.contains(|c: char| c.is_control()), "{shown:?} would move the cursor");
    assert!(shown.len() < 2_000, "a message of {} bytes", shown.len());
}

fn check_recipe(recipe: &Recipe) {
    for export in recipe.exports() {
        let name = export.name.as_bytes();
        let fits = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
        assert!(name.iter().all(fits) && !name[0].is_ascii_digit(), "{:?} is no shell name", export.name);
    }
    check_quoting(&recipe.configuration_text());
    for file in &recipe.extra_files {
        if let ExtraFileTarget::Path(path) = file.target() {
            check_path(&path);
        }
        let context = recipe.template_context(file);
        assert!(context.contains_key("options") && context.contains_key("full_name"));
    }
    for file in &recipe.files {
        check_path(&file.target);
        assert!(!file.source.starts_with('/') && !file.source.split('/').any(|part| part == ".."));
    }
    for service in &recipe.services {
        assert!(service.env_var.values().all(|value| !value.contains(['\n', '\0'])));
        assert_eq!(recipe.service_context(service).is_some(), recipe.binary_of(service).is_some());
    }
    assert!(!recipe.full_name().contains('/') && recipe.full_name() != "..");
}

/// Outside of single quotes a shell meets nothing but `export`, names, `=`, escaped quotes and line ends.
fn check_quoting(text: &str) {
    let (mut quoted, mut rest) = (false, text.chars());
    while let Some(c) = rest.next() {
        match c {
            '\'' => quoted = !quoted,
            '\\' if !quoted => assert_eq!(rest.next(), Some('\''), "{text}"),
            c if !quoted => {
                assert!(c.is_ascii_alphanumeric() || matches!(c, '_' | '=' | ' ' | '\n'), "{text}")
            }
            _ => {}
        }
    }
    assert!(!quoted, "a quote stays open: {text}");
}

fn check_path(path: &str) {
    assert!(path.starts_with('/'), "{path:?} is relative");
    assert!(!path.split('/').any(|part| part == ".."), "{path:?} leads out");
    assert!(!path.contains(|c: char| c.is_control()), "{path:?} holds control characters");
}
