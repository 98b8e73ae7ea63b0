//! Working copies of the other side.

use gachette::operation::WorkingCopyState;
use gachette_core::git::WorkingCopyName;
use http::Method;

use super::Client;
use crate::Problem;
use crate::wire::encoded;

impl Client {
    /// The working copies that were prepared there.
    pub async fn working_copies(&self) -> Result<Vec<WorkingCopyState>, Problem> {
        self.get("/api/v1/working-copies").await
    }

    /// A working copy.
    pub async fn working_copy(&self, name: &WorkingCopyName) -> Result<WorkingCopyState, Problem> {
        self.get(&format!("/api/v1/working-copies/{}", encoded(name.as_str()))).await
    }

    /// Removes a working copy in which nobody is at work.
    pub async fn remove_working_copy(&self, name: &WorkingCopyName) -> Result<(), Problem> {
        let path = format!("/api/v1/working-copies/{}", encoded(name.as_str()));
        self.call(Method::DELETE, &path, None::<&()>).await
    }
}
