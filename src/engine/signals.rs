//! Signals of the shim as bytes in a pipe; the one place of this room that needs `unsafe`.
//!
//! `sigaction` is called by hand because nothing safe that this crate depends on installs a handler, and
//! blocking signals for a `sigwait` thread would not do: the mask is inherited, so every engine would start
//! deaf to TERM. Handlers are reset by `exec`, so engines start with the defaults, SIGHUP included.
#![allow(unsafe_code)]

use std::io::{self, PipeReader};
use std::os::fd::IntoRawFd;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::fs::OFlags;

/// Write end of the pipe; never closed, since a handler may run at any time.
static WRITE_END: AtomicI32 = AtomicI32::new(-1);

/// What the shim hears. HUP, INT and QUIT are caught to survive whatever happens to a terminal.
const CAUGHT: [i32; 5] = [libc::SIGTERM, libc::SIGCHLD, libc::SIGHUP, libc::SIGINT, libc::SIGQUIT];

/// Installs the handlers; every signal caught is then one byte, its number, in the pipe. A full pipe drops
/// bytes, which is harmless: the reader looks at the state of the world, not at the count.
pub(super) fn listen() -> io::Result<PipeReader> {
    let (reader, writer) = io::pipe()?;
    rustix::fs::fcntl_setfl(&writer, OFlags::NONBLOCK)?;
    WRITE_END.store(writer.into_raw_fd(), Ordering::SeqCst);
    for signal in CAUGHT {
        install(signal)?;
    }
    Ok(reader)
}

fn install(signal: i32) -> io::Result<()> {
    let handler: extern "C" fn(i32) = on_signal;
    // SAFETY: `action` is a plain C struct for which all zeros is a valid value (no flags, empty mask), and
    // the handler it is given only does what POSIX allows in a handler: an atomic load and `write`.
    let done = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(signal, &raw const action, std::ptr::null_mut())
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

extern "C" fn on_signal(signal: i32) {
    let byte = u8::try_from(signal).unwrap_or(0);
    // SAFETY: `write` is async-signal-safe, the descriptor is never closed, the buffer is one live byte, and
    // the interrupted code finds its errno as it was.
    unsafe {
        let errno = errno_place();
        let before = *errno;
        libc::write(WRITE_END.load(Ordering::SeqCst), (&raw const byte).cast(), 1);
        *errno = before;
    }
}

/// Where this thread's errno is.
unsafe fn errno_place() -> *mut i32 {
    #[cfg(any(target_os = "linux", target_os = "dragonfly"))]
    // SAFETY: takes nothing and gives a valid pointer for the calling thread.
    return unsafe { libc::__errno_location() };
    #[cfg(any(target_os = "macos", target_os = "ios", target_os = "freebsd"))]
    // SAFETY: as above.
    return unsafe { libc::__error() };
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    // SAFETY: as above.
    return unsafe { libc::__errno() };
}
