//! Work that takes a core for long: on a thread of its own, which lets all others go first.

use tokio::sync::oneshot;

/// Works on a thread of that name, which costs little beside such work. The error is that there is
/// no thread; the receiver fails if the work panicked.
pub fn aside<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<oneshot::Receiver<T>> {
    let (done, result) = oneshot::channel();
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        give_way();
        // Whoever asked may have gone away.
        let _ = done.send(work());
    })?;
    Ok(result)
}

/// Lets every other thread of the machine go first: one that wakes takes the core at once, which a
/// low priority alone does not give it. Where that cannot be said, it is not.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{
            NormalThreadSchedulePolicy::Idle, ThreadPriority, ThreadSchedulePolicy,
            set_thread_priority_and_policy, thread_native_id,
        };
        let idle = ThreadSchedulePolicy::Normal(Idle);
        let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    }
}
