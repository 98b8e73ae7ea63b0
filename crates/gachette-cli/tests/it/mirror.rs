//! A mirror of an APT repository that does with each file what a test wants.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// The bytes of a response to who asks for this path, of which the mirror has this file; none is as if nobody listened.
type Answer = dyn Fn(&str, &[u8]) -> Option<Vec<u8>> + Send;

/// A suite `stable` with components, as its signer made it, and a server of its files.
pub(crate) struct Mirror {
    folder: tempfile::TempDir,
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Mirror {
    /// The suite has what lies in `pool/COMPONENT` below the folder that this fills.
    pub(crate) fn new(
        fill: impl FnOnce(&Path),
        architectures: &str,
        answer: impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + 'static,
    ) -> Self {
        let folder = tempfile::Builder::new().prefix("gachette-mirror-").tempdir().unwrap();
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        fill(folder.path());
        let mut components: Vec<String> = fs::read_dir(folder.path().join("pool"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        components.sort();
        for component in &components {
            for architecture in architectures.split(' ') {
                let output = Command::new("apt-ftparchive")
                    .args(["--arch", architecture, "packages", &format!("pool/{component}")])
                    .current_dir(folder.path())
                    .output()
                    .unwrap();
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                let index =
                    folder.path().join(format!("dists/stable/{component}/binary-{architecture}/Packages"));
                fs::create_dir_all(index.parent().unwrap()).unwrap();
                fs::write(index, output.stdout).unwrap();
            }
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mirror = Self { port: listener.local_addr().unwrap().port(), folder, asked: Arc::default() };
        mirror.release(&components.join(" "), architectures);
        let (folder, asked) = (mirror.folder.path().to_owned(), Arc::clone(&mirror.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &folder, &asked, &answer);
            }
        });
        mirror
    }

    /// Writes what the suite says of itself.
    pub(crate) fn release(&self, components: &str, architectures: &str) {
        self.release_with(components, architectures, &[]);
    }

    /// The same, with more fields.
    pub(crate) fn release_with(&self, components: &str, architectures: &str, more: &[&str]) {
        let suite = self.folder.path().join("dists/stable");
        let _ = fs::remove_file(suite.join("Release"));
        let mut command = Command::new("apt-ftparchive");
        for field in
            ["Suite=stable", &format!("Components={components}"), &format!("Architectures={architectures}")]
        {
            command.args(["-o", &format!("APT::FTPArchive::Release::{field}")]);
        }
        let output = command.arg("release").arg(&suite).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let more: String = more.iter().map(|field| format!("{field}\n")).collect();
        fs::write(suite.join("Release"), [more.as_bytes(), &output.stdout].concat()).unwrap();
    }

    /// The list of a component for an architecture.
    pub(crate) fn list(&self, component: &str, architecture: &str) -> PathBuf {
        self.folder.path().join(format!("dists/stable/{component}/binary-{architecture}/Packages"))
    }

    /// Its sources in one line, believed as they are.
    pub(crate) fn line(&self, options: &str, components: &str) -> String {
        format!("deb [trusted=yes{options}] http://127.0.0.1:{} stable {components}", self.port)
    }

    /// How often files with this in their path were asked for.
    pub(crate) fn asked(&self, part: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|path| path.contains(part)).count()
    }
}

/// Answers one request.
fn serve(stream: TcpStream, folder: &Path, asked: &Mutex<Vec<String>>, answer: &Answer) {
    let lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else { return };
    asked.lock().unwrap().push(path.to_owned());
    let response = match fs::read(folder.join(path.trim_start_matches('/'))) {
        Ok(body) => answer(path, &body),
        Err(_) => Some(response("404 Not Found", 0, b"")),
    };
    let _ = (&stream).write_all(&response.unwrap_or_default());
}

/// A response that says this length of a body.
pub(crate) fn response(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The file as it is.
pub(crate) fn whole(body: &[u8]) -> Option<Vec<u8>> {
    Some(response("200 OK", body.len(), body))
}

/// Answers with all files as they are.
pub(crate) fn honest(_: &str, body: &[u8]) -> Option<Vec<u8>> {
    whole(body)
}
