//! Who asks: by the token they show, or the socket they come through; in process it is the user of the process.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::{Role, TokenName};
use crate::router::Api;

/// Who asks, and what they may do.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// How changes are signed.
    pub(crate) name: Arc<str>,
    pub(crate) role: Role,
}

impl Caller {
    /// Somebody who showed a token.
    pub(crate) fn token(name: &TokenName, role: Role) -> Self {
        Self { name: format!("{name}@{}", gachette::identity::host()).into(), role }
    }

    /// A user of this machine, who may do all that the server may.
    pub(crate) fn user(name: Arc<str>) -> Self {
        Self { name, role: Role::Admin }
    }
}

/// In process there is no gate: the caller is the user of this process.
impl FromRequestParts<Api> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self::user(api.author.clone())))
    }
}
