//! HTTP over the standard streams of another process of this program on this machine, for work that outlives this one.

use std::process::Stdio;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::arrival_line::{ArrivalLine, next};
use super::connection::{Connection, FarEnd};
use crate::wire::ClientHello;
use crate::{Problem, ProblemKind};

impl Connection {
    /// Starts the program, and says hello.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) async fn background(hello: &ClientHello) -> Result<Self, Problem> {
        let failed = |why: String| {
            Problem::new(ProblemKind::Internal, format!("cannot work in the background: {why}"))
        };
        // Through /proc it is the very file that runs, also when another was put in its place since.
        let mut command = Command::new("/proc/self/exe");
        command.arg0("gachette").arg("dial-stdio").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("it was started without its streams".to_owned()));
        };
        let mut output = BufReader::new(output);
        match next(&mut output, &mut 0).await {
            Ok(ArrivalLine::Hello(_)) => (),
            Ok(_) => return Err(failed("nothing answered".to_owned())),
            Err(error) => return Err(failed(error.to_string())),
        }
        input.write_all(&hello.line()?).await.map_err(|error| failed(error.to_string()))?;
        Self::start(tokio::io::join(output, input), FarEnd::Background).await
    }
}
