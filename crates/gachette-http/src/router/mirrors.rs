//! Mirrors of repositories that this machine has no access to, filled by a client that has.

use axum::body::Body;
use axum::extract::State;
use gachette::mirror::{Mirror, MirrorId, MirrorRefs};
use http_body_util::BodyExt;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::extract::{Json, Path};
use super::{Answer, Api, while_awaited};
use crate::{Problem, ProblemKind};

/// The longest list of refs that is taken, in bytes.
const LONGEST_REFS: usize = 64 << 20;

/// The branches and tags of a mirror; none of one that is not there.
pub(super) async fn show(State(_): State<Api>, Path(id): Path<MirrorId>) -> Answer<MirrorRefs> {
    while_awaited(move |cancel| Ok(Mirror::look(&id, cancel)?)).await.map(Json)
}

/// Takes refs in, a line of JSON, and behind it the bundle of objects that they need, which may be empty.
pub(super) async fn receive(
    State(_): State<Api>,
    Path(id): Path<MirrorId>,
    mut body: Body,
) -> Answer<MirrorRefs> {
    let failed = |error: std::io::Error| {
        Problem::new(ProblemKind::Internal, format!("cannot write the bundle: {error}"))
    };
    let bundle = NamedTempFile::new().map_err(failed)?;
    let mut file = tokio::fs::File::from_std(bundle.reopen().map_err(failed)?);
    let (mut line, mut is_whole, mut size) = (Vec::new(), false, 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::invalid(format!("the bundle broke off: {error}")))?;
        let Ok(bytes) = frame.into_data() else { continue };
        let mut rest = &bytes[..];
        if !is_whole {
            let end = rest.iter().position(|byte| *byte == b'\n');
            line.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
            rest = end.map_or(&[][..], |end| &rest[end + 1..]);
            is_whole = end.is_some();
            if line.len() > LONGEST_REFS {
                return Err(Problem::invalid("the list of refs is too long"));
            }
        }
        size += rest.len();
        file.write_all(rest).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    let refs: MirrorRefs = serde_json::from_slice(&line).map_err(Problem::invalid)?;
    while_awaited(move |cancel| {
        let mirror = Mirror::open(&id, cancel)?;
        mirror.receive(&refs, (size > 0).then(|| bundle.path()), cancel)?;
        Ok(mirror.refs(cancel)?)
    })
    .await
    .map(Json)
}
