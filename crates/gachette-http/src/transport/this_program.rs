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

/// The same, compressed once, whatever the number of hosts that want it.
///
/// # Errors
/// When it cannot be read.
pub(super) async fn this_program_packed() -> io::Result<&'static [u8]> {
    static PACKED: OnceCell<Vec<u8>> = OnceCell::const_new();
    let program = this_program().await?;
    let packed = PACKED.get_or_try_init(async || spawn_blocking(|| program.packed()).await?).await?;
    Ok(packed)
}
