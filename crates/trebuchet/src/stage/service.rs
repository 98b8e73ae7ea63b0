//! A service's package: the job or unit of its worker, and what starts and stops all of its instances.

use gachette_core::missile::{Recipe, ServiceKind};

use super::package::Package;
use super::{StageError, Workshop};
use crate::deb::{Entry, PackagePath};
use crate::scripts::ScriptPlan;

/// The package of one service of a recipe.
pub(super) fn compose(workshop: &Workshop<'_>, recipe: &Recipe, index: usize) -> Result<Package, StageError> {
    let Some(service) = recipe.services.get(index) else { return Ok(Package::default()) };
    let (Some(binary), Some(context)) = (recipe.binary_of(service), recipe.service_context(service)) else {
        return Err(StageError::NoBinary {
            service: service.full_name.clone(),
            binary: service.binary_name.clone(),
        });
    };
    let worker = service.worker();
    let [worker_path, controller_path] = match service.kind {
        ServiceKind::Upstart => {
            [format!("/etc/init/{worker}.conf"), format!("/etc/init/{worker}_controller.conf")]
        }
        ServiceKind::Systemd => {
            let folder = "/usr/lib/systemd/system";
            [format!("{folder}/{worker}@.service"), format!("{folder}/{worker}.target")]
        }
    };
    let job = workshop.templates.render(&binary.template, &context)?;
    let controller = workshop.templates.render(service.kind.controller_template(), &context)?;
    Ok(Package {
        entries: vec![
            Entry::file(PackagePath::from_installed(&worker_path)?, job),
            Entry::file(PackagePath::from_installed(&controller_path)?, controller),
        ],
        scripts: ScriptPlan {
            stops: vec![service.full_name.clone()],
            service: Some((service.full_name.clone(), service.kind)),
            lines: service.debian_scripts.clone(),
            ..ScriptPlan::default()
        },
        ..Package::default()
    })
}
