//! Asks the authentication agent how many keys it holds.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;

use gachette_core::host_check::AgentState;

/// How long it may take to answer. A forwarded one is on another machine.
const WITHIN: Duration = Duration::from_secs(5);
/// "SSH Agent Protocol" (draft-ietf-sshm-ssh-agent), 3 and 3.5: a length of 4 bytes, and the request for all identities.
const REQUEST: [u8; 5] = [0, 0, 0, 1, 11];
/// The answer that lists them: behind it their number, in 4 bytes.
const ANSWER: u8 = 12;

/// The agent that `SSH_AUTH_SOCK` names.
pub fn agent() -> AgentState {
    let named = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty());
    named.map_or(AgentState::Unset, |path| at(PathBuf::from(path)))
}

fn at(path: PathBuf) -> AgentState {
    let (sender, answer) = channel();
    // To connect may wait for ever, where an agent takes no more connections.
    std::thread::spawn(move || sender.send(ask(&path)));
    match answer.recv_timeout(WITHIN) {
        Ok(Ok(keys)) => AgentState::Answers { keys },
        Ok(Err(error)) => silent(&error.to_string()),
        Err(_) => silent(&format!("not within {} s", WITHIN.as_secs())),
    }
}

pub(super) fn silent(why: &str) -> AgentState {
    AgentState::Silent { why: why.to_owned() }
}

fn ask(path: &std::path::Path) -> io::Result<u32> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.write_all(&REQUEST)?;
    let mut answer = [0; 9];
    stream.read_exact(&mut answer[..5])?;
    if answer[4] != ANSWER {
        return Err(io::Error::other("it does not say which keys it holds"));
    }
    stream.read_exact(&mut answer[5..])?;
    let [.., a, b, c, d] = answer;
    Ok(u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn what_is_no_agent_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent");
        assert!(matches!(at(path.clone()), AgentState::Silent { .. }), "nothing there");
        let listener = UnixListener::bind(&path).unwrap();
        for (answer, expected) in [
            (&[0, 0, 0, 5, 12, 0, 0, 0, 2][..], AgentState::Answers { keys: 2 }),
            (&[0, 0, 0, 1, 5], silent("it does not say which keys it holds")),
            (&[0, 0], silent("failed to fill whole buffer")),
        ] {
            let asked = std::thread::spawn({
                let path = path.clone();
                move || at(path)
            });
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 5];
            stream.read_exact(&mut request).unwrap();
            assert_eq!(request, REQUEST);
            stream.write_all(answer).unwrap();
            drop(stream);
            assert_eq!(asked.join().unwrap(), expected);
        }
    }
}
