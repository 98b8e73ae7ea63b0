//! The maintainer scripts of a package, by Debian Policy chapter 6: what trebuchet does around the recipe's own lines.
//!
//! Every script runs under `set -e` and may be run again at any point. Names are put in quoted; the recipe's lines are
//! the only shell text that is not ours. Hosts without upstart, systemd, nginx or python skip what is about them.

mod files;
mod services;

use gachette_core::missile::{MaintainerLines, ServiceKind, shell_quoted as quoted};

use crate::deb::MaintainerScripts;

/// What a package's scripts have to take care of.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScriptPlan {
    /// The package, for the comment at the top.
    pub(crate) package: String,
    /// The user that services run as.
    pub(crate) user: String,
    /// Names of services that must not run while the package changes.
    pub(crate) stops: Vec<String>,
    /// The service that the package is.
    pub(crate) service: Option<(String, ServiceKind)>,
    /// The configuration that the package brings, `/etc/trebuchet/NAME.conf`.
    pub(crate) configuration: Option<String>,
    /// Plain systemd units that the package brings, file names without folder.
    pub(crate) units: Vec<String>,
    /// Whether the package brings a file of nginx.
    pub(crate) nginx: bool,
    /// Folders of python code.
    pub(crate) python: Vec<PythonFolder>,
    /// The recipe's own lines.
    pub(crate) lines: MaintainerLines,
}

/// Installed python code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PythonFolder {
    /// Where it is installed.
    pub(crate) path: String,
    /// The interpreter to compile it with, a program's name or path.
    pub(crate) interpreter: String,
}

impl ScriptPlan {
    /// The scripts; one that would do nothing is left out.
    pub(crate) fn scripts(&self) -> MaintainerScripts {
        let preinst = [files::prepare_host(&self.user), self.stop(), recipe_lines(&self.lines.preinst)];
        let postinst = [
            recipe_lines(&self.lines.postinst),
            if self.nginx { files::RELOAD_NGINX.to_owned() } else { String::new() },
            files::compile(&self.python),
            self.start(),
        ];
        let prerm = [
            self.stop(),
            self.disable(),
            recipe_lines(&self.lines.prerm),
            files::remove_compiled(&self.python),
        ];
        let postrm = [self.forget(), recipe_lines(&self.lines.postrm)];
        MaintainerScripts {
            preinst: self.script(Some("install|upgrade"), &preinst),
            postinst: self.script(Some("configure"), &postinst),
            prerm: self.script(Some("remove|upgrade|deconfigure"), &prerm),
            postrm: self.script(None, &postrm),
        }
    }

    /// A script that does all of this when dpkg calls it with one of these words.
    fn script(&self, called_with: Option<&str>, sections: &[String]) -> Option<String> {
        let body = sections.concat();
        if body.is_empty() {
            return None;
        }
        let guard = match called_with {
            Some(words) => format!("\ncase \"$1\" in\n    {words}) ;;\n    *) exit 0 ;;\nesac\n"),
            None => String::new(),
        };
        Some(format!(
            "#!/bin/sh\n# Written by trebuchet for {}.\nset -e\n{guard}{body}\nexit 0\n",
            self.package
        ))
    }
}

fn recipe_lines(lines: &[String]) -> String {
    match lines.join("\n") {
        lines if lines.trim().is_empty() => String::new(),
        lines => format!("\n# From the recipe.\n{lines}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn plan() -> ScriptPlan {
        ScriptPlan {
            package: "dh-web".to_owned(),
            user: "hero".to_owned(),
            stops: vec!["web".to_owned(), "o'clock; reboot".to_owned()],
            service: Some(("web".to_owned(), ServiceKind::Systemd)),
            configuration: Some("live".to_owned()),
            units: vec!["timer.service".to_owned()],
            nginx: true,
            python: vec![PythonFolder { path: "/opt/a b".to_owned(), interpreter: "python3".to_owned() }],
            lines: MaintainerLines { postrm: vec!["echo 'gone'".to_owned()], ..MaintainerLines::default() },
        }
    }

    #[test]
    fn every_script_is_shell_that_stops_at_the_first_fault() {
        for (name, script) in plan().scripts().iter() {
            assert!(script.starts_with("#!/bin/sh\n") && script.contains("\nset -e\n"), "{name}");
            let checked = Command::new("sh").args(["-n", "-c", script]).output().unwrap();
            assert!(checked.status.success(), "{name}: {checked:?}\n{script}");
        }
        assert_eq!(plan().scripts().iter().count(), 4);
    }

    #[test]
    fn names_reach_the_shell_quoted() {
        let scripts = plan().scripts();
        assert!(scripts.preinst.unwrap().contains(r"stop_service 'o'\''clock; reboot'"));
    }

    #[test]
    fn the_recipes_lines_stand_in_their_place() {
        let lines = |name: &str| vec![format!("echo {name}")];
        let plan = ScriptPlan {
            lines: MaintainerLines {
                preinst: lines("pre"),
                postinst: lines("post"),
                prerm: lines("rm"),
                postrm: lines("gone"),
            },
            ..plan()
        };
        let scripts = plan.scripts();
        let order = |script: &Option<String>, words: &[&str]| {
            let script = script.as_deref().unwrap();
            let places: Vec<_> = words.iter().map(|word| script.find(word).expect(word)).collect();
            assert!(places.is_sorted(), "{words:?} in {script}");
        };
        order(&scripts.preinst, &["useradd", "stop_service 'web'", "echo pre"]);
        order(&scripts.postinst, &["echo post", "nginx -t", "compileall", "restart"]);
        order(&scripts.prerm, &["stop_service 'web'", "echo rm", "__pycache__"]);
        assert!(scripts.postrm.unwrap().contains("echo gone"));
    }

    #[test]
    fn a_script_that_has_nothing_to_do_is_left_out() {
        let scripts = ScriptPlan { user: "hero".to_owned(), ..ScriptPlan::default() }.scripts();
        assert!(scripts.preinst.is_some() && scripts.postinst.is_none());
        assert!(scripts.prerm.is_none() && scripts.postrm.is_none());
    }
}
