//! What was known of a stack when it was sealed or promoted, in words.

use gachette::operation::{HostCommand, StackVerdict};

use super::Output;

/// What was known, in a sentence.
pub(crate) fn verdict_text(verdict: &StackVerdict) -> String {
    match verdict {
        StackVerdict::Nothing {} => {
            "whether it can be installed was not checked: no base is configured".to_owned()
        }
        StackVerdict::Installable { base, commands, back, .. } => {
            let forth =
                commands.iter().map(|it| format!("; {} go there with `{}`", hosts_text(it), it.command));
            let back =
                back.iter().map(|it| format!("; {} come back with `{}` alone", hosts_text(it), it.command));
            format!("it can be installed on {base}{}", forth.chain(back).collect::<String>())
        }
        StackVerdict::Forced { refusal } => format!("forced: {refusal}"),
    }
}

/// Which hosts need a command.
fn hosts_text(command: &HostCommand) -> String {
    match &*command.hosts {
        [] => "hosts".to_owned(),
        hosts => {
            let hosts: Vec<String> = hosts.iter().map(|hosts| format!("({hosts})")).collect();
            format!("hosts {}", hosts.join(" and "))
        }
    }
}

/// Says that nothing was forced: the reason to do so is then in no log.
pub(crate) fn unneeded_force(output: &Output, check: Option<&StackVerdict>) {
    if !matches!(check, Some(StackVerdict::Forced { .. })) {
        output.note("  nothing had to be forced, so the reason for that is in no log; `-m` gives one");
    }
}
