//! Work that takes a core for long: on threads of its own, which let all others go first.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
};
use tokio::sync::oneshot;

/// A piece of work in the memory that a thread of a crew has.
type Job<M> = Box<dyn FnOnce(&mut M) + Send>;

/// A few threads that stay, for short work that comes again and again.
///
/// They give way, and whoever has work in line for them never makes them sleep. That matters to those
/// who wait: a thread that is begun anew for each piece starts on the core of whoever asks, and
/// what wakes there may have to wait until the scheduler's next tick, some milliseconds. Threads that
/// stay busy keep to a core, and all others find the rest of the machine.
pub struct Crew<M> {
    jobs: SyncSender<Job<M>>,
}

impl<M: Default + 'static> Crew<M> {
    /// So many threads of a name, and so many pieces of work in line at most.
    ///
    /// # Errors
    ///
    /// If there is no thread to be had.
    pub fn new(name: &str, threads: usize, line_max: usize) -> std::io::Result<Self> {
        let (jobs, line) = sync_channel(line_max);
        let line = Arc::new(Mutex::new(line));
        for _ in 0..threads {
            let line = Arc::clone(&line);
            std::thread::Builder::new().name(name.to_owned()).spawn(move || work_off(&line))?;
        }
        Ok(Self { jobs })
    }

    /// Puts work in line; it gets what the work before it left in memory, if it follows at once. False:
    /// the line is full.
    pub fn ask(&self, job: impl FnOnce(&mut M) + Send + 'static) -> bool {
        match self.jobs.try_send(Box::new(job)) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

/// One thread's life: it ends with its crew.
fn work_off<M: Default>(line: &Mutex<Receiver<Job<M>>>) {
    give_way();
    let mut memory = M::default();
    loop {
        let next = line.lock().unwrap_or_else(PoisonError::into_inner).try_recv();
        let job = match next {
            Ok(job) => job,
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => {
                // Nobody waits, so nobody needs what it was done in.
                memory = M::default();
                let next = line.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(job) = next else { return };
                job
            }
        };
        // Whoever asked learns it, for nobody answers; the others are served on.
        if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
            memory = M::default();
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn memory_is_kept_while_somebody_waits_and_no_longer() {
        let crew: Crew<Vec<u8>> = Crew::new("test", 1, 8).unwrap();
        let (go, gone) = channel::<()>();
        let (told, tells) = channel();
        assert!(crew.ask(move |_| gone.recv().unwrap()));
        for _ in 0..2 {
            let told = told.clone();
            assert!(crew.ask(move |memory| {
                told.send(memory.len()).unwrap();
                memory.push(1);
            }));
        }
        go.send(()).unwrap();
        assert_eq!((tells.recv(), tells.recv()), (Ok(0), Ok(1)));
        // It is cleared when the thread finds nobody in line, which may be a moment later.
        let found = std::iter::repeat_with(|| {
            let told = told.clone();
            crew.ask(move |memory| told.send(memory.len()).unwrap());
            tells.recv().unwrap()
        });
        assert!(found.take(10_000).any(|len| len == 0));
    }

    #[test]
    fn a_line_has_a_length_and_a_panic_ends_nobody_else() {
        let crew: Crew<()> = Crew::new("test", 1, 2).unwrap();
        let ((go, gone), (told, tells)) = (channel::<()>(), channel());
        let begun = told.clone();
        assert!(crew.ask(move |()| {
            begun.send(0).unwrap();
            gone.recv().unwrap();
        }));
        assert_eq!(tells.recv(), Ok(0));
        assert!(crew.ask(|()| panic!("as a bug would")));
        assert!(crew.ask(move |()| told.send(1).unwrap()));
        assert!(!crew.ask(|()| ()), "two wait already");
        go.send(()).unwrap();
        assert_eq!(tells.recv(), Ok(1));
    }
}
