//! Signing keys of the other side.

use bytes::Bytes;
use gachette::signing::KeyRef;
use http::Method;

use super::Client;
use crate::Problem;
use crate::wire::{CreateKey, ExtendKey, KeySummary, encoded};

impl Client {
    /// The keys that are there, or that suites are signed with.
    pub async fn keys(&self) -> Result<Vec<KeySummary>, Problem> {
        self.get("/api/v1/keys").await
    }

    /// Makes a key there.
    pub async fn create_key(&self, wish: &CreateKey) -> Result<KeySummary, Problem> {
        self.post("/api/v1/keys", wish).await
    }

    /// Has a key end at another time.
    pub async fn extend_key(&self, key: &KeyRef, wish: &ExtendKey) -> Result<KeySummary, Problem> {
        self.call(Method::PUT, &format!("/api/v1/keys/{}/expiry", encoded(&key.to_string())), Some(wish))
            .await
    }

    /// The certificate of a key, in text.
    pub async fn certificate(&self, key: &KeyRef) -> Result<Bytes, Problem> {
        self.text(&format!("/api/v1/keys/{}/certificate", encoded(&key.to_string()))).await
    }

    /// The certificates of all keys that suites are signed with, in one text.
    pub async fn certificates(&self) -> Result<Bytes, Problem> {
        self.text("/api/v1/certificates").await
    }

    async fn text(&self, path: &str) -> Result<Bytes, Problem> {
        let response = self.send(super::request(Method::GET, path, None::<&()>)?).await?;
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        self.collect(response.into_body()).await
    }
}
