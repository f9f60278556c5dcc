//! What the code leans on in ractor, so that an upgrade tells what has changed.

#![allow(clippy::unwrap_used)]

use ractor::{
    Actor, ActorProcessingErr, ActorRef, ActorStatus, MessagingErr, RpcReplyPort, SpawnErr,
    SupervisionEvent, rpc::CallResult,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, mpsc};

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("a typed fault")]
struct Fault;

enum Ask {
    Count,
    Wait(Arc<Notify>),
    Fail,
    Panic,
    Answer(RpcReplyPort<usize>),
    Keep(RpcReplyPort<usize>),
}

#[derive(Clone, Default)]
struct Worker {
    counted: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
    fails_to_start: bool,
    slow_to_stop: Option<Arc<Notify>>,
}

impl Actor for Worker {
    type Msg = Ask;
    type State = Vec<RpcReplyPort<usize>>;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Ask>, (): ()) -> Result<Self::State, ActorProcessingErr> {
        if self.fails_to_start { Err(Fault.into()) } else { Ok(Vec::new()) }
    }

    async fn handle(
        &self,
        _: ActorRef<Ask>,
        ask: Ask,
        kept: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match ask {
            Ask::Count => drop(self.counted.fetch_add(1, Ordering::SeqCst)),
            Ask::Wait(until) => until.notified().await,
            Ask::Fail => return Err(Fault.into()),
            Ask::Panic => panic!("a bug"),
            Ask::Answer(reply) => reply.send(self.counted.load(Ordering::SeqCst))?,
            Ask::Keep(reply) => kept.push(reply),
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Ask>,
        _: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(until) = &self.slow_to_stop {
            until.notified().await;
        }
        self.stopped.store(true, Ordering::SeqCst);
        Ok(())
    }
}

/// Tells the test of every event, and goes on.
struct Supervisor(mpsc::UnboundedSender<String>);

impl Actor for Supervisor {
    type Msg = Arc<Notify>;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Arc<Notify>>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<Arc<Notify>>,
        until: Arc<Notify>,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let _ = self.0.send("message".into());
        until.notified().await;
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Arc<Notify>>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let told = match event {
            SupervisionEvent::ActorFailed(_, error) => {
                format!("failed typed={} {error}", error.is::<Fault>())
            }
            SupervisionEvent::ActorTerminated(_, state, reason) => {
                format!("terminated state={} {reason:?}", state.is_some())
            }
            _ => return Ok(()),
        };
        let _ = self.0.send(told);
        Ok(())
    }
}

async fn supervisor() -> (ActorRef<Arc<Notify>>, mpsc::UnboundedReceiver<String>) {
    let (tell, told) = mpsc::unbounded_channel();
    (Actor::spawn(None, Supervisor(tell), ()).await.unwrap().0, told)
}

async fn worker() -> (ActorRef<Ask>, Worker) {
    let worker = Worker::default();
    (Actor::spawn(None, worker.clone(), ()).await.unwrap().0, worker)
}

#[tokio::test]
async fn one_that_drains_hands_a_message_back_and_works_off_its_queue() {
    let (actor, worker) = worker().await;
    let until = Arc::new(Notify::new());
    actor.cast(Ask::Wait(Arc::clone(&until))).unwrap();
    (0..5).for_each(|_| actor.cast(Ask::Count).unwrap());
    actor.drain().unwrap();
    assert_eq!(actor.get_status(), ActorStatus::Draining);
    assert!(matches!(actor.cast(Ask::Count), Err(MessagingErr::SendErr(Ask::Count))));
    until.notify_one();
    actor.wait(None).await.unwrap();
    assert_eq!(worker.counted.load(Ordering::SeqCst), 5);
    assert!(worker.stopped.load(Ordering::SeqCst));
    assert!(matches!(actor.cast(Ask::Count), Err(MessagingErr::SendErr(Ask::Count))));
}

