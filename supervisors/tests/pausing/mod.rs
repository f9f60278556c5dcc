//! A domain of a tenant that is paused, and goes on.

use super::*;
use kontor_actors::host::Host;

/// What waits in the mailboxes of a domain's actors.
fn waiting(host: &dyn Host) -> u64 {
    host.actors(None).iter().map(|actor| actor.waiting).sum()
}

/// Tells the second counter of all that happens to the first.
struct PassOn(std::sync::OnceLock<Intake>);

#[async_trait]
impl Follow for PassOn {
    fn name(&self) -> &'static str {
        "pass-on"
    }
    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        (&*event.domain == Counter::NAME).then(|| event.entity.as_str().into())
    }
    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        let intake = self.0.get().ok_or_else(|| Hitch::new("not yet"))?;
        for (done, event) in events.iter().enumerate() {
            let meta = Meta::by("test").because(event.id.to_string());
            let caller = Caller { tenant: event.tenant.clone(), meta, lane: Lane::Realtime };
            let told = intake.tell::<Second>(&caller, add("b", 1), Terms::default()).await;
            told.map_err(|denied| Hitch::denied(&denied).after(done))?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn what_waits_for_a_domain_that_is_paused_is_done_when_it_goes_on() {
    let store = MemoryStore::new();
    let pass_on = Arc::new(PassOn(std::sync::OnceLock::new()));
    let follows: Vec<Arc<dyn Follow>> = vec![Arc::clone(&pass_on) as Arc<dyn Follow>];
    let limits = DomainLimits::default();
    let node = node_with(Arc::new(store.clone()), limits, quick(), follows).await;
    let _ = pass_on.0.set(node.intake.clone());
    let one: TenantId = "one".parse().unwrap();
    let caller = Caller { tenant: one.clone(), meta: Meta::by("test"), lane: Lane::Realtime };
    let host = node.hosts.named(Second::NAME).unwrap();
    assert!(host.pause(&one, Timestamp::now()) && !host.pause(&one, Timestamp::now()));
    for _ in 0..3 {
        node.ask("one", add("a", 1)).await.unwrap();
    }
    let letters = || async {
        let query = kontor_actors::store::LetterQuery { limit: 10, ..Default::default() };
        store.dead_letters(&query).await.unwrap()
    };
    until("they wait aside", async || letters().await.len() == 3).await;
    // No try is counted, so none of them comes to wait for a person.
    assert!(letters().await.iter().all(|letter| letter.attempts == 0 && letter.retry_at.is_some()));
    let asked = node.intake.ask::<Second>(&caller, add("b", 1), Terms::default()).await;
    assert!(matches!(asked, Err(Denied::Paused)));
    assert!(host.resume(&one) && !host.resume(&one));
    let id = EntityId::named("b");
    until("what waited is done", async || {
        let read = node.intake.read::<Second>(&one, &id).await.unwrap();
        read.is_some_and(|(state, _)| state.sum == 3) && letters().await.is_empty()
    })
    .await;
    node.end().await;
}

#[tokio::test]
async fn a_deadline_of_a_domain_that_is_paused_stays_due_and_rings_when_it_goes_on() {
    let store = MemoryStore::new();
    let node = node(&store, DomainLimits::default(), quick()).await;
    let one: TenantId = "one".parse().unwrap();
    node.ask("one", remind("a", Duration::from_millis(300))).await.unwrap();
    let host = node.hosts.named(Counter::NAME).unwrap();
    assert!(host.pause(&one, Timestamp::now()));
    until("its deadline has passed", async || {
        store.due(Timestamp::now(), 1).await.unwrap().len() == 1
    })
    .await;
    assert!(host.wake(&one, EntityId::named("a")), "nothing is started for it");
    assert_eq!(waiting(&**host), 0, "nor told to it");
    assert_eq!(node.state("one", "a").await.rung, 0);
    assert!(host.resume(&one));
    until("it rings", async || node.state("one", "a").await.rung == 1).await;
    node.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_was_acknowledged_while_a_domain_was_paused_and_went_on_is_there() {
    let store = MemoryStore::new();
    let node = Arc::new(node(&store, DomainLimits::default(), quick()).await);
    let one: TenantId = "one".parse().unwrap();
    let asking = (0..8).map(|_| {
        let node = Arc::clone(&node);
        tokio::spawn(async move {
            let mut acknowledged = 0;
            while acknowledged < 100 {
                match node.ask("one", add("a", 1)).await {
                    Ok(_) => acknowledged += 1,
                    Err(Denied::Paused) => tokio::task::yield_now().await,
                    Err(other) => panic!("{other}"),
                }
            }
            acknowledged
        })
    });
    let asking: Vec<_> = asking.collect();
    let host = node.hosts.named(Counter::NAME).unwrap();
    for _ in 0..10 {
        host.pause(&one, Timestamp::now());
        until("it has taken up what it had", async || waiting(&**host) == 0).await;
        let there = node.state("one", "a").await.sum;
        host.resume(&one);
        let over = || asking.iter().all(tokio::task::JoinHandle::is_finished);
        until("it goes on", async || node.state("one", "a").await.sum > there || over()).await;
    }
    let mut acknowledged = 0;
    for asker in asking {
        acknowledged += asker.await.unwrap();
    }
    assert_eq!(node.state("one", "a").await.sum, acknowledged);
}
