//! Routes together with their description: one call adds both, so that `/openapi.json` (OpenAPI 3.1) cannot miss a route.

use axum::Router;
use axum::routing::MethodRouter;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::Api;
use crate::Problem;

/// Routes, and what is said of them.
pub(super) struct Routes {
    router: Router<Api>,
    description: Description,
}

/// What is said of all routes. It is put into words when somebody asks: most who make a router never do.
#[derive(Default)]
pub(super) struct Description(Vec<(String, Vec<Operation>)>);

/// Schemas, while the description is put into words.
struct Words {
    schemas: SchemaGenerator,
    /// Bodies are described where they stand: what is taken may differ from what is given.
    wishes: SchemaGenerator,
}

/// What is said of one method of a route.
pub(super) struct Operation {
    method: &'static str,
    summary: &'static str,
    status: u16,
    answer: Option<(&'static str, Described)>,
    wish: Option<Described>,
    query: Option<Described>,
    /// A body that is no JSON.
    bytes: bool,
    open: bool,
    once: bool,
}

type Described = fn(&mut SchemaGenerator) -> Schema;

const JSON: &str = "application/json";

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
        let (answer, wish, query) = (None, None, None);
        Self { method, summary, status: 200, answer, wish, query, bytes: false, open: false, once: false }
    }

    /// It answers with JSON of this type.
    pub(super) fn answers<T: JsonSchema>(self) -> Self {
        Self { answer: Some((JSON, SchemaGenerator::subschema_for::<T>)), ..self }
    }

    /// It answers with something else.
    pub(super) fn answers_as(self, kind: &'static str) -> Self {
        Self { answer: Some((kind, SchemaGenerator::subschema_for::<String>)), ..self }
    }

    /// It answers with this status.
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// It takes JSON of this type.
    pub(super) fn takes<T: JsonSchema>(self) -> Self {
        Self { wish: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    /// It takes bytes.
    pub(super) fn takes_bytes(self) -> Self {
        Self { bytes: true, ..self }
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
        Self { once: true, ..self }
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
        self.description.0.push((path.replace("{*", "{"), operations.into()));
        Self { router: self.router.route(path, route), ..self }
    }

    /// The routes, and the description of them.
    pub(super) fn finish(self) -> (Router<Api>, Description) {
        (self.router, self.description)
    }
}

impl Description {
    /// The document of OpenAPI.
    pub(super) fn document(&self) -> Value {
        let settings =
            || SchemaSettings::draft2020_12().with(|it| it.definitions_path = "/components/schemas".into());
        let schemas = settings().for_serialize().into_generator();
        let wishes = settings().with(|it| it.inline_subschemas = true).into_generator();
        let mut words = Words { schemas, wishes };
        words.schemas.subschema_for::<Problem>();
        let paths: Map<String, Value> =
            self.0.iter().map(|(path, operations)| (path.clone(), words.path(path, operations))).collect();
        json!({
            "openapi": "3.1.0",
            "info": {"title": "gachette", "version": env!("CARGO_PKG_VERSION")},
            "security": [{"token": []}],
            "paths": paths,
            "components": {
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
                "schemas": words.schemas.take_definitions(true),
                "responses": {"Problem": {
                    "description": "It was not done.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }},
            },
        })
    }
}

impl Words {
    fn path(&mut self, path: &str, operations: &[Operation]) -> Value {
        let mut item: Map<String, Value> = operations
            .iter()
            .map(|operation| (operation.method.to_owned(), self.operation(operation, path)))
            .collect();
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        item.insert("parameters".to_owned(), names.map(|name| path_parameter(path, name)).collect());
        item.into()
    }

    fn operation(&mut self, operation: &Operation, path: &str) -> Value {
        let mut answer = json!({"description": "It was done."});
        if let Some((kind, described)) = operation.answer {
            let schema = if kind == JSON {
                described(&mut self.schemas).to_value()
            } else {
                json!({"type": "string"})
            };
            answer["content"] = json!({kind: {"schema": schema}});
        }
        let id = format!("{} {path}", operation.method);
        let id: String = id.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        let mut value = json!({
            "operationId": id,
            "summary": operation.summary,
            "responses": {operation.status.to_string(): answer, "default": {"$ref": "#/components/responses/Problem"}},
        });
        let mut parameters: Vec<Value> = Vec::new();
        if let Some(query) = operation.query {
            parameters = query_parameters(&query(&mut self.wishes).to_value());
        }
        if operation.once {
            parameters.push(json!({
                "name": "Idempotency-Key", "in": "header",
                "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
            }));
        }
        if !parameters.is_empty() {
            value["parameters"] = parameters.into();
        }
        if let Some(wish) = operation.wish {
            let schema = wish(&mut self.wishes).to_value();
            value["requestBody"] = json!({"required": true, "content": {JSON: {"schema": schema}}});
        }
        if operation.bytes {
            value["requestBody"] = json!({"required": true, "content": {"application/octet-stream": {}}});
        }
        if operation.open {
            value["security"] = json!([]);
        }
        value
    }
}

fn path_parameter(path: &str, name: &str) -> Value {
    use schemars::schema_for;
    let schema = match name {
        // A name of a stack within its domain is like that of a domain.
        "domain" | "stack" | "suite" | "channel" => schema_for!(gachette_core::stack::Domain),
        "package" => schema_for!(gachette_core::debian::PackageName),
        "name" => schema_for!(crate::access::TokenName),
        "id" if path.contains("mirrors") => schema_for!(gachette::mirror::MirrorId),
        "id" => schema_for!(crate::run::BuildId),
        "key" => schema_for!(gachette::signing::KeyRef),
        "inputs" => schema_for!(gachette_core::Sha256Digest),
        "file" if path.starts_with("/dists") => schema_for!(String),
        "file" => {
            schemars::json_schema!({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,99}\\.deb$"})
        }
        "version" => schema_for!(gachette_core::debian::Version),
        _ => schema_for!(String),
    };
    let schema = schema.to_value();
    let kept =
        ["type", "pattern"].into_iter().filter_map(|key| Some((key.to_owned(), schema.get(key)?.clone())));
    json!({"name": name, "in": "path", "required": true, "schema": kept.collect::<Map<_, _>>()})
}

/// One parameter for each property of the type.
fn query_parameters(schema: &Value) -> Vec<Value> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        // What is absent has no value; there is no way to say null behind `?`.
        if let Some(kinds) = schema["type"].as_array() {
            let kind = kinds.iter().find(|kind| **kind != "null").cloned();
            schema["type"] = kind.unwrap_or_default();
        }
        json!({"name": name, "in": "query", "required": required.contains(&&**name), "schema": schema})
    };
    properties.map(parameter).collect()
}
