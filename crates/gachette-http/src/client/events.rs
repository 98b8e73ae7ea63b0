//! Follows a build's events: server-sent events, read as they come.

use axum::body::Body;
use gachette::event::Event;
use http::Method;
use http_body_util::BodyExt;

use super::{Client, request, unknown};
use crate::Problem;
use crate::run::{Build, BuildId};

/// The longest line of a stream that is read, in bytes.
const LONGEST_LINE: usize = 1 << 20;

impl Client {
    /// Calls `on_event` for every event of a build, from its first, until it ends; then returns the build.
    ///
    /// # Errors
    /// When the build does not exist or the stream breaks. That the build failed is no error here.
    pub async fn follow(&self, id: &BuildId, mut on_event: impl FnMut(Event)) -> Result<Build, Problem> {
        let path = format!("/api/v1/builds/{id}/events");
        let response = self.send(request(Method::GET, &path, None::<&()>)?).await?;
        if !response.status().is_success() {
            return Err(unknown(response.status()));
        }
        if let Err(why) = read(response.into_body(), &mut on_event).await {
            return Err(self.transport.broken(&why).await);
        }
        self.get(&format!("/api/v1/builds/{id}")).await
    }
}

async fn read(mut body: Body, on_event: &mut impl FnMut(Event)) -> Result<(), String> {
    let mut rest = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| error.to_string())?;
        let Ok(bytes) = frame.into_data() else { continue };
        rest.extend_from_slice(&bytes);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            if let Some(event) = parse(&line) {
                on_event(event);
            }
        }
        if rest.len() > LONGEST_LINE {
            return Err("a line of its events is longer than 1 MiB".to_owned());
        }
    }
    Ok(())
}

/// An event in a line of the stream; lines of other kinds, and events of newer versions, are passed over.
fn parse(line: &[u8]) -> Option<Event> {
    serde_json::from_slice(line.strip_prefix(b"data:")?).ok()
}
