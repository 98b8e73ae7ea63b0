//! What `/openapi.json` says (OpenAPI 3.1), in words made from the types that are sent.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use super::routes::{Body, Header, Operation};
use crate::Problem;

/// What is said of all routes. It is put into words when somebody asks: most who make a router never do.
#[derive(Default)]
pub(super) struct Description(Vec<(String, Vec<Operation>)>);

/// Schemas, while the description is put into words.
struct Words {
    schemas: SchemaGenerator,
    /// Bodies are described where they stand: what is taken may differ from what is given.
    wishes: SchemaGenerator,
}

impl Description {
    /// Adds what is said of a route.
    pub(super) fn add(&mut self, path: String, operations: Vec<Operation>) {
        self.0.push((path, operations));
    }

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
        let mut document = json!({
            "openapi": "3.1.0",
            "info": {"title": "gachette", "version": env!("CARGO_PKG_VERSION")},
            "security": [{"token": []}],
            "paths": paths,
            "components": {
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
                "schemas": words.schemas.take_definitions(true),
                "headers": {"ETag": {
                    "description": "The hash of a stack's revision, of an entry of a channel or base, or of a certificate (RFC 9110, 8.8.3).",
                    "required": true,
                    "schema": {"type": "string", "pattern": "^\"[0-9a-f]{64}\"$"},
                }},
                "responses": {
                    "Problem": {
                        "description": "It was not done.",
                        "content": {
                            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
                        },
                    },
                    "Known": {
                        "description": "The client has it.",
                        "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
                    },
                },
            },
        });
        bound_integers(&mut document);
        document
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
        let id = format!("{} {path}", operation.method);
        let id: String = id.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        let mut value = json!({
            "operationId": id,
            "summary": operation.summary,
            "responses": self.responses(operation),
        });
        let mut parameters: Vec<Value> = Vec::new();
        if let Some(query) = operation.query {
            parameters = query_parameters(&query(&mut self.wishes).to_value());
        }
        parameters.extend(operation.headers.iter().filter_map(|header| header_parameter(*header)));
        if !parameters.is_empty() {
            value["parameters"] = parameters.into();
        }
        if let Some(wish) = operation.wish {
            value["requestBody"] = json!({"required": true, "content": content(wish, &mut self.wishes)});
        }
        if operation.open {
            value["security"] = json!([]);
        }
        value
    }

    fn responses(&mut self, operation: &Operation) -> Value {
        let mut done = json!({"description": "It was done."});
        if let Some(answer) = operation.answer {
            done["content"] = content(answer, &mut self.schemas);
        }
        if operation.headers.contains(&Header::ETag) {
            done["headers"] = json!({"ETag": {"$ref": "#/components/headers/ETag"}});
        }
        let problem = json!({"$ref": "#/components/responses/Problem"});
        let mut responses = json!({operation.status.to_string(): done, "default": problem});
        if operation.headers.contains(&Header::IfNoneMatch) {
            responses["304"] = json!({"$ref": "#/components/responses/Known"});
        }
        if operation.headers.contains(&Header::IfMatch) {
            responses["412"] = problem;
        }
        if operation.headers.contains(&Header::LastEventId) {
            responses["204"] = json!({"description": "The last one was seen, and no more will come."});
        }
        responses
    }
}

/// A body, by its media type.
fn content(body: Body, schemas: &mut SchemaGenerator) -> Value {
    match body {
        Body::Json(described) => json!({"application/json": {"schema": described(schemas)}}),
        // Before its version 3.2 OpenAPI has no word for a stream of events; its schema is taken for that of each.
        Body::Events(described) => json!({"text/event-stream": {"schema": {
            "type": "object",
            "required": ["data"],
            "properties": {"id": {"type": "string"}, "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": described(schemas),
            }},
        }}}),
        Body::Other(kind @ "application/octet-stream") => json!({kind: {}}),
        Body::Other(kind) => json!({kind: {"schema": {"type": "string"}}}),
    }
}

/// What a request may say in a header; nothing of one that only answers have.
fn header_parameter(header: Header) -> Option<Value> {
    let (name, description, schema) = match header {
        Header::ETag => return None,
        Header::IdempotencyKey => (
            "Idempotency-Key",
            "The same for a wish that is sent again, which is then carried out once.",
            json!({"type": "string", "pattern": "^[!-~]{1,255}$"}),
        ),
        Header::IfNoneMatch => (
            "If-None-Match",
            "The tags of what the client has (RFC 9110, 13.1.2); it is not sent again.",
            json!({"type": "string"}),
        ),
        Header::LastEventId => (
            "Last-Event-ID",
            "The `id` of the event that was seen last; those after it are told.",
            json!({"type": "string"}),
        ),
        Header::IfMatch => (
            "If-Match",
            "Tags that were seen (RFC 9110, 13.1.1): it is changed while one of them is that of its newest state.",
            json!({"type": "string"}),
        ),
    };
    Some(json!({"name": name, "in": "header", "description": description, "schema": schema}))
}

fn path_parameter(path: &str, name: &str) -> Value {
    use schemars::schema_for;
    let schema = match name {
        // A name of a stack within its domain is like that of a domain.
        "domain" | "stack" | "suite" | "channel" => schema_for!(gachette_core::stack::Domain),
        "package" => schema_for!(gachette_core::debian::PackageName),
        "base" => schema_for!(gachette_core::base::BaseName),
        "name" => schema_for!(crate::access::TokenName),
        "copy" => schema_for!(gachette_core::git::WorkingCopyName),
        "id" if path.contains("mirrors") => schema_for!(gachette::mirror::MirrorId),
        "id" => schema_for!(crate::run::BuildId),
        "key" => schemars::json_schema!({"type": "string", "pattern": crate::wire::KEY_FORM}),
        "inputs" | "sha256" => schema_for!(gachette_core::Sha256Digest),
        "architecture" => schema_for!(gachette_core::debian::Architecture),
        "file" if path.starts_with("/dists") => schema_for!(String),
        "file" => schemars::json_schema!({"type": "string", "pattern": crate::wire::PACKAGE_FILE_FORM}),
        "version" => schema_for!(gachette_core::debian::Version),
        _ => schema_for!(String),
    };
    let schema = schema.to_value();
    let kept = ["type", "pattern", "maxLength"].into_iter();
    let kept = kept.filter_map(|key| Some((key.to_owned(), schema.get(key)?.clone())));
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

/// Says of all integers how large they may be: in JSON they have no largest, and their format is no more than a hint.
fn bound_integers(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(bound_integers),
        Value::Object(schema) => {
            let largest = match schema.get("format").and_then(Value::as_str) {
                Some("uint64" | "uint") => Some(u64::MAX),
                Some("uint32") => Some(u32::MAX.into()),
                Some("uint16") => Some(u16::MAX.into()),
                _ => None,
            };
            if let Some(largest) = largest {
                schema.entry("maximum").or_insert(largest.into());
            }
            schema.values_mut().for_each(bound_integers);
        }
        _ => {}
    }
}
