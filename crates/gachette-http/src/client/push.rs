//! Sends a repository's commits to a host that has no access to it.

use gachette::Cancel;
use gachette::mirror::{Mirror, MirrorRefs, id_of};
use gachette::operation::OperationError;
use gachette_core::git::GitUrl;
use http::{Method, Request};
use tokio::fs::File;

use super::Client;
use crate::Problem;
use crate::file_body::headed_file_body;
use crate::transport::Patience;

impl Client {
    /// Fetches the repository's branches and tags with this machine's credentials, and sends the other side what it lacks.
    /// Git's progress goes to `on_line`.
    ///
    /// # Errors
    /// When the repository cannot be fetched, or the other side does not take it.
    pub async fn push(
        &self,
        url: &GitUrl,
        cancel: &Cancel,
        mut on_line: impl FnMut(&str) + Send + 'static,
    ) -> Result<(), Problem> {
        let path = format!("/api/v1/mirrors/{}", id_of(url));
        let had: MirrorRefs = self.get(&path).await?;
        let (url, cancel) = (url.clone(), cancel.clone());
        let ready = tokio::task::spawn_blocking(move || {
            let mirror = Mirror::open(&id_of(&url), &cancel)?;
            mirror.fetch(&url, &cancel, &mut on_line)?;
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
        let request = Request::builder().method(Method::PUT).uri(path).extension(Patience::LONG);
        let request = request.body(body).map_err(Problem::invalid)?;
        let _: MirrorRefs = self.answer(self.send(request).await?).await?;
        Ok(())
    }
}
