//! Why a program did not end well.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use gachette_core::without_secrets;

/// Why a program did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program is not on this machine.
    #[error("`{program}` is not installed, or not in PATH")]
    NotFound {
        /// What was looked for.
        program: String,
    },
    /// It ended with another status than 0.
    #[error("`{command}` {}{}", status_text(status), tail(last_lines))]
    Failed {
        /// The command as one would type it.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines it wrote.
        last_lines: Vec<String>,
    },
    /// It took too long and was ended.
    #[error("`{command}` was ended after {} s{}", after.as_secs_f32(), tail(last_lines))]
    TimedOut {
        /// The command as one would type it.
        command: String,
        /// How long it was allowed to run.
        after: Duration,
        /// The last lines it wrote.
        last_lines: Vec<String>,
    },
    /// It said nothing for too long and was ended.
    #[error("`{command}` said nothing for {} s and was ended{}", after.as_secs_f32(), tail(last_lines))]
    FellSilent {
        /// The command as one would type it.
        command: String,
        /// How long it was allowed to be silent.
        after: Duration,
        /// The last lines it wrote.
        last_lines: Vec<String>,
    },
    /// Its user wanted it to end.
    #[error("`{command}` was cancelled")]
    Cancelled {
        /// The command as one would type it.
        command: String,
    },
    /// It was stopped, since it wanted to ask something on a terminal.
    #[error(
        "`{command}` wanted to ask something on the terminal, where nobody would answer{}",
        tail(last_lines)
    )]
    AskedTheTerminal {
        /// The command as one would type it.
        command: String,
        /// The last lines it wrote.
        last_lines: Vec<String>,
    },
    /// It wrote more than can be kept.
    #[error("`{command}` wrote more than {limit} bytes")]
    TooMuchOutput {
        /// The command as one would type it.
        command: String,
        /// What would have been accepted.
        limit: usize,
    },
    /// The system refused to start it, or to let us wait for it.
    #[error("`{command}` could not be run: {source}")]
    Io {
        /// The command as one would type it.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl ProcessError {
    /// The last lines the program wrote, when it came so far.
    pub fn last_lines(&self) -> &[String] {
        match self {
            Self::Failed { last_lines, .. }
            | Self::TimedOut { last_lines, .. }
            | Self::FellSilent { last_lines, .. }
            | Self::AskedTheTerminal { last_lines, .. } => last_lines,
            _ => &[],
        }
    }

    /// How it came to its end, to be read after a command: `ended with exit status 1`.
    pub fn how(&self) -> String {
        match self {
            Self::NotFound { .. } => "is not installed, or not in PATH".to_owned(),
            Self::Failed { status, .. } => status_text(status),
            Self::TimedOut { after, .. } => format!("was ended after {} s", after.as_secs_f32()),
            Self::FellSilent { after, .. } => {
                format!("said nothing for {} s and was ended", after.as_secs_f32())
            }
            Self::Cancelled { .. } => "was cancelled".to_owned(),
            Self::AskedTheTerminal { .. } => "wanted to ask something on the terminal".to_owned(),
            Self::TooMuchOutput { limit, .. } => format!("wrote more than {limit} bytes"),
            Self::Io { source, .. } => format!("could not be run: {source}"),
        }
    }

    /// The signal that ended it, when it was not ours.
    pub fn signal(&self) -> Option<i32> {
        match self {
            Self::Failed { status, .. } => status.signal(),
            _ => None,
        }
    }

    /// The status the program itself ended with.
    pub fn exit_code(&self) -> Option<i32> {
        match self {
            Self::Failed { status, .. } => status.code(),
            _ => None,
        }
    }
}

fn status_text(status: &ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit status {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

fn tail(last_lines: &[String]) -> String {
    let mut text = String::new();
    for line in last_lines.iter().filter(|line| !line.trim().is_empty()) {
        text.push_str(if text.is_empty() { ":\n  " } else { "\n  " });
        text.push_str(&without_secrets(line));
    }
    text
}
