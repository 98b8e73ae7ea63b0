//! What was known of a stack when it was sealed or promoted, in words.

use gachette::operation::StackVerdict;

use super::Output;

/// What was known, in a sentence.
pub(crate) fn verdict_text(verdict: &StackVerdict) -> String {
    match verdict {
        StackVerdict::Nothing {} => {
            "whether it can be installed was not checked: no base is configured".to_owned()
        }
        StackVerdict::Installable { base, commands, back, .. } => {
            let commands = commands.iter().map(|command| format!("; hosts go there with `{command}`"));
            let back = back.iter().map(|command| format!("; hosts come back with `{command}` alone"));
            format!("it can be installed on {base}{}", commands.chain(back).collect::<String>())
        }
        StackVerdict::Forced { refusal } => format!("forced: {refusal}"),
    }
}

/// Says that nothing was forced: the reason to do so is then in no log.
pub(crate) fn unneeded_force(output: &Output, check: Option<&StackVerdict>) {
    if !matches!(check, Some(StackVerdict::Forced { .. })) {
        output.note("  nothing had to be forced, so the reason for that is in no log; `-m` gives one");
    }
}
