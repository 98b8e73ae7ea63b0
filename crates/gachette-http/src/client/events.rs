//! Follows a build's events: server-sent events, read as they come.

use axum::body::Body;
use gachette::event::Event;
use http::Method;
use http_body_util::BodyExt;

use super::{Client, request};
use crate::Problem;
use crate::run::{Build, BuildId};
use crate::transport::Loss;

/// The longest line of a stream that is read, in bytes.
const LONGEST_LINE: usize = 1 << 20;
/// How many bytes of events are read. The other side keeps a few MiB of what programs say, and what came of it.
const LONGEST_STREAM: usize = 1 << 30;

impl Client {
    /// Calls `on_event` for every event of a build, from its first, until it ends; then returns the build.
    ///
    /// # Errors
    /// When the build does not exist or the stream breaks. That the build failed is no error here.
    pub async fn follow(&self, id: &BuildId, mut on_event: impl FnMut(Event)) -> Result<Build, Problem> {
        let path = format!("/api/v1/builds/{id}/events");
        let response = self.send(request(Method::GET, &path, None::<&()>)?).await?;
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        if let Err(loss) = read(response.into_body(), &mut on_event).await {
            return Err(self.broken(&loss).await);
        }
        self.build(id).await
    }
}

async fn read(mut body: Body, on_event: &mut impl FnMut(Event)) -> Result<(), Loss> {
    let (mut line, mut total) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Loss::of(&error))?;
        let Ok(bytes) = frame.into_data() else { continue };
        total += bytes.len();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(piece);
            if line.ends_with(b"\n") {
                parse(&line).into_iter().for_each(&mut *on_event);
                line.clear();
            }
        }
        if line.len() > LONGEST_LINE || total > LONGEST_STREAM {
            return Err(Loss::Garbled("its events have no end".to_owned()));
        }
    }
    Ok(())
}

/// An event in a line of the stream; lines of other kinds, and events of newer versions, are passed over.
fn parse(line: &[u8]) -> Option<Event> {
    serde_json::from_slice(line.strip_prefix(b"data:")?).ok()
}
