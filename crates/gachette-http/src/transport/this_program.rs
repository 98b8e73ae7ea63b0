//! The program that is sent to hosts which do not have it: this very one.

use std::io;

use gachette::host::Program;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

/// The program of this process, which is looked at once, whatever the number of hosts.
///
/// # Errors
/// When it cannot be read.
pub async fn this_program() -> io::Result<&'static Program> {
    static PROGRAM: OnceCell<Program> = OnceCell::const_new();
    PROGRAM.get_or_try_init(async || spawn_blocking(Program::of_this_process).await?).await
}
