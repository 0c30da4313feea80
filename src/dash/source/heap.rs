//! Gives back to the system what reading a queue took and left free; the one place of this room that needs `unsafe`.

#![allow(unsafe_code)]

/// Gives free memory back. What reading needed for a moment (the text of a snapshot, names of files) lies between
/// what stays, where glibc keeps it for as long as the process lives; other allocators give it back by themselves.
pub(super) fn give_back() {
    // SAFETY: it takes a number and touches nothing of ours but memory that was freed.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::malloc_trim(0);
    }
}