#[tokio::test]
async fn one_that_is_stopped_throws_its_queue_away_and_runs_post_stop() {
    let (actor, worker) = worker().await;
    let until = Arc::new(Notify::new());
    actor.cast(Ask::Wait(Arc::clone(&until))).unwrap();
    actor.cast(Ask::Count).unwrap();
    actor.stop(None);
    until.notify_one();
    actor.wait(None).await.unwrap();
    assert_eq!(worker.counted.load(Ordering::SeqCst), 0);
    assert!(worker.stopped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn post_stop_is_not_run_after_a_panic_an_error_or_a_kill() {
    for how in [Ask::Panic, Ask::Fail] {
        let (actor, worker) = worker().await;
        actor.cast(how).unwrap();
        actor.wait(None).await.unwrap();
        assert!(!worker.stopped.load(Ordering::SeqCst));
    }
    let (actor, worker) = worker().await;
    actor.kill_and_wait(None).await.unwrap();
    assert!(!worker.stopped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_supervisor_is_told_how_a_child_ended_and_keeps_the_type_of_an_error() {
    let (supervisor, mut told) = supervisor().await;
    let child = || async {
        Actor::spawn_linked(None, Worker::default(), (), supervisor.get_cell()).await.unwrap().0
    };
    child().await.cast(Ask::Fail).unwrap();
    assert_eq!(told.recv().await.unwrap(), "failed typed=true a typed fault");
    child().await.cast(Ask::Panic).unwrap();
    assert!(told.recv().await.unwrap().starts_with("failed typed=false"));
    child().await.kill();
    assert_eq!(told.recv().await.unwrap(), "terminated state=false Some(\"killed\")");
    child().await.drain().unwrap();
    assert_eq!(told.recv().await.unwrap(), "terminated state=true Some(\"Drained\")");
    child().await.stop(None);
    assert_eq!(told.recv().await.unwrap(), "terminated state=true None");
}

#[tokio::test]
async fn a_child_that_does_not_start_is_told_to_the_spawner_only() {
    let (supervisor, mut told) = supervisor().await;
    let broken = Worker { fails_to_start: true, ..Worker::default() };
    let spawned = Actor::spawn_linked(None, broken, (), supervisor.get_cell()).await;
    assert!(matches!(spawned, Err(SpawnErr::StartupFailed(_))));
    supervisor.cast(Arc::new(Notify::new())).unwrap();
    assert_eq!(told.recv().await.unwrap(), "message");
}

#[tokio::test]
async fn a_supervisor_is_told_after_post_stop_and_before_its_next_message() {
    let (supervisor, mut told) = supervisor().await;
    let until = Arc::new(Notify::new());
    let slow = Worker { slow_to_stop: Some(Arc::clone(&until)), ..Worker::default() };
    let child = Actor::spawn_linked(None, slow, (), supervisor.get_cell()).await.unwrap().0;
    child.drain().unwrap();
    while child.get_status() < ActorStatus::Stopping {
        tokio::task::yield_now().await;
    }
    // Its successor cannot be started while it still does something.
    assert!(child.cast(Ask::Count).is_err() && told.try_recv().is_err());
    let (first, second) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    supervisor.cast(Arc::clone(&first)).unwrap();
    assert_eq!(told.recv().await.unwrap(), "message");
    supervisor.cast(Arc::clone(&second)).unwrap();
    until.notify_one();
    child.wait(None).await.unwrap();
    first.notify_one();
    assert!(told.recv().await.unwrap().starts_with("terminated"));
    assert_eq!(told.recv().await.unwrap(), "message");
}

#[tokio::test]
async fn the_children_of_one_that_ends_are_killed() {
    let (supervisor, _told) = supervisor().await;
    let worker = Worker::default();
    let child =
        Actor::spawn_linked(None, worker.clone(), (), supervisor.get_cell()).await.unwrap().0;
    supervisor.drain().unwrap();
    child.wait(None).await.unwrap();
    assert!(!worker.stopped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_message_sent_later_is_sent_though_its_handle_is_dropped() {
    let (actor, worker) = worker().await;
    drop(actor.send_after(Duration::from_millis(5), || Ask::Count));
    while worker.counted.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(actor.call(Ask::Answer, None).await.unwrap(), CallResult::Success(1));
    assert_eq!(worker.counted.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_callee_that_dies_or_drops_the_question_lets_its_caller_know_at_once() {
    let (actor, _) = worker().await;
    let asking = actor.clone();
    let asked = tokio::spawn(async move { asking.call(Ask::Keep, None).await });
    while actor.get_status() != ActorStatus::Running {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    actor.cast(Ask::Panic).unwrap();
    assert!(matches!(asked.await.unwrap(), Ok(CallResult::SenderError)));
}

#[tokio::test]
async fn messages_of_one_sender_keep_their_order_and_one_actor_does_one_at_a_time() {
    let (actor, worker) = worker().await;
    (0..100).for_each(|_| actor.cast(Ask::Count).unwrap());
    assert_eq!(actor.call(Ask::Answer, None).await.unwrap(), CallResult::Success(100));
    assert_eq!(worker.counted.load(Ordering::SeqCst), 100);
}
