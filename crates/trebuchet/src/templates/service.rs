//! Renders the jobs or units of a service.

use gachette_core::missile::{Recipe, Service};

use super::{TemplateError, Templates};

/// The texts of a service's package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFiles {
    /// One instance per configuration: `/etc/init/dh_NAME.conf`, or the unit `dh_NAME@.service`.
    pub worker: String,
    /// Over all instances: `/etc/init/dh_NAME_controller.conf`, or `dh_NAME.target`.
    pub controller: String,
}

impl Templates {
    /// The jobs or units of a service.
    ///
    /// The worker is the binary's own template over the service's base, so that it can fill in the base's blocks. A
    /// template that never names `base_template` (a plain script, or one that always extends `base_shell.sh`) would
    /// give a script in place of a job: there the base stands alone.
    ///
    /// # Errors
    /// When a template cannot be found, read or filled in.
    pub fn render_service(&self, recipe: &Recipe, service: &Service) -> Result<ServiceFiles, TemplateError> {
        let base = service.kind.base_template();
        let context = recipe.service_context(service).unwrap_or_default();
        let binary = recipe.binary_of(service).map_or(base, |binary| binary.template.as_str());
        let adapts = self.source(binary).is_ok_and(|source| source.contains("base_template"));
        let worker = self.render(if adapts { binary } else { base }, &context)?;
        let controller = self.render(service.kind.controller_template(), &context)?;
        Ok(ServiceFiles { worker, controller })
    }
}
