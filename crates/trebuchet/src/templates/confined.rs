//! Fills templates in in a process of its own, whose memory and time the system bounds.
//!
//! One step of a template may double a text or multiply a list, and the engine offers no way to see it coming: only an
//! allocation that is refused stops it, and that ends a process. So it had better be another one: this program once more.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LARGEST_OUTPUT, STACK, TemplateError, Templates};
use crate::process::{Cancel, Process, ProcessError};

/// The memory that filling in one template may take beside the stack, in MiB; the largest output is 16.
const MEMORY: u64 = 256;

/// The computing time that filling in one template may take, in seconds; ordinary ones take a hundredth of one.
const SECONDS: u64 = 10;

/// The first argument of the process that fills a template in.
const ARGUMENT: &str = "trebuchet:fill-in-template";

static CONFINED: AtomicBool = AtomicBool::new(false);

/// A template to fill in, of the project in the process's folder.
#[derive(Serialize, Deserialize)]
struct Order {
    template: String,
    context: Value,
}

/// Lets this program fill templates in in processes of their own, with 256 MiB of memory and 10 s of computing time. To be
/// called first thing in `main`, which returns what this returns: such a process is this program once more.
///
/// A program that does not call it fills templates in by itself. Then steps, depth and output are bounded, but not memory.
pub fn confine() -> Option<ExitCode> {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT) {
        return Some(match answer() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(io::stderr(), "{error}");
                ExitCode::FAILURE
            }
        });
    }
    CONFINED.store(true, Ordering::Relaxed);
    None
}

pub(super) fn is_wanted() -> bool {
    CONFINED.load(Ordering::Relaxed)
}

/// The process's side: reads an order from standard input and writes what comes of it to standard output.
fn answer() -> io::Result<()> {
    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::Core, limit(0))?;
    setrlimit(Resource::Cpu, limit(SECONDS))?;
    setrlimit(Resource::Data, limit(data_in_use()? + STACK as u64 + (MEMORY << 20)))?;
    let order: Order = serde_json::from_reader(BufReader::new(io::stdin().lock()))?;
    let outcome = Templates::new(Path::new(".")).render_here(&order.template, &order.context);
    let mut output = BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut output, &outcome)?;
    output.flush()
}

/// What counts against the limit already, in bytes: `VmData` (proc_pid_status(5)).
fn data_in_use() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let shown =
        status.lines().find_map(|line| line.strip_prefix("VmData:")?.strip_suffix("kB")?.trim().parse().ok());
    shown.map(|kib: u64| kib << 10).ok_or_else(|| io::Error::other("/proc/self/status has no VmData"))
}

/// Our side: lets a process fill the template in.
pub(super) fn render(
    project: &Path,
    template: &str,
    context: &impl Serialize,
) -> Result<String, TemplateError> {
    let failed = |reason: String| {
        TemplateError::of_whole(template, format!("it cannot be filled in by a process of its own: {reason}"))
    };
    let order = order(template, context).map_err(|error| failed(error.to_string()))?;
    let process = Process::new("/proc/self/exe").arg(ARGUMENT).current_dir(project).input(order);
    // Else the last lines are not what was wrong; and mimalloc begins with a GiB that it could use without asking for more.
    let process = process.env("RUST_BACKTRACE", "0").env("MIMALLOC_ARENA_EAGER_COMMIT", "0");
    // JSON takes up to six bytes for one.
    let process = process.output_limit(6 * LARGEST_OUTPUT + (8 << 20));
    let answer = process.output(&Cancel::new()).map_err(|error| match excess(&error) {
        Some(excess) => TemplateError::endless(template, excess),
        None => failed(error.to_string()),
    })?;
    serde_json::from_slice(&answer.stdout).unwrap_or_else(|error| Err(failed(error.to_string())))
}

fn order(template: &str, context: &impl Serialize) -> io::Result<File> {
    let order = Order { template: template.to_owned(), context: serde_json::to_value(context)? };
    let mut file = tempfile::tempfile()?;
    let mut writer = BufWriter::new(&mut file);
    serde_json::to_writer(&mut writer, &order)?;
    writer.flush()?;
    drop(writer);
    file.rewind()?;
    Ok(file)
}

/// The bound that ended the process, if one did.
fn excess(error: &ProcessError) -> Option<String> {
    let signal = error.signal().and_then(rustix::process::Signal::from_named_raw);
    let says = |words: &str| error.last_lines().iter().any(|line| line.contains(words));
    match signal {
        Some(rustix::process::Signal::XCPU | rustix::process::Signal::KILL) => {
            Some(format!("it takes more than {SECONDS} s of computing time"))
        }
        // What Rust says when it is refused memory.
        _ if says("memory allocation of ") => Some(format!("it takes more than {MEMORY} MiB of memory")),
        _ => None,
    }
}
