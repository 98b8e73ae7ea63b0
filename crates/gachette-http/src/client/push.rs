//! Sends the commits of a project and of its submodules to a host that has no access to it.

use futures::future::try_join_all;
use gachette::Cancel;
use gachette::mirror::{Mirror, MirrorId, MirrorRefs, fetch_needed, id_of};
use gachette::operation::OperationError;
use gachette_core::git::{GitRef, GitUrl};
use http::{Method, Request};
use tokio::fs::File;

use super::Client;
use crate::Problem;
use crate::file_body::headed_file_body;
use crate::transport::Patience;

impl Client {
    /// Fetches the project's branches and tags, and the submodules of this ref, with this machine's credentials, and sends the
    /// other side what it lacks. Git's progress goes to `on_line`.
    ///
    /// # Errors
    /// When one of the repositories cannot be fetched, or the other side does not take it.
    pub async fn push(
        &self,
        url: &GitUrl,
        reference: Option<&GitRef>,
        cancel: &Cancel,
        mut on_line: impl FnMut(&str) + Send + 'static,
    ) -> Result<(), Problem> {
        let (url, reference, patience) = (url.clone(), reference.cloned(), cancel.clone());
        let fetch = move || {
            let needed = fetch_needed(&url, reference.as_ref(), &patience, &mut on_line);
            needed.map_err(OperationError::from)
        };
        let needed = tokio::task::spawn_blocking(fetch).await.map_err(Problem::invalid)??;
        let ids: Vec<MirrorId> = needed.iter().map(id_of).collect();
        let there = try_join_all(ids.iter().map(async |id| self.get(&path(id)).await)).await?;
        for (id, had) in ids.iter().zip(there) {
            self.push_mirror(id, had, cancel).await?;
        }
        Ok(())
    }

    /// Sends what this machine's mirror has, and the other side's had not.
    async fn push_mirror(&self, id: &MirrorId, had: MirrorRefs, cancel: &Cancel) -> Result<(), Problem> {
        let (this, cancel) = (*id, cancel.clone());
        let ready = tokio::task::spawn_blocking(move || {
            let mirror = Mirror::open(&this, &cancel)?;
            let refs = mirror.refs(&cancel)?;
            let bundle = if refs == had { None } else { mirror.bundle(&had, &cancel)? };
            Ok::<_, OperationError>(((refs != had).then_some(refs), bundle))
        });
        let (refs, bundle) = ready.await.map_err(Problem::invalid)??;
        let Some(refs) = refs else { return Ok(()) };
        let mut line = serde_json::to_vec(&refs).map_err(Problem::invalid)?;
        line.push(b'\n');
        // Once it is open, it needs no name.
        let file = match bundle {
            Some(path) => Some(File::open(&path).await.map_err(Problem::invalid)?),
            None => None,
        };
        let body = headed_file_body(line, file);
        let request = Request::builder().method(Method::PUT).uri(path(id)).extension(Patience::LONG);
        let request = request.body(body).map_err(Problem::invalid)?;
        let _: MirrorRefs = self.answer(self.send(request).await?).await?;
        Ok(())
    }
}

fn path(id: &MirrorId) -> String {
    format!("/api/v1/mirrors/{id}")
}
