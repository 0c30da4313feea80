//! The server: takes requests on the loopback, keeps each of them, and lets the play answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::play::{Deed, Play, Turn};
use super::{anthropic, openai};

/// A model that is asked more often than this has met an engine that will not stop.
const REQUESTS_MOST: usize = 200;
/// A body longer than this is no prompt of a test.
const BODY_MOST: usize = 16 << 20;

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `POST /v1/messages?beta=true`.
    pub what: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body; null if it was no JSON.
    pub body: Value,
}

impl Asked {
    /// Whether it is a turn of the work itself: `claude` also asks small things on the side, without tools.
    pub fn is_turn(&self) -> bool {
        let has_tools = self.body["tools"].as_array().is_some_and(|tools| !tools.is_empty());
        self.what.starts_with("POST ") && (has_tools || self.what.contains("/responses"))
    }
}

struct Stage {
    play: Play,
    asked: Vec<Asked>,
}

type Shared = Arc<Mutex<Stage>>;

/// A running server; it ends when dropped.
pub struct Models {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    stage: Shared,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How an answer ends, beside well.
pub enum Ending {
    /// Nothing comes any more, and the connection stays.
    Silence,
    /// The connection breaks.
    Break,
}

impl Models {
    /// Plays this scenario to whoever asks.
    pub fn start(scenario: &str) -> Models {
        let stage = Arc::new(Mutex::new(Stage { play: Play::new(scenario), asked: Vec::new() }));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let router = Router::new().fallback(answer).with_state(stage.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("an event loop").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let serving = std::future::IntoFuture::into_future(axum::serve(listener, router));
                // Not graceful: a stream that hangs would never let it end.
                tokio::select! {
                    ended = serving => ended.expect("served"),
                    _ = stopped => {}
                }
            });
        });
        Models { url, stage, stop: Some(stop), thread: Some(thread) }
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.stage).asked.clone()
    }

    /// Opens the usage window that the scenario stands before.
    pub fn lift(&self) {
        lock(&self.stage).play.lift();
    }

    /// Whether the last answer was silence.
    pub fn is_silent(&self) -> bool {
        lock(&self.stage).play.is_silent()
    }

    /// Whether every step was played.
    pub fn is_over(&self) -> bool {
        lock(&self.stage).play.is_over()
    }
}

impl Drop for Models {
    fn drop(&mut self) {
        // A server that has ended already wants no order.
        let _ = self.stop.take().map(|stop| stop.send(()));
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok() || std::thread::panicking(), "the model server failed");
        }
    }
}

fn lock(stage: &Shared) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(stage): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let bytes = axum::body::to_bytes(body, BODY_MOST).await.unwrap_or_default();
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let asked = Asked {
        what: format!("{method} {uri}"),
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    };
    let count = {
        let mut stage = lock(&stage);
        stage.asked.push(asked.clone());
        stage.asked.len()
    };
    let is_openai = uri.path().ends_with("/responses");
    if count > REQUESTS_MOST {
        let body = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "asked too often"}});
        return whole(400, &[], &body);
    }
    match (method, uri.path()) {
        (Method::POST, path) if path.ends_with("/count_tokens") => {
            whole(200, &[], &json!({"input_tokens": 1200}))
        }
        (Method::POST, path) if is_openai || path.ends_with("/messages") => {
            let turn = if asked.is_turn() {
                let told = if is_openai { openai::told(&asked.body) } else { anthropic::told(&asked.body) };
                lock(&stage).play.next(&told)
            } else {
                aside()
            };
            tokio::time::sleep(turn.late).await;
            if is_openai { openai::answer(&asked.body, &turn) } else { anthropic::answer(&asked.body, &turn) }
        }
        (Method::GET | Method::HEAD, _) => whole(200, &[], &json!({"data": [], "models": []})),
        _ => whole(
            404,
            &[],
            &json!({"type": "error", "error": {"type": "not_found_error", "message": "no such thing"}}),
        ),
    }
}

/// What is asked on the side costs nothing and is no step of the scenario.
fn aside() -> Turn {
    let tokens = super::scenario::Tokens { input: 0, cached: 0, output: 0 };
    let deed = Deed::Say("A job".to_string());
    Turn { late: std::time::Duration::ZERO, deed, tokens, window: None }
}

/// An answer in one piece.
pub fn whole(status: u16, headers: &[(&str, String)], body: &Value) -> Response<Body> {
    let builder = Response::builder().status(status).header("content-type", "application/json");
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
    builder.body(Body::from(body.to_string())).expect("an answer")
}

/// An answer as server-sent events, which ends well or otherwise.
pub fn events(headers: &[(&str, String)], events: &[Value], ending: Option<&Ending>) -> Response<Body> {
    let frame = |event: &Value| {
        let kind = event["type"].as_str().unwrap_or_default();
        Ok::<Bytes, std::io::Error>(Bytes::from(format!("event: {kind}\ndata: {event}\n\n")))
    };
    let frames = stream::iter(events.iter().map(frame).collect::<Vec<_>>());
    let body = match ending {
        None => Body::from_stream(frames),
        Some(Ending::Silence) => Body::from_stream(frames.chain(stream::pending())),
        Some(Ending::Break) => {
            let broken = std::io::Error::other("the scenario breaks the stream");
            Body::from_stream(frames.chain(stream::iter([Err(broken)])))
        }
    };
    let builder = Response::builder().status(StatusCode::OK).header("content-type", "text/event-stream");
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
    builder.body(body).expect("an answer")
}
