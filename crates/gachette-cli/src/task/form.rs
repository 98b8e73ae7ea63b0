//! Tells the two forms of the command line apart by their first word.

use std::ffi::OsString;

use super::catalogue;

/// How a command line is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As tasks of the original tool.
    Tasks,
    /// As a subcommand.
    Command,
}

/// Options that take the next word as their value.
const WITH_VALUE: &[&str] =
    &["--config", "--set", "--format", "--display", "--hosts", "--user", "--key-file", "--pool-size"];
/// Their short letters.
const LETTERS_WITH_VALUE: &[char] = &['c', 'd', 'H', 'u', 'i', 'z'];

/// The form of a command line: its first word that is no option holds a colon, or is a task's name and no subcommand's.
pub(crate) fn form_of(words: &[OsString]) -> Form {
    let mut words = words.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        match word.as_ref() {
            "-l" | "--list" | "-d" | "--display" => return Form::Tasks,
            option if option.starts_with("-d") || option.starts_with("--display=") => return Form::Tasks,
            option if WITH_VALUE.contains(&option) => drop(words.next()),
            option if option.starts_with("--") => (),
            letters if letters.starts_with('-') => {
                let value = letters.find(LETTERS_WITH_VALUE);
                if value == Some(letters.len() - 1) {
                    words.next();
                }
            }
            first => return form_of_word(first),
        }
    }
    Form::Command
}

fn form_of_word(word: &str) -> Form {
    let commands = ["prepare", "build", "quick"];
    let task_alone = catalogue::find(word).is_some() && !commands.contains(&word);
    if word.contains(':') || task_alone { Form::Tasks } else { Form::Command }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(line: &str) -> Form {
        let words: Vec<OsString> =
            format!("gachette {line}").split_whitespace().map(OsString::from).collect();
        form_of(&words)
    }

    #[test]
    fn tasks_are_recognised_behind_any_options() {
        for line in [
            "quick:124,web",
            "-c x.yml quick:124,web",
            "-wc x.yml stack_create:124 -q",
            "--set a=b version",
            "--config=x show_config",
            "-l",
            "-d quick",
            "--display=quick",
            "nonsense:1",
            "-H a:22,b:22 quick:124,web",
            "-Pz 4 -i key -u ada stack_create:124",
        ] {
            assert_eq!(form(line), Form::Tasks, "{line}");
        }
    }

    #[test]
    fn subcommands_are_recognised_behind_any_options() {
        for line in [
            "",
            "quick 124 web",
            "-c x.yml stack show 124",
            "--format json build web",
            "-h",
            "-V",
            "-qc x prepare",
            "-H a:22 stack list",
            "-u ada -i k:y -H unix:///run/x stack list",
        ] {
            assert_eq!(form(line), Form::Command, "{line}");
        }
    }
}
