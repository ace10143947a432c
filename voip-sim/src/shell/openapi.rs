//! The description of the control interface, in OpenAPI.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::control;
use super::operations::{Operation, operations};

/// `GET /sim/openapi.json`.
pub(super) async fn description() -> Response {
    control::json(StatusCode::OK, &document())
}

/// The whole description.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for operation in operations() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = describe(&operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Simulator control interface",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What people at the far ends do, what goes wrong, and what happened.",
        },
        "paths": paths,
        "components": {"schemas": {"Refusal": {
            "type": "object",
            "required": ["error", "code"],
            "properties": {
                "error": {"type": "string", "description": "A sentence."},
                "code": {"type": "string", "description": "A stable word."},
            },
        }}},
    })
}

fn describe(operation: &Operation) -> Value {
    let parameters: Vec<Value> = operation
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
        })
        .collect();
    let mut described = json!({
        "operationId": name(operation),
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {
            operation.status.to_string(): {"description": "It is done."},
            "default": {
                "description": "It is refused.",
                "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Refusal"},
                }},
            },
        },
    });
    if let Some(example) = &operation.body {
        described["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": schema(example), "example": example}},
        });
    }
    described
}

/// A name for the operation, from its method and path.
fn name(operation: &Operation) -> String {
    let path = operation.path.trim_start_matches("/sim/");
    let path = path.replace(['{', '}'], "").replace(['/', '-', '.'], "_");
    format!("{}_{path}", operation.method)
}

/// The kinds of an example's members. Which may be left out, the manual says.
fn schema(example: &Value) -> Value {
    match example {
        Value::Null => json!({}),
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Number(_) => json!({"type": "number"}),
        Value::String(_) => json!({"type": "string"}),
        Value::Array(items) => match items.first() {
            Some(item) => json!({"type": "array", "items": schema(item)}),
            None => json!({"type": "array"}),
        },
        Value::Object(members) => {
            let properties: Map<String, Value> = members
                .iter()
                .map(|(name, value)| (name.clone(), schema(value)))
                .collect();
            json!({"type": "object", "properties": properties})
        }
    }
}
