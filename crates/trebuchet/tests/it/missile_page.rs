//! The examples of docs/missile.md, each held against what it says.

use std::fs;
use std::path::Path;

use gachette_core::missile::{Missile, Versions};
use trebuchet::lint::lint;
use trebuchet::templates::Templates;

/// The fenced blocks of the page: what stands behind the fence, and the text.
fn blocks() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/missile.md");
    let page = fs::read_to_string(page).unwrap();
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let text =
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            blocks.push((kind.to_owned(), text));
        }
    }
    blocks
}

/// The recipe with a number, and the templates shown between it and the next.
fn recipe(number: usize) -> (String, Vec<(String, String)>) {
    let blocks = blocks();
    let recipes: Vec<usize> = (0..blocks.len()).filter(|at| blocks[*at].0 == "yaml").collect();
    let end = recipes.get(number + 1).copied().unwrap_or(blocks.len());
    let shown = &blocks[recipes[number] + 1..end];
    let templates =
        shown.iter().filter_map(|(kind, text)| Some((kind.strip_prefix("jinja ")?.to_owned(), text.clone())));
    (blocks[recipes[number]].1.clone(), templates.collect())
}

fn write(project: &Path, name: &str, text: &str) {
    let path = project.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn every_recipe_of_the_page_is_one_that_lint_has_nothing_against() {
    let recipes = blocks().iter().filter(|(kind, _)| kind == "yaml").count();
    assert!(recipes > 7);
    for number in 0..recipes {
        let (text, templates) = recipe(number);
        let project = tempfile::tempdir().unwrap();
        let (missile, _) = Missile::parse(&text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
        for recipe in &missile.variants {
            recipe.extra_files.iter().for_each(|file| write(project.path(), &file.template, "x\n"));
            recipe.files.iter().for_each(|file| write(project.path(), &file.source, ""));
            let folders = recipe.static_files.iter().flat_map(|entry| &entry.folders);
            folders.for_each(|folder| write(project.path(), &format!("{}/a", folder.path), ""));
            let environments = recipe.environment.iter().flat_map(|environment| &environment.requirements);
            environments.for_each(|file| write(project.path(), file, ""));
        }
        templates.iter().for_each(|(name, text)| write(project.path(), name, text));
        write(project.path(), ".missile.yml", &text);
        let report = lint(project.path(), Path::new(".missile.yml")).unwrap();
        assert!(report.findings.is_empty(), "{text}\n{:?}", report.findings);
    }
}

#[test]
fn the_packages_and_exports_that_the_page_names_are_those_that_come_out() {
    let (application, _) = recipe(1);
    let names = |text: &str| -> Vec<String> {
        let planned = Missile::parse(text).unwrap().0.plan(&Versions::default());
        planned.iter().map(|package| package.name.to_string()).collect()
    };
    assert_eq!(
        names(&application),
        ["dh-guestbook-server", "dh-guestbook-env", "dh-guestbook", "dh-guestbook-static"]
    );
    let (configuration, _) = recipe(2);
    let exports = blocks().into_iter().find(|(kind, _)| kind == "sh").unwrap().1;
    assert_eq!(Missile::parse(&configuration).unwrap().0.variants[0].configuration_text(), exports);
    let (variants, _) = recipe(3);
    assert_eq!(
        names(&variants),
        ["dh-guestbook-settings", "dh-guestbook-settings-staging", "dh-guestbook-settings-live"]
    );
    let live = Missile::parse(&variants).unwrap().0.variants[2].configuration_text();
    assert_eq!(live, "export DATABASE_HOST='db.example.org'\nexport DATABASE_PORT='5432'\n");
}

#[test]
fn options_of_a_service_reach_its_unit() {
    let (text, templates) = recipe(5);
    let project = tempfile::tempdir().unwrap();
    templates.iter().for_each(|(name, text)| write(project.path(), name, text));
    let (missile, _) = Missile::parse(&text).unwrap();
    let recipe = &missile.variants[0];
    let files = Templates::new(project.path()).render_service(recipe, &recipe.services[0]).unwrap();
    assert!(files.worker.contains("\nLimitNOFILE=65536\n"), "{}", files.worker);
    assert!(!files.worker.contains("exec ./worker"), "{}", files.worker);
}

/// Keys, types and fields are told in tables; none may be missing.
#[test]
fn the_page_names_every_key() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/missile.md")).unwrap();
    let schema = gachette_core::missile::schema();
    for (name, shape) in schema["$defs"].as_object().unwrap() {
        for key in shape["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
            assert!(
                page.contains(&format!("`{key}`")) || page.contains(&format!("{key}:")),
                "{key} of {name}"
            );
        }
    }
}
