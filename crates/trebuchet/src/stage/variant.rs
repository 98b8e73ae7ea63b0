//! One variant of a missile in the making: its packages one after the other, with what they share made once.

use gachette_core::missile::{Environment, PlannedKind, PlannedPackage, Recipe, RecipeKind};

use super::main_contents::MainContents;
use super::{StageError, Workshop, application, configuration, environment, service};
use crate::deb::DebPackage;
use crate::environment::PreparedEnvironment;
use crate::process::Cancel;
use crate::report::Report;

/// A variant whose packages are being put together.
pub(crate) struct Variant<'a> {
    workshop: &'a Workshop<'a>,
    recipe: &'a Recipe,
    environment: Option<PreparedEnvironment>,
    main: Option<MainContents>,
}

impl<'a> Variant<'a> {
    pub(crate) fn new(workshop: &'a Workshop<'a>, recipe: &'a Recipe) -> Self {
        Self { workshop, recipe, environment: None, main: None }
    }

    /// The package that was planned. Files it is made of are read later, when it is written; until then they are kept by
    /// this variant.
    pub(crate) fn compose(
        &mut self,
        planned: &PlannedPackage,
        cancel: &Cancel,
        report: &mut Report<'_>,
    ) -> Result<DebPackage, StageError> {
        let (workshop, recipe) = (self.workshop, self.recipe);
        let package = match (planned.kind, &recipe.environment) {
            (PlannedKind::Service(index), _) => service::compose(workshop, recipe, index)?,
            (PlannedKind::Environment, Some(wanted)) => {
                environment::compose(recipe, wanted, self.prepared(wanted, cancel, report)?)?
            }
            (PlannedKind::Environment, None) => Default::default(),
            (PlannedKind::Main, _) => self.main(cancel, report)?.main_package(recipe),
            (PlannedKind::Static(index), _) => self.main(cancel, report)?.static_package(recipe, index),
        };
        package.finish(workshop, recipe, planned, cancel)
    }

    /// The recipe's environment, made when it is first needed.
    fn prepared(
        &mut self,
        wanted: &Environment,
        cancel: &Cancel,
        report: &mut Report<'_>,
    ) -> Result<&PreparedEnvironment, StageError> {
        let prepared = match self.environment.take() {
            Some(prepared) => prepared,
            None => environment::prepare(self.workshop, wanted, cancel, report)?,
        };
        Ok(self.environment.insert(prepared))
    }

    /// What the main package and the static ones hold, put together when it is first needed.
    fn main(&mut self, cancel: &Cancel, report: &mut Report<'_>) -> Result<&MainContents, StageError> {
        let contents = match self.main.take() {
            Some(contents) => contents,
            None => self.collect(cancel, report)?,
        };
        Ok(self.main.insert(contents))
    }

    fn collect(&mut self, cancel: &Cancel, report: &mut Report<'_>) -> Result<MainContents, StageError> {
        let (workshop, recipe) = (self.workshop, self.recipe);
        if recipe.kind == RecipeKind::Configuration {
            return configuration::contents(workshop, recipe, report);
        }
        // Only steps that are run in the code tree need the environment to work on this machine.
        let environment = match &recipe.environment {
            Some(wanted) if !recipe.build_assets.is_empty() => Some(self.prepared(wanted, cancel, report)?),
            _ => None,
        };
        application::contents(workshop, recipe, environment, cancel, report)
    }
}
