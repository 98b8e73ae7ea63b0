//! A server tells its supervisor how far it is.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::playground::Playground;
use crate::serving::Serving;

fn heard(socket: &UnixDatagram) -> String {
    let mut words = [0; 500];
    let length = socket.recv(&mut words).unwrap();
    String::from_utf8_lossy(&words[..length]).into_owned()
}

#[test]
fn it_is_ready_when_it_answers_and_says_when_it_reloads_and_ends() {
    let playground = Playground::new();
    let path = playground.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut serving =
        Serving::start_with(&playground, &["--no-auth"], &[("NOTIFY_SOCKET", path.as_os_str())]);
    assert!(heard(&socket).starts_with("READY=1\n"));
    playground.ok(&format!("-H unix://{} token list", playground.path("server.sock").display()));
    serving.signal("-HUP");
    assert!(heard(&socket).starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert!(heard(&socket).starts_with("READY=1\n"));
    serving.signal("-TERM");
    assert!(heard(&socket).starts_with("STOPPING=1\n"));
    assert!(serving.child.wait().unwrap().success());
}

#[test]
fn one_that_cannot_serve_is_never_ready() {
    let playground = Playground::new();
    let path = playground.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let words = ["serve", "--listen", "127.0.0.1:0", "--tls-cert", "none.pem", "--tls-key", "none.pem"];
    let output = playground.command(&words).env("NOTIFY_SOCKET", &path).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(socket.recv(&mut [0; 500]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
