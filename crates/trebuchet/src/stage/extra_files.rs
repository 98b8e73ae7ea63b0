//! The rendered files of a recipe, `extra_files`.

use gachette_core::missile::{ExtraFileTarget, Recipe};

use super::main_contents::Collected;
use super::{StageError, Workshop};
use crate::deb::{Entry, PackagePath};
use crate::report::Report;

/// Renders every extra file and puts it where it belongs.
pub(super) fn collect(
    workshop: &Workshop<'_>,
    recipe: &Recipe,
    collected: &mut Collected,
    report: &mut Report<'_>,
) -> Result<(), StageError> {
    for file in &recipe.extra_files {
        let text = workshop.templates.render(&file.template, &recipe.template_context(file))?;
        match file.target() {
            ExtraFileTarget::Path(path) => {
                let path = PackagePath::from_installed(&path)?;
                collected.tree.add(Entry::file(path, text).with_mode(file.mode()))?;
            }
            ExtraFileTarget::Control(name) => {
                if matches!(name.as_str(), "preinst" | "postinst" | "prerm" | "postrm") {
                    report.warning(&format!(
                        "the extra file `{}` takes the place of the {name} that trebuchet would write",
                        file.name
                    ));
                }
                collected.control.insert(name, text);
            }
        }
    }
    Ok(())
}
