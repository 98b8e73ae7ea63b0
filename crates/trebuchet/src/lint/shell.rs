//! Has a shell read the recipe's steps and script lines, without running any of it: for lint, and before each build.

use gachette_core::missile::{MaintainerLines, Missile, Problem, Recipe};

use crate::process::{Cancel, Process, ProcessError};

/// Scripts and steps looked at; real recipes have a dozen.
const MOST: usize = 500;

/// What a shell cannot read of a missile.
pub(crate) fn shell_problems(missile: &Missile) -> Vec<Problem> {
    let texts = missile
        .variants
        .iter()
        .flat_map(|recipe| texts(recipe).into_iter().map(move |(path, lines)| (recipe, path, lines)));
    let written = texts.filter(|(_, _, lines)| !lines.is_empty()).take(MOST);
    let mut problems: Vec<Problem> = Vec::new();
    for (recipe, path, lines) in written {
        // Variants share their default's lines.
        problems.extend(problem(recipe, &path, lines).filter(|problem| !problems.contains(problem)));
    }
    problems
}

fn problem(recipe: &Recipe, path: &str, lines: &[String]) -> Option<Problem> {
    let (line, message) = syntax_error(&lines.join("\n"))?;
    // An entry may hold several lines itself.
    let mut before = 0;
    let index = lines.iter().position(|entry| {
        before += entry.split('\n').count();
        line <= before
    });
    let index = index.unwrap_or(lines.len().saturating_sub(1));
    let path = if path.ends_with(']') { path.to_owned() } else { format!("{path}[{index}]") };
    Some(Problem::error(recipe.place(&path), format!("a shell cannot read this: {message}")))
}

/// Everything of a recipe that a shell will read, with the path of its key: steps one by one, script lines together.
fn texts(recipe: &Recipe) -> Vec<(String, &[String])> {
    let mut texts = Vec::new();
    let steps = |name: &str, steps: &'_ [String]| -> Vec<String> {
        (0..steps.len()).map(|at| format!("{name}[{at}]")).collect()
    };
    let environment_steps = recipe.environment.as_ref().map_or(&[][..], |env| &env.post_environment);
    for (name, list) in [
        ("build_assets", recipe.build_assets.as_slice()),
        ("environment.post_environment", environment_steps),
    ] {
        texts.extend(steps(name, list).into_iter().zip(list.chunks(1)));
    }
    let environment = recipe.environment.iter();
    let scripts = [(String::new(), &recipe.debian_scripts)]
        .into_iter()
        .chain(environment.map(|env| ("environment.".to_owned(), &env.debian_scripts)))
        .chain(
            recipe.services.iter().enumerate().map(|(at, s)| (format!("services[{at}]."), &s.debian_scripts)),
        )
        .chain(
            recipe
                .static_files
                .iter()
                .enumerate()
                .map(|(at, s)| (format!("static_files[{at}]."), &s.debian_scripts)),
        );
    for (prefix, lines) in scripts {
        texts
            .extend(of_scripts(lines).map(|(name, lines)| (format!("{prefix}debian_scripts.{name}"), lines)));
    }
    texts
}

fn of_scripts(lines: &MaintainerLines) -> impl Iterator<Item = (&'static str, &[String])> {
    [
        ("preinst", lines.preinst.as_slice()),
        ("postinst", &lines.postinst),
        ("prerm", &lines.prerm),
        ("postrm", &lines.postrm),
    ]
    .into_iter()
}

/// Line and message of what `sh` cannot read.
fn syntax_error(text: &str) -> Option<(usize, String)> {
    // A text that begins with `-` would be taken for an option.
    let read = Process::new("sh").args(["-n", "-c", &format!(" {text}")]).output(&Cancel::new());
    let Err(ProcessError::Failed { last_lines, .. }) = read else { return None };
    // dash says `sh: 2: Syntax error: …`, bash `sh: -c: line 2: syntax error …`.
    let said = last_lines.iter().find(|line| line.to_lowercase().contains("syntax error"))?;
    let digits = said.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty());
    let line = digits.and_then(|digits| digits.parse().ok()).unwrap_or(1);
    let begin = said.to_lowercase().find("syntax error")?;
    let message = said.get(begin + "syntax error".len()..)?.trim_start_matches([':', ' ']);
    Some((line, message.to_owned()))
}
