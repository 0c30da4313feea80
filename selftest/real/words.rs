//! A line of an engine's stream in a few words, so that a course can be read and compared.

use serde_json::Value;

/// The words of a line; none for what tells one run from the next only.
pub fn of(line: &str) -> Vec<String> {
    let Ok(event) = serde_json::from_str::<Value>(line) else { return vec![format!("text {line}")] };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let kind = text(&event["type"]);
    match kind.as_str() {
        // Parts of a message, and a sign of life before each request.
        "stream_event" => Vec::new(),
        "system" if event["subtype"] == "status" => Vec::new(),
        "system" => match text(&event["subtype"]).as_str() {
            "api_retry" => vec![format!("retry {} {}", event["error_status"], text(&event["error"]))],
            other => vec![other.to_string()],
        },
        "assistant" | "user" => {
            let mut words: Vec<String> =
                event["error"].as_str().map(|word| format!("error {word}")).into_iter().collect();
            match event["message"]["content"].as_array() {
                Some(parts) => words.extend(parts.iter().map(part)),
                None => words.push(format!("{kind} {}", event["message"]["content"])),
            }
            words
        }
        "rate_limit_event" => vec![format!("window {}", event["rate_limit_info"]["status"])],
        "result" => {
            let wrong = if event["is_error"] == true { " wrong" } else { "" };
            let (kind, turns) = (text(&event["subtype"]), &event["num_turns"]);
            let usd = event["total_cost_usd"].as_f64().unwrap_or_default();
            vec![format!("result {kind}{wrong}, {turns} turns, {usd:.6} usd: {}", last_words(&event))]
        }
        "item.started" | "item.completed" => vec![item(kind.trim_start_matches("item."), &event["item"])],
        "error" => vec![format!("error {}", text(&event["message"]))],
        "turn.failed" => vec![format!("turn.failed {}", text(&event["error"]["message"]))],
        "turn.completed" => {
            let of = |name: &str| event["usage"][name].as_u64().unwrap_or_default();
            let (input, cached, out) = (of("input_tokens"), of("cached_input_tokens"), of("output_tokens"));
            vec![format!("turn.completed in {input} cached {cached} out {out}")]
        }
        _ => vec![kind],
    }
}

/// What a result gives as its reason: a text, or a list of what went wrong.
fn last_words(result: &Value) -> String {
    let errors = result["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let errors: Vec<&str> = errors.iter().filter_map(Value::as_str).collect();
    result["result"].as_str().map_or_else(|| errors.join("; "), str::to_string)
}

fn part(part: &Value) -> String {
    match part["type"].as_str().unwrap_or_default() {
        "text" => format!("say {}", part["text"].as_str().unwrap_or_default()),
        "tool_use" => format!("tool {}", part["name"].as_str().unwrap_or_default()),
        "tool_result" => format!("told {}", if part["is_error"] == true { "wrong" } else { "well" }),
        other => other.to_string(),
    }
}

fn item(phase: &str, item: &Value) -> String {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_string();
    match text("type").as_str() {
        "agent_message" => format!("say {}", text("text")),
        "error" => "warning".to_string(),
        "command_execution" if phase == "completed" => format!("{phase} command {}", item["exit_code"]),
        "command_execution" => format!("{phase} command"),
        "file_change" => format!("{phase} file {}", text("status")),
        other => format!("{phase} {other}"),
    }
}
