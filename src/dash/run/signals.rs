//! Signals that end the cockpit or tell of another size, as messages.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::dash::msg::Msg;
use crate::store::Fault;

/// Listens until dropped.
pub struct Signals {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Signals {
    /// Starts to listen.
    ///
    /// # Errors
    /// A [`Fault`] if the system gives no thread.
    pub fn start(post: Arc<dyn Fn(Msg) -> bool + Send + Sync>) -> Result<Signals, Fault> {
        let (stop, stopped) = oneshot::channel();
        let body = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
            // Without signals the cockpit still works; it is then ended by its keys alone.
            if let Ok(runtime) = runtime {
                let _ = runtime.block_on(listen(&*post, stopped));
            }
        };
        let thread = std::thread::Builder::new().name("signals".to_string()).spawn(body);
        let thread =
            thread.map_err(|e| Fault::io("start", std::path::Path::new("the thread of signals"), &e))?;
        Ok(Signals { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn listen(
    post: &(dyn Fn(Msg) -> bool + Send + Sync),
    mut stopped: oneshot::Receiver<()>,
) -> std::io::Result<()> {
    let mut ends = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::quit())?,
    ];
    let mut resized = signal(SignalKind::window_change())?;
    let [term, hangup, interrupt, quit] = &mut ends;
    loop {
        let msg = tokio::select! {
            _ = term.recv() => Msg::End,
            _ = hangup.recv() => Msg::End,
            _ = interrupt.recv() => Msg::End,
            _ = quit.recv() => Msg::End,
            _ = resized.recv() => {
                let (width, height) = crossterm::terminal::size()?;
                Msg::Resize(width, height)
            }
            _ = &mut stopped => return Ok(()),
        };
        if !post(msg) {
            return Ok(());
        }
    }
}
