//! The Anthropic Messages API, as far as `claude` reads it.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::play::{Deed, Turn};
use super::scenario::Wish;
use super::server::{Ending, events, whole};

/// The word of the vendor for a status.
fn error_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        400 => "invalid_request_error",
        _ => "api_error",
    }
}

/// Ids of the calls whose results stand in the conversation.
pub fn told(body: &Value) -> Vec<String> {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let parts = messages.iter().filter_map(|message| message["content"].as_array()).flatten();
    let ids =
        parts.filter(|part| part["type"] == "tool_result").filter_map(|part| part["tool_use_id"].as_str());
    ids.map(str::to_string).collect()
}

/// Answers a request.
pub fn answer(body: &Value, turn: &Turn) -> Response<Body> {
    let windows = windows(turn);
    let content = match &turn.deed {
        Deed::Fail(status) => return refusal(*status, "the scenario says so", &[]),
        Deed::Limit(until) => {
            let headers = [
                ("anthropic-ratelimit-unified-status", "rejected".to_string()),
                ("anthropic-ratelimit-unified-reset", until.to_string()),
                ("anthropic-ratelimit-unified-representative-claim", "five_hour".to_string()),
                ("anthropic-ratelimit-unified-overage-status", "rejected".to_string()),
            ];
            return refusal(429, "This request would exceed your account's rate limit.", &headers);
        }
        Deed::Hang => return events(&windows, &[], Some(&Ending::Silence)),
        Deed::Say(text) => json!({"type": "text", "text": text}),
        Deed::Drop => json!({"type": "text", "text": "cut sho"}),
        Deed::Call(id, wish) => call(body, id, wish),
    };
    let stop = if matches!(turn.deed, Deed::Call(..)) { "tool_use" } else { "end_turn" };
    let message = json!({
        "id": format!("msg_{}", told(body).len()), "type": "message", "role": "assistant",
        "model": body["model"], "content": [content], "stop_reason": stop, "stop_sequence": null,
        "usage": {
            "input_tokens": turn.tokens.input, "cache_read_input_tokens": turn.tokens.cached,
            "cache_creation_input_tokens": 0, "output_tokens": turn.tokens.output,
        },
    });
    if body["stream"] != true {
        return whole(200, &windows, &message);
    }
    let stream = stream_of(&message);
    match turn.deed {
        Deed::Drop => events(&windows, &stream[..3], Some(&Ending::Break)),
        _ => events(&windows, &stream, None),
    }
}

/// A message as the events it is streamed in.
fn stream_of(message: &Value) -> Vec<Value> {
    let mut head = message.clone();
    (head["content"], head["stop_reason"], head["usage"]["output_tokens"]) =
        (json!([]), Value::Null, json!(1));
    let content = &message["content"][0];
    let (block, delta) = if content["type"] == "text" {
        (json!({"type": "text", "text": ""}), json!({"type": "text_delta", "text": content["text"]}))
    } else {
        let mut block = content.clone();
        block["input"] = json!({});
        (block, json!({"type": "input_json_delta", "partial_json": content["input"].to_string()}))
    };
    vec![
        json!({"type": "message_start", "message": head}),
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
        json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({
            "type": "message_delta",
            "delta": {"stop_reason": message["stop_reason"], "stop_sequence": null},
            "usage": {"output_tokens": message["usage"]["output_tokens"]},
        }),
        json!({"type": "message_stop"}),
    ]
}

fn call(body: &Value, id: &str, wish: &Wish) -> Value {
    match wish {
        Wish::Bash(command) => {
            json!({"type": "tool_use", "id": id, "name": "Bash", "input": {"command": command, "description": "a step"}})
        }
        Wish::Write(path, text) => {
            let path = format!("{}/{path}", cwd(body).expect("claude says where it works"));
            json!({"type": "tool_use", "id": id, "name": "Write", "input": {"file_path": path, "content": format!("{text}\n")}})
        }
    }
}

/// The folder that the program works in, which it tells the model in its own words: its tool for files wants
/// whole paths.
fn cwd(body: &Value) -> Option<String> {
    const SAYS: &str = "orking directory: ";
    let text = format!("{}{}", body["system"], body["messages"]);
    let (_, rest) = text.split_once(SAYS)?;
    rest.split(['\\', '\n', '"', '<']).next().map(|path| path.trim().to_string())
}

fn refusal(status: u16, message: &str, headers: &[(&str, String)]) -> Response<Body> {
    let error = json!({"type": error_type(status), "message": message});
    whole(status, headers, &json!({"type": "error", "error": error, "request_id": "req_1"}))
}

fn windows(turn: &Turn) -> Vec<(&'static str, String)> {
    let Some(window) = &turn.window else { return Vec::new() };
    vec![
        ("anthropic-ratelimit-unified-status", "allowed_warning".to_string()),
        ("anthropic-ratelimit-unified-reset", window.resets.to_string()),
        ("anthropic-ratelimit-unified-representative-claim", "five_hour".to_string()),
        ("anthropic-ratelimit-unified-5h-utilization", window.used.clone()),
        ("anthropic-ratelimit-unified-5h-reset", window.resets.to_string()),
    ]
}
