//! The OpenAI Responses API, as far as `codex exec` reads it.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::play::{Deed, Turn};
use super::scenario::Wish;
use super::server::{Ending, events, whole};

/// So long a command may take before the program goes on without its result; the most that it allows.
const YIELD_MS: u64 = 30_000;

/// Ids of the calls whose results stand in the conversation.
pub fn told(body: &Value) -> Vec<String> {
    let items = body["input"].as_array().map_or(&[][..], Vec::as_slice);
    let outputs =
        items.iter().filter(|item| item["type"].as_str().is_some_and(|kind| kind.ends_with("_call_output")));
    outputs.filter_map(|item| item["call_id"].as_str()).map(str::to_string).collect()
}

/// Answers a request; always streamed, because nothing else is asked for.
pub fn answer(body: &Value, turn: &Turn) -> Response<Body> {
    let created = json!({"type": "response.created", "response": {"id": "resp_1"}});
    let item = match &turn.deed {
        Deed::Fail(status) => return refusal(*status),
        Deed::Limit(until) => {
            let error = json!({
                "type": "usage_limit_reached", "message": "The usage limit has been reached",
                "plan_type": "plus", "resets_at": until,
            });
            return whole(429, &[], &json!({"error": error}));
        }
        Deed::Hang => return events(&[], &[created], Some(&Ending::Silence)),
        Deed::Drop => return events(&[], &[created], Some(&Ending::Break)),
        Deed::Say(text) => json!({
            "type": "message", "id": "msg_1", "role": "assistant",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        }),
        Deed::Call(id, wish) => call(body, id, wish),
    };
    let tokens = turn.tokens;
    // Here what came from a cache is part of what was read.
    let input = tokens.input + tokens.cached;
    let usage = json!({
        "input_tokens": input, "input_tokens_details": {"cached_tokens": tokens.cached},
        "output_tokens": tokens.output, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": input + tokens.output,
    });
    let stream = [
        created,
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        json!({"type": "response.completed", "response": {"id": "resp_1", "usage": usage}}),
    ];
    events(&[], &stream, None)
}

/// A call of whichever shell tool is offered; a file is written by the program's own patch tool, which it
/// recognises in a command.
fn call(body: &Value, id: &str, wish: &Wish) -> Value {
    let command = match wish {
        Wish::Bash(command) => command.clone(),
        Wish::Write(path, text) => format!(
            "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: {path}\n+{text}\n*** End Patch\nEOF\n"
        ),
    };
    let tools = body["tools"].as_array().map_or(&[][..], Vec::as_slice);
    let offered = |name: &str| tools.iter().any(|tool| tool["name"] == name);
    let (name, arguments) = if offered("exec_command") {
        ("exec_command", json!({"cmd": command, "yield_time_ms": YIELD_MS}))
    } else if offered("shell_command") {
        ("shell_command", json!({"command": command}))
    } else {
        ("shell", json!({"command": ["bash", "-lc", command]}))
    };
    json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": name, "arguments": arguments.to_string()})
}

fn refusal(status: u16) -> Response<Body> {
    let (kind, code) = match status {
        401 => ("invalid_request_error", "invalid_api_key"),
        429 => ("requests", "rate_limit_exceeded"),
        _ => ("server_error", "server_error"),
    };
    let error = json!({"type": kind, "code": code, "message": "the scenario says so", "param": null});
    whole(status, &[], &json!({"error": error}))
}
