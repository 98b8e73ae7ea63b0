//! What templates see of a recipe.

use serde_json::{Value, json};

use super::{ExtraFile, Recipe, Service, ServiceKind, Settings};

/// The base template of programs.
const BASE_SHELL: &str = "base_shell.sh";

impl ServiceKind {
    /// The template that a binary's template extends when it is rendered as a job or unit.
    pub fn base_template(self) -> &'static str {
        match self {
            Self::Upstart => "upstart/base-service.conf",
            Self::Systemd => "systemd/base-service.service",
        }
    }

    /// The template of what starts and stops all instances.
    pub fn controller_template(self) -> &'static str {
        match self {
            Self::Upstart => "upstart/controller.conf",
            Self::Systemd => "systemd/controller.target",
        }
    }
}

impl Recipe {
    /// What the template of an extra file sees.
    pub fn template_context(&self, file: &ExtraFile) -> Settings {
        let mut context = self.shared_context();
        context.insert("full_name".to_owned(), Value::String(file.full_name.clone()));
        context
    }

    /// What templates of a service see: all that its binary's template sees, and the job's own names.
    ///
    /// None when `binary_name` names no extra file, which a parsed recipe never holds.
    pub fn service_context(&self, service: &Service) -> Option<Settings> {
        let binary = self.binary_of(service)?;
        let mut context = self.template_context(binary);
        let mut dependencies = vec![self.full_name()];
        dependencies.extend(self.environment.as_ref().map(|environment| environment.full_name.clone()));
        let job = json!({
            "base_template": service.kind.base_template(),
            "executable": binary.path(),
            "upstart_worker": service.worker(),
            "package": service.full_name,
            "name": binary.full_name,
            "env_var": service.env_var,
            "dependencies": dependencies,
            "service_user": self.user,
        });
        if let Value::Object(job) = job {
            context.extend(job);
        }
        Some(context)
    }

    fn shared_context(&self) -> Settings {
        let mut context = self.visible.clone();
        context.extend(self.applications.clone());
        let files = self.extra_files.iter().map(|file| (file.name.to_string(), json!(file.path())));
        let own = json!({
            "name": self.name,
            "type": self.kind,
            "name_suffix": self.suffix,
            "full_name": self.full_name(),
            "extra_files": files.collect::<Settings>(),
            "base_template": BASE_SHELL,
            "app_env": self.environment_path(),
            "app_code": self.code_path(),
            "options": self.options(),
        });
        if let Value::Object(own) = own {
            context.extend(own);
        }
        context
    }
}
