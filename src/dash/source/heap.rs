//! Gives back to the system what was needed for a moment; the one place of this room that needs `unsafe`.

#![allow(unsafe_code)]

/// Free memory at the end of a heap beyond which it goes back by itself, and pieces that never come from a heap.
/// Lists and logs of a long queue are larger and live for a moment.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HELD_MOST: libc::c_int = 1 << 20;

/// Lets each thread give back what it needs no more. glibc learns from the first large pieces to hold on to as much
/// as it has seen given up, 64 MiB a thread, and what it holds [`give_back`] does not reach.
pub(super) fn hold_little() {
    // SAFETY: it takes two numbers, and where it refuses them nothing changes.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, HELD_MOST);
        libc::mallopt(libc::M_MMAP_THRESHOLD, HELD_MOST);
    }
}

/// Gives free memory back. What reading needed for a moment (the text of a snapshot, names of files) lies between
/// what stays, where glibc keeps it for as long as the process lives; other allocators give it back by themselves.
pub(super) fn give_back() {
    // SAFETY: it takes a number and touches nothing of ours but memory that was freed.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::malloc_trim(0);
    }
}
