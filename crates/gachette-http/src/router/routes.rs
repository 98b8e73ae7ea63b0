//! Routes together with what is said of them: one call adds both, so that [the description](super::description) cannot miss a
//! route.

use axum::Router;
use axum::routing::MethodRouter;
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};

use super::Api;
use super::description::Description;

/// Routes, and what is said of them.
pub(super) struct Routes {
    router: Router<Api>,
    description: Description,
}

/// What is said of one method of a route.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) summary: &'static str,
    pub(super) status: u16,
    pub(super) answer: Option<Body>,
    pub(super) wish: Option<Body>,
    pub(super) query: Option<Described>,
    pub(super) open: bool,
    /// The headers that are no matter of the transport.
    pub(super) headers: Vec<Header>,
}

/// What a request or an answer holds.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// JSON of a type.
    Json(Described),
    /// Events, the data of each JSON of a type.
    Events(Described),
    /// Something else.
    Other(&'static str),
}

/// A header that means something to a route.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// A wish that is sent again is carried out once.
    IdempotencyKey,
    /// The answer has the tag of what it holds, or of what was changed.
    ETag,
    /// An answer that is known already need not be sent.
    IfNoneMatch,
    /// It is changed while one of these tags is that of its newest state.
    IfMatch,
    /// Of what comes bit by bit, it is told from behind this one on.
    LastEventId,
}

pub(super) type Described = fn(&mut SchemaGenerator) -> Schema;

/// A method that reads.
pub(super) fn get(summary: &'static str) -> Operation {
    Operation::new("get", summary)
}

/// A method that does something.
pub(super) fn post(summary: &'static str) -> Operation {
    Operation::new("post", summary)
}

/// A method that brings something.
pub(super) fn put(summary: &'static str) -> Operation {
    Operation::new("put", summary)
}

/// A method that takes something away.
pub(super) fn delete(summary: &'static str) -> Operation {
    Operation::new("delete", summary)
}

impl Operation {
    fn new(method: &'static str, summary: &'static str) -> Self {
        let (answer, wish, query, headers) = (None, None, None, Vec::new());
        Self { method, summary, status: 200, answer, wish, query, open: false, headers }
    }

    /// It answers with JSON of this type.
    pub(super) fn answers<T: JsonSchema>(self) -> Self {
        Self { answer: Some(Body::Json(SchemaGenerator::subschema_for::<T>)), ..self }
    }

    /// It answers with events of this type, as they come, from the one after that which was seen last.
    pub(super) fn answers_events<T: JsonSchema>(self) -> Self {
        let described = Self { answer: Some(Body::Events(SchemaGenerator::subschema_for::<T>)), ..self };
        described.with(Header::LastEventId)
    }

    /// It answers with something else.
    pub(super) fn answers_as(self, kind: &'static str) -> Self {
        Self { answer: Some(Body::Other(kind)), ..self }
    }

    /// It answers with this status.
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// It takes JSON of this type.
    pub(super) fn takes<T: JsonSchema>(self) -> Self {
        Self { wish: Some(Body::Json(SchemaGenerator::subschema_for::<T>)), ..self }
    }

    /// It takes bytes.
    pub(super) fn takes_bytes(self) -> Self {
        Self { wish: Some(Body::Other("application/octet-stream")), ..self }
    }

    /// It takes parameters behind `?`.
    pub(super) fn query<T: JsonSchema>(self) -> Self {
        Self { query: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    /// It needs no token.
    pub(super) fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// It takes an `Idempotency-Key`.
    pub(super) fn once(self) -> Self {
        self.with(Header::IdempotencyKey)
    }

    /// Its answer has the tag of what it holds, or of what was changed.
    pub(super) fn tagged(self) -> Self {
        self.with(Header::ETag)
    }

    /// Its answer is not sent to who has it.
    pub(super) fn unless_known(self) -> Self {
        self.with(Header::IfNoneMatch)
    }

    /// It may be bound to the newest state of what it changes.
    pub(super) fn while_newest(self) -> Self {
        self.with(Header::IfMatch)
    }

    fn with(mut self, header: Header) -> Self {
        self.headers.push(header);
        self
    }
}

impl Routes {
    /// No routes yet.
    pub(super) fn new() -> Self {
        Self { router: Router::new(), description: Description::default() }
    }

    /// Adds a route, with each of its methods.
    pub(super) fn add<const N: usize>(
        mut self,
        path: &str,
        operations: [Operation; N],
        route: MethodRouter<Api>,
    ) -> Self {
        // OpenAPI has no word for a parameter that holds slashes.
        self.description.add(path.replace("{*", "{"), operations.into());
        Self { router: self.router.route(path, route), ..self }
    }

    /// The routes, and the description of them.
    pub(super) fn finish(self) -> (Router<Api>, Description) {
        (self.router, self.description)
    }
}
