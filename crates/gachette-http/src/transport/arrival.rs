//! The first words with a host: it runs this very program when it has it, and takes it first when it has not.

use std::pin::pin;
use std::time::Duration;

use gachette::host::{Program, Ssh};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::timeout;

use super::arrival_line::{ArrivalLine, Packing, next};
use super::ssh::Line;
use super::this_program::{this_program, this_program_packed};
use crate::wire::{AgentHello, PROTOCOL};
use crate::{Problem, ProblemKind};

/// What the host's shell runs: it is told a digest ($s) and a size ($n) in one line, and starts the program of that digest,
/// after taking its bytes from us when it is not there: as many ($z) as a second line says, compressed where gzip is there and works
/// ($g), which Debian cannot do without. One line without an exclamation mark or an apostrophe, since any login
/// shell has to pass it on as it is.
///
/// That line comes over the connection, so that we can take the digest of a program of some size while `ssh` logs in.
/// `read` takes no byte beyond a line (POSIX, read), nor does `head` beyond its count, and what is behind is for the program.
///
/// The program lies in a folder of the user's under its digest, so versions never meet; what is not what was sent, or does
/// not run there, never gets that name. One of another size, which a dying disk may leave, is sent again, and so is one of
/// another content when that is looked at ($w). The three newest others stay. It
/// is started by a login shell, or by the one that is configured ($1 and on): what a build finds in PATH is what the user of
/// that machine set up.
const SCRIPT: &str = "exec /bin/sh -c 'umask 077; read -r s n w || exit 7; \
    d=\"${XDG_CACHE_HOME:-$HOME/.cache}/gachette/bin\"; f=\"$d/$s\"; \
    fail() { echo; echo \"gachette-arrival failed $1\"; exit 7; }; \
    if [ \"$w\" = content ] && [ -e \"$f\" ]; then \
      h=$(sha256sum <\"$f\"); [ \"${h%% *}\" = \"$s\" ] || rm -f \"$f\"; \
    fi; \
    if [ -x \"$f\" ] && [ \"$(stat -c %s \"$f\")\" = \"$n\" ]; then :; else \
      echo; echo \"gachette-arrival needs $(uname -s) $(uname -m)\"; \
      mkdir -p \"$d\" 2>/dev/null || fail \"cannot make the folder $d\"; \
      t=$(mktemp \"$d/.arriving-XXXXXX\" 2>/dev/null) || fail \"cannot write into the folder $d\"; \
      g=cat; [ \"$(echo x | gzip 2>/dev/null | gzip -dc 2>/dev/null)\" = x ] && g=\"gzip -dc\"; \
      echo \"gachette-arrival ready ${g%% *}\"; read -r z || { rm -f \"$t\"; exit 7; }; \
      head -c \"$z\" 2>/dev/null | $g 2>/dev/null >\"$t\" || { rm -f \"$t\"; fail \"cannot write into the folder $d; is the disk full?\"; }; \
      h=$(sha256sum <\"$t\"); \
      [ \"${h%% *}\" = \"$s\" ] || { rm -f \"$t\"; fail \"what arrived in $d is not what was sent; is the disk full?\"; }; \
      chmod 700 \"$t\"; \"$t\" --version >/dev/null 2>&1 || \
        { rm -f \"$t\"; fail \"cannot run what was put into $d; is it mounted noexec, or its C library older?\"; }; \
      sync \"$t\" && mv -f \"$t\" \"$f\" || fail \"cannot write into the folder $d\"; \
      ls -t \"$d\" | tail -n +5 | while read -r o; do rm -f \"$d/$o\"; done; \
      find \"$d\" -name \".arriving-*\" -mmin +60 -exec rm -f {} + 2>/dev/null; \
    fi; \
    if [ $# -gt 0 ]; then \
      command -v \"$1\" >/dev/null || fail \"there is no $1, which is configured as shell\"; \
      exec \"$@\" \"exec \\\"\\$0\\\" dial-stdio\" \"$f\"; \
    fi; \
    case \"$SHELL\" in */bash|*/dash|*/zsh|*/ksh|*/sh) ;; *) SHELL=/bin/sh ;; esac; \
    exec \"$SHELL\" -l -c \"exec \\\"\\$0\\\" dial-stdio\" \"$f\"' gachette";

/// By what a program that is there is known to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Its name and size.
    Size,
    /// Its content too, which takes a while; when the one that is there did not start.
    Content,
}

/// How long the host may be silent while it is logged in to, or takes the program.
pub(super) const SILENCE: Duration = Duration::from_secs(30);

/// What to do about a host that lets us in, and from which nothing comes.
const MUTE: &str = "gachette was to be started there, and said nothing: see whether a start file of the login shell ends it, and \
                    whether `~/.cache/gachette/bin/* --version` works";
/// Said of a host that does not keep to the script.
const NOISE: &str = "it talks, but not as gachette does; look at what `ssh` prints there";

/// The program at work on the host, which has said hello.
pub(super) struct Arrived {
    pub(super) input: ChildStdin,
    pub(super) output: BufReader<ChildStdout>,
    /// Whether it was sent there just now.
    pub(super) was_sent: bool,
}

/// Starts `ssh`.
pub(super) fn start(ssh: &Ssh) -> Result<Child, Problem> {
    let mut command = tokio::process::Command::from(ssh.command(SCRIPT));
    command.kill_on_drop(true);
    // An interrupt from the keyboard is for us: what it means for the host, we decide.
    command.process_group(0);
    command.spawn().map_err(|error| {
        Problem::new(ProblemKind::HostFailed, format!("cannot start `ssh`: {error}"))
            .with_hint("install the package openssh-client")
    })
}

