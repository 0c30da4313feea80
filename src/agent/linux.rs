//! Linux tells when a process ends: its descriptor becomes readable.

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::engine::{Liveness, ProcessIdentity, is_alive};

/// Waits for the end of `who`; returns at once where that cannot be waited for.
pub(super) async fn ended(who: &ProcessIdentity) {
    let Some(pid) = Pid::from_raw(who.pid) else { return };
    let Ok(fd) = pidfd_open(pid, PidfdFlags::NONBLOCK) else { return };
    // Asked after the descriptor is open: the number may have gone to another process before.
    if is_alive(who) != Liveness::Alive {
        return;
    }
    // The call is unsound only for types that do not own what they register; this one does, and the
    // other call is unsafe, which this house does not speak.
    #[allow(deprecated)]
    let registered = AsyncFd::with_interest(fd, Interest::READABLE);
    if let Ok(fd) = registered {
        // Readable or failed: in both cases the caller looks for itself.
        let _ = fd.readable().await;
    }
}
