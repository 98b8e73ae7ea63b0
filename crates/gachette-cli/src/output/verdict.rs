//! What was known of a stack when it was sealed or promoted, in words.

use gachette::operation::StackVerdict;

/// What was known, in a sentence.
pub(crate) fn verdict_text(verdict: &StackVerdict) -> String {
    match verdict {
        StackVerdict::Nothing {} => {
            "whether it can be installed was not checked: no base is configured".to_owned()
        }
        StackVerdict::Installable { base } => format!("it can be installed on {base}"),
        StackVerdict::Forced { refusal } => format!("forced: {refusal}"),
    }
}