/// Talks with the script until the program says hello; none when one that was there was started, looked at by its
/// size alone, and ended without a word.
pub(super) async fn arrive(
    line: &Line,
    mut input: ChildStdin,
    output: ChildStdout,
    look: Look,
) -> Result<Option<Arrived>, Problem> {
    let program = this_program().await.map_err(|error| unreadable(&error))?;
    // When nobody takes it, `ssh` says why.
    let word = if look == Look::Content { " content" } else { "" };
    let _ = input.write_all(format!("{} {}{word}\n", program.sha256, program.size).as_bytes()).await;
    let mut output = BufReader::new(output);
    let mut noise = 0;
    // It asks for the program and says that it waits for it once, if at all.
    let mut steps = 0;
    let mut early = None;
    loop {
        let said = match early.take() {
            Some(said) => said,
            None => timeout(SILENCE, next(&mut output, &mut noise)).await.map_err(|_| line.silent())?,
        };
        match said {
            Err(error) => return Err(line.refused(&error.to_string()).await),
            Ok(ArrivalLine::End) => {
                let was_let_in = line.was_let_in().await;
                if was_let_in && steps == 0 && look == Look::Size {
                    return Ok(None);
                }
                let mut problem = line.refused("nothing answered").await;
                let hint = problem.hint.take().or_else(|| was_let_in.then(|| MUTE.to_owned()));
                return Err(Problem { hint, ..problem });
            }
            Ok(ArrivalLine::Noise) => return Err(line.failed(NOISE)),
            Ok(ArrivalLine::Needs { .. }) if steps != 0 => return Err(line.failed(NOISE)),
            Ok(ArrivalLine::Ready(_)) if steps != 1 => return Err(line.failed(NOISE)),
            Ok(ArrivalLine::Failed(why)) => {
                let hint = format!(
                    "gachette puts itself into ~/.cache/gachette/bin there, or $XDG_CACHE_HOME/gachette/bin: it must be writable, \
                     have {} MB of room, and allow programs to run",
                    program.size.div_ceil(1_000_000)
                );
                return Err(line.failed(&shown(&why)).with_hint(hint));
            }
            Ok(ArrivalLine::Needs { system, machine }) => {
                check(line, &system, &machine)?;
                read_again(program).await?;
                steps = 1;
            }
            Ok(ArrivalLine::Ready(packing)) => {
                let (size, bytes) = ours(program, packing).await.map_err(|error| unreadable(&error))?;
                // A failure to send is told by what it says next. It says nothing before it has got all; a start file's programs may.
                let mut said = pin!(next(&mut output, &mut noise));
                early = Some(tokio::select! {
                    said = &mut said => said,
                    _ = pour(&mut input, size, bytes) => {
                        timeout(SILENCE, said).await.map_err(|_| line.silent())?
                    }
                });
                steps = 2;
            }
            Ok(ArrivalLine::Hello(text)) => {
                greeted(line, &text)?;
                return Ok(Some(Arrived { input, output, was_sent: steps > 0 }));
            }
        }
    }
}

/// Whether what is sent will be what was said.
async fn read_again(program: &'static Program) -> Result<(), Problem> {
    let read = tokio::task::spawn_blocking(|| program.is_as_remembered());
    if read.await.map_err(std::io::Error::from).flatten().map_err(|error| unreadable(&error))? {
        return Ok(());
    }
    let title = "what was remembered of this program was wrong, and is forgotten now";
    Err(Problem::new(ProblemKind::Internal, title).with_hint("give the same command again"))
}

fn unreadable(error: &std::io::Error) -> Problem {
    Problem::new(ProblemKind::Internal, format!("cannot read the program of this process: {error}"))
}

/// How many bytes are to be sent, and which.
async fn ours(
    program: &'static Program,
    packing: Packing,
) -> std::io::Result<(u64, Box<dyn AsyncRead + Send + Unpin>)> {
    Ok(match packing {
        Packing::Gzip => {
            let packed = this_program_packed().await?;
            (packed.len() as u64, Box::new(packed))
        }
        Packing::Plain => (program.size, Box::new(tokio::fs::File::open(&program.path).await?)),
    })
}

/// Says how many bytes come, and sends them.
async fn pour(input: &mut ChildStdin, size: u64, mut bytes: impl AsyncRead + Unpin) -> std::io::Result<()> {
    input.write_all(format!("{size}\n").as_bytes()).await?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        let count = bytes.read(&mut buffer).await?;
        if count == 0 {
            return input.flush().await;
        }
        timeout(SILENCE, input.write_all(&buffer[..count])).await??;
    }
}

/// This program runs on machines of its own kind only.
fn check(line: &Line, system: &str, machine: &str) -> Result<(), Problem> {
    let (ours, theirs) = (("Linux", std::env::consts::ARCH), (system, machine));
    if ours == theirs {
        return Ok(());
    }
    let theirs = format!("{} {}", shown(system), shown(machine));
    Err(line.failed(&format!("it is {theirs}, and this gachette is built for Linux {}", ours.1)).with_hint(
        "install gachette for it there, and run `gachette serve`; then `-H unix://…` or `-H https://…`",
    ))
}

fn greeted(line: &Line, text: &str) -> Result<(), Problem> {
    let hello: AgentHello =
        serde_json::from_str(text).map_err(|_| line.failed("it greeted in words that cannot be read"))?;
    if hello.protocol != PROTOCOL {
        return Err(line.failed(&format!("it speaks protocol {}, not {PROTOCOL}", hello.protocol)));
    }
    Ok(())
}

/// Text from the far side, fit to be shown.
fn shown(text: &str) -> String {
    text.chars().take(300).flat_map(char::escape_debug).collect()
}
