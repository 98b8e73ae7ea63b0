//! What carries requests to the API and answers back.

mod arrival;
mod arrival_line;
mod background;
mod connection;
mod heard;
mod loss;
mod patience;
mod server;
mod ssh;
mod this_program;
mod tls_failure;

pub(crate) use connection::Connection;
pub(crate) use loss::Loss;
pub(crate) use patience::Patience;
pub(crate) use server::Server;
pub use server::ServerAccess;
pub(crate) use ssh::is_kept;
pub use this_program::this_program;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use tower::ServiceExt;

use crate::{Problem, ProblemKind};

/// A way to the API.
#[derive(Clone)]
pub(crate) enum Transport {
    /// The router in this process: no socket, no copy.
    InProcess(Router),
    /// HTTP/2 over one connection.
    Connection(Connection),
    /// HTTP to a server, over as many connections as it takes.
    Server(Box<Server>),
}

impl Transport {
    pub(crate) async fn send(&self, request: Request<Body>) -> Result<Response<Body>, Problem> {
        let Patience(at_most) = request.extensions().get().copied().unwrap_or(Patience::USUAL);
        let answer = async {
            match self {
                Self::InProcess(router) => match router.clone().oneshot(request).await {
                    Ok(response) => Ok(response),
                    Err(never) => match never {},
                },
                Self::Connection(connection) => connection.send(request).await,
                Self::Server(server) => server.send(request).await,
            }
        };
        match tokio::time::timeout(at_most, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(self.broken(&Loss::Unanswered(at_most)).await),
        }
    }

    /// A problem as this side sees it: a fault of the other side is no fault of this one.
    pub(crate) fn seen_from_here(&self, problem: Problem) -> Problem {
        let is_far = match self {
            Self::InProcess(_) => false,
            Self::Connection(connection) => connection.is_far(),
            Self::Server(_) => true,
        };
        match problem.kind {
            ProblemKind::Internal if is_far => Problem { kind: ProblemKind::HostFailed, ..problem },
            _ => problem,
        }
    }

    /// Whether the program was sent to the other side when it was connected to.
    pub(crate) fn was_sent(&self) -> bool {
        matches!(self, Self::Connection(connection) if connection.was_sent())
    }

    /// Why an answer broke off in the middle.
    pub(crate) async fn broken(&self, loss: &Loss) -> Problem {
        match self {
            Self::InProcess(_) => {
                Problem::new(ProblemKind::Internal, format!("the answer broke off: {loss}"))
            }
            Self::Connection(connection) => connection.lost(loss).await,
            Self::Server(server) => server.lost(loss),
        }
    }
}
