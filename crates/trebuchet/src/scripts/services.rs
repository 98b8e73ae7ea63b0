//! The parts of maintainer scripts that stop and start services, under systemd and under upstart.
//!
//! A service `NAME` runs once per configuration. Under systemd these are instances of `dh_NAME@.service`, one enabled for
//! each `/etc/trebuchet/*.conf`, all wanted by `dh_NAME.target`. Under upstart its controller job listens for
//! `NAME_START_ALL` and `NAME_STOP_ALL`. Instances are enabled when service and configuration first meet, whichever is
//! installed last, and only then: an administrator who disables one is not overruled by the next upgrade.

use gachette_core::missile::ServiceKind;

use super::{ScriptPlan, quoted};

/// Where packages put units (systemd.unit(5)).
const UNITS: &str = "/usr/lib/systemd/system";

const STOP_SERVICE: &str = r#"
# Nothing runs while its files change.
stop_service() {
    if [ -d /run/systemd/system ]; then
        systemctl stop "dh_$1.target" "dh_$1@*.service" >/dev/null 2>&1 || true
    fi
    if command -v initctl >/dev/null 2>&1; then
        initctl emit "$1_STOP_ALL" >/dev/null 2>&1 || true
    fi
}
"#;

const START_SERVICE: &str = r#"
start_service() {
    if [ -d /run/systemd/system ] && [ -e "/usr/lib/systemd/system/dh_$1.target" ]; then
        systemctl restart "dh_$1.target" || true
    fi
    if command -v initctl >/dev/null 2>&1; then
        initctl emit --no-wait "$1_START_ALL" >/dev/null 2>&1 || true
    fi
}
"#;

impl ScriptPlan {
    /// Stops what the package is about.
    pub(super) fn stop(&self) -> String {
        let mut text = String::new();
        if !self.stops.is_empty() {
            text.push_str(STOP_SERVICE);
            self.stops.iter().for_each(|name| text.push_str(&format!("stop_service {}\n", quoted(name))));
        }
        let mut units: Vec<_> = self.units.iter().map(|unit| quoted(unit)).collect();
        units.extend(self.configuration.as_ref().map(|name| quoted(&format!("dh_*@{name}.service"))));
        if !units.is_empty() {
            text.push_str(&format!(
                "\nif [ -d /run/systemd/system ]; then\n    systemctl stop {} >/dev/null 2>&1 || true\nfi\n",
                units.join(" ")
            ));
        }
        text
    }

    /// Enables what is new, and starts what the package is about.
    pub(super) fn start(&self) -> String {
        let mut text = self.enable();
        if self.has_units() {
            text.push_str("\nif [ -d /run/systemd/system ]; then\n    systemctl daemon-reload || true\nfi\n");
        }
        if !self.units.is_empty() {
            let units: Vec<_> = self.units.iter().map(|unit| quoted(unit)).collect();
            text.push_str(&format!(
                "\nif [ -d /run/systemd/system ]; then\n    systemctl restart {} || true\nfi\n",
                units.join(" ")
            ));
        }
        if !self.stops.is_empty() {
            text.push_str(START_SERVICE);
            self.stops.iter().for_each(|name| text.push_str(&format!("start_service {}\n", quoted(name))));
        }
        if let Some(name) = &self.configuration {
            text.push_str(&for_each_service(&format!(
                "if [ -d /run/systemd/system ]; then\n        systemctl restart \"$service@\"{}.service || true\n    fi",
                quoted(name)
            )));
        }
        text
    }

    fn enable(&self) -> String {
        let mut text = String::new();
        if let Some((name, ServiceKind::Systemd)) = &self.service {
            let (target, worker) = (quoted(&format!("dh_{name}.target")), quoted(&format!("dh_{name}@")));
            text.push_str(&first_time(&format!(
                r#"systemctl enable --quiet {target} || true
    for configuration in /etc/trebuchet/*.conf; do
        [ -e "$configuration" ] || continue
        systemctl enable --quiet {worker}"$(basename "$configuration" .conf)".service || true
    done"#
            )));
        }
        if !self.units.is_empty() {
            let units: Vec<_> = self.units.iter().map(|unit| quoted(unit)).collect();
            text.push_str(&first_time(&format!("systemctl enable --quiet {} || true", units.join(" "))));
        }
        if let Some(name) = &self.configuration {
            let enable = format!("systemctl enable --quiet \"$service@\"{}.service || true", quoted(name));
            text.push_str(&first_time(for_each_service(&enable).trim()));
        }
        text
    }

    /// Disables on removal what was enabled on installation.
    pub(super) fn disable(&self) -> String {
        let mut commands = Vec::new();
        if let Some((name, ServiceKind::Systemd)) = &self.service {
            // Disabling the template disables every instance.
            let (target, worker) = (format!("dh_{name}.target"), format!("dh_{name}@.service"));
            commands.push(format!(
                "systemctl disable --quiet {} {} || true",
                quoted(&target),
                quoted(&worker)
            ));
        }
        if !self.units.is_empty() {
            let units: Vec<_> = self.units.iter().map(|unit| quoted(unit)).collect();
            commands.push(format!("systemctl disable --quiet {} || true", units.join(" ")));
        }
        if let Some(name) = &self.configuration {
            let disable = format!("systemctl disable --quiet \"$service@\"{}.service || true", quoted(name));
            commands.push(for_each_service(&disable).trim().to_owned());
        }
        if commands.is_empty() {
            return String::new();
        }
        format!(
            "\nif [ \"$1\" = remove ] && command -v systemctl >/dev/null 2>&1; then\n    {}\nfi\n",
            commands.join("\n    ")
        )
    }

    /// After removal systemd must not remember the units.
    pub(super) fn forget(&self) -> String {
        if !self.has_units() {
            return String::new();
        }
        "\nif [ -d /run/systemd/system ]; then\n    systemctl daemon-reload || true\nfi\n".to_owned()
    }

    fn has_units(&self) -> bool {
        !self.units.is_empty() || matches!(self.service, Some((_, ServiceKind::Systemd)))
    }
}

/// What is done when the package is configured for the first time: dpkg names no earlier version then.
fn first_time(commands: &str) -> String {
    format!("\nif [ -z \"${{2:-}}\" ] && command -v systemctl >/dev/null 2>&1; then\n    {commands}\nfi\n")
}

/// Does something for every service that trebuchet installed, with `dh_NAME` in `$service`.
fn for_each_service(command: &str) -> String {
    format!(
        r#"
for unit in {UNITS}/dh_*@.service; do
    [ -e "$unit" ] || continue
    service=$(basename "$unit" @.service)
    {command}
done
"#
    )
}
