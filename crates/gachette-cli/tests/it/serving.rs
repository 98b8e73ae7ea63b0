//! The real program as a server, and requests to it over real sockets.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::playground::Playground;

/// How long anything may take that is awaited.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server, listening on a socket in the playground and on a TCP port.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) port: u16,
    log: Mutex<Receiver<String>>,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Serving {
    /// Starts it in the playground, with these words more.
    pub(crate) fn start(playground: &Playground, more: &[&str]) -> Self {
        Self::start_with(playground, more, &[])
    }

    /// The same with these variables in its environment.
    pub(crate) fn start_with(playground: &Playground, more: &[&str], variables: &[(&str, &OsStr)]) -> Self {
        let socket = format!("unix://{}", playground.path("server.sock").display());
        let words = [&["serve", "--listen", &socket, "--listen", "127.0.0.1:0"], more].concat();
        let mut child = playground
            .command(&words)
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, log) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut serving = Self { child, port: 0, log: Mutex::new(log) };
        let line = serving.logged("listening on http");
        let digits: String =
            line.rsplit_once(':').unwrap().1.chars().take_while(char::is_ascii_digit).collect();
        serving.port = digits.parse().unwrap();
        serving
    }

    /// Waits for a line of the log that holds these words.
    pub(crate) fn logged(&self, words: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.log.lock().unwrap().recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{words}: {error}\n{}", seen.join("\n")),
            }
        }
    }

    /// All that was logged since it was looked at last.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().try_iter().collect::<Vec<_>>().join("\n")
    }

    /// A connection to its TCP port.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request with these header lines, and reads the answer.
    pub(crate) fn ask(&self, line: &str, headers: &[&str], body: &str) -> Answered {
        let mut text = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        if !body.is_empty() {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        if !body.is_empty() && !headers.iter().any(|header| header.starts_with("Content-Type:")) {
            text += "Content-Type: application/json\r\n";
        }
        headers.iter().for_each(|header| text += &format!("{header}\r\n"));
        Answered::read(self.send(format!("{text}\r\n{body}").as_bytes()))
    }

    /// Sends bytes; a server that does not want them all may hang up.
    pub(crate) fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes);
        stream
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answered {
    /// Reads an answer to its end.
    pub(crate) fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(&bytes)));
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let (line, headers) = head.split_once("\r\n").unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, headers: headers.to_owned(), body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
