//! The folder watch: a nudge when something in the queue or its log may have changed. Only a hint; the
//! slow rescan of whoever listens is the safety net.

use std::path::Path;

use notify::event::{ModifyKind, RenameMode};
use notify::{EventKind, RecursiveMode, Watcher as _};

use super::place::Place;
use crate::job::FOLDERS;
use crate::store::{Fault, FaultKind};

/// Calls back from its own thread until dropped.
pub struct Watch {
    _watcher: notify::RecommendedWatcher,
}

impl Watch {
    /// Watches the queue's folders (`folders` is called, with the
    /// names of files that were renamed into inbox and so are complete) and its log (`log` is called).
    ///
    /// # Errors
    /// A [`Fault`] if the system gives no watch, for example when its limit is reached.
    pub fn start(
        place: &Place,
        folders: impl Fn(Vec<String>) + Send + 'static,
        log: impl Fn() + Send + 'static,
    ) -> Result<Watch, Fault> {
        let side = place.side.clone();
        let handler = move |event: notify::Result<notify::Event>| match event {
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => {}
            Ok(event) if !event.need_rescan() && !event.paths.is_empty() => {
                if event.paths.iter().any(|path| path.ends_with("events.jsonl") || *path == side) {
                    log();
                } else if event.paths.iter().any(|path| !path.starts_with(&side)) {
                    folders(arrived(&event));
                }
            }
            // An overflow or an error of the watch: everything may have changed.
            _ => {
                folders(Vec::new());
                log();
            }
        };
        let fault = |on: &Path, e: &notify::Error| {
            let hint = "the queue is still looked at every minute; raise fs.inotify.max_user_watches";
            Fault::new(FaultKind::Disk, "watch", on, e.to_string(), hint)
        };
        let mut watcher = notify::recommended_watcher(handler).map_err(|e| fault(&place.queue, &e))?;
        // The queue itself tells when it is moved away.
        let paths = FOLDERS
            .iter()
            .map(|row| place.queue.join(row.1))
            .chain([place.side.clone(), place.queue.clone()]);
        // What was rejected is told until it is gone; a queue of an older aq has no folder for it.
        let rejected = Some(place.rejected()).filter(|path| path.is_dir());
        for path in paths.chain(rejected) {
            watcher.watch(&path, RecursiveMode::NonRecursive).map_err(|e| fault(&path, &e))?;
        }
        Ok(Watch { _watcher: watcher })
    }
}

/// Names of files that a rename has just put into inbox.
fn arrived(event: &notify::Event) -> Vec<String> {
    let path = match event.kind {
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => event.paths.first(),
        EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => event.paths.last(),
        _ => None,
    };
    let inbox = path.filter(|p| p.parent().is_some_and(|dir| dir.ends_with("inbox")));
    inbox.and_then(|p| p.file_name()?.to_str().map(str::to_string)).into_iter().collect()
}
