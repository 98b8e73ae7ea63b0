//! The control file of a package: what the recipe says about itself, and what follows from its parts.

use gachette_core::debian::{Architecture, Control, Operator, Relation, Relations};
use gachette_core::missile::{PlannedKind, PlannedPackage, Recipe, RecipeKind};

use super::StageError;

/// Who is responsible when the recipe does not say. The domain is one that never is anybody's (RFC 2606).
const MAINTAINER: &str = "Unnamed maintainer <maintainer@example.com>";

/// The control file of a planned package.
pub(super) fn control(
    recipe: &Recipe,
    planned: &PlannedPackage,
    architecture: Architecture,
    extra_description: Option<&str>,
) -> Result<Control, StageError> {
    let metadata = &recipe.metadata;
    let mut control = Control::new(planned.name.clone(), planned.version.clone(), architecture);
    control.maintainer = metadata.maintainer.clone().unwrap_or_else(|| MAINTAINER.to_owned());
    control.section = Some(metadata.section.clone().unwrap_or_else(|| "misc".to_owned()));
    control.priority = Some(metadata.priority.clone().unwrap_or_else(|| "optional".to_owned()));
    control.homepage.clone_from(&metadata.homepage);
    control.description = description(recipe, planned, extra_description);
    for need in &planned.depends {
        let relation = Relation::versioned(need.name.clone(), Operator::LaterOrEqual, need.version.clone());
        control.depends.push(relation);
    }
    if planned.kind == PlannedKind::Main {
        let relations = |field: &'static str, text: &Option<String>| match text {
            None => Ok(Relations::default()),
            Some(text) => text.parse().map_err(|source| StageError::Relations { field, source }),
        };
        control.depends.0.extend(relations("depends", &metadata.depends)?.0);
        control.recommends = relations("recommends", &metadata.recommends)?;
        control.conflicts = relations("conflicts", &metadata.conflicts)?;
        control.provides = relations("provides", &metadata.provides)?;
        control.replaces = relations("replaces", &metadata.replaces)?;
    }
    Ok(control)
}

fn description(recipe: &Recipe, planned: &PlannedPackage, extra: Option<&str>) -> String {
    let name = &planned.full_name;
    let part = match (planned.kind, recipe.kind) {
        (PlannedKind::Service(_), _) => "service",
        (PlannedKind::Environment, _) => "python environment",
        (PlannedKind::Main, RecipeKind::Application) => "application",
        (PlannedKind::Main, RecipeKind::Configuration) => "configuration",
        (PlannedKind::Static(_), _) => "static files",
    };
    let mut description = match &recipe.metadata.description {
        Some(written) if planned.kind == PlannedKind::Main => written.trim().to_owned(),
        Some(written) => {
            let mut lines = written.trim().splitn(2, '\n');
            let synopsis = format!("{} ({part})", lines.next().unwrap_or_default().trim_end());
            lines.next().map_or(synopsis.clone(), |rest| format!("{synopsis}\n{rest}"))
        }
        None => format!("{part} {name}"),
    };
    if !description.contains('\n') {
        description
            .push_str(&format!("\nThe {part} of the recipe {}, built by trebuchet.", recipe.full_name()));
    }
    if let Some(extra) = extra.map(str::trim).filter(|extra| !extra.is_empty()) {
        description.push_str(&format!("\n\n{extra}"));
    }
    description
}
