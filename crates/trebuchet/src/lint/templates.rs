//! Fills in every template, as the build would.

use gachette_core::missile::{Missile, Problem, Recipe};

use super::{Finding, Lint};
use crate::templates::{TemplateError, TemplateErrorKind, Templates};

impl Lint<'_> {
    pub(super) fn check_templates(&mut self, missile: &Missile) {
        let templates = Templates::new(self.project);
        for recipe in &missile.variants {
            for (index, file) in recipe.extra_files.iter().enumerate() {
                if let Err(error) = templates.render(&file.template, &recipe.template_context(file)) {
                    let path = format!("extra_files[{index}].template");
                    self.add_template_error(recipe, &path, &file.template, &error);
                }
            }
            for (index, service) in recipe.services.iter().enumerate() {
                // One that runs nothing is the missile's own problem.
                if recipe.binary_of(service).is_none() {
                    continue;
                }
                if let Err(error) = templates.render_service(recipe, service) {
                    let path = format!("services[{index}].binary_name");
                    let asked = recipe.binary_of(service).map_or("", |file| file.template.as_str());
                    self.add_template_error(recipe, &path, asked, &error);
                }
            }
        }
    }

    /// A template that is not there is the missile's fault; what is wrong in one is the template's.
    fn add_template_error(&mut self, recipe: &Recipe, path: &str, asked: &str, error: &TemplateError) {
        let of_missile = matches!(error.kind, TemplateErrorKind::Lookup(_))
            && error.template == asked
            && error.line.is_none();
        if of_missile {
            let mut problem = Problem::error(recipe.place(path), error.message.to_string());
            problem.hint = error.hint();
            self.add(problem);
            return;
        }
        let mut finding = Finding::in_template(error);
        if let (Some(variant), TemplateErrorKind::Undefined { .. }) = (&recipe.variant, &error.kind) {
            // The same template may be fine in another variant.
            finding.message = format!("{} in the variant `{}`", finding.message, variant.escape_debug());
        }
        self.findings.push(finding);
    }
}
