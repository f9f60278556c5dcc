//! Carries reconciliations out: reads the provider's list and our ledger, and tells what differs.
//!
//! A run that was cut short is begun again from its beginning; what it told before is no news.
//! Memory holds two sums a payment, of so many payments at most.

mod lists;

use super::{acting, caller, content, read, tell};
use crate::gateways::Accounts;
use async_trait::async_trait;
use kontor_actors::{
    domain::Domain,
    follower::{Follow, Habits, Hitch},
    intake::Intake,
    ports::GatewayFault,
    reconciliation::{DIFFERENCES_MAX, Reconciliation, RunDocument, compare::Day},
    schedule::Schedule,
    store::{ListQuery, StoredEvent},
    tenant::{Tenant, TenantState},
};
use kontor_messages::{
    EntityId, Timestamp, id,
    payment::CallFault,
    reconciliation::{Difference, ReconciliationCommand as C, ReconciliationEvent, Report},
    schedule::{ScheduleCommand, ScheduleEvent},
};
use lists::{Compared, Trouble};
use std::{sync::Arc, time::Duration};
use tracing::Instrument;

/// What a schedule runs to have every account compared, about the last day that is whole.
pub const WHAT: &str = "reconciliation";
/// When it is tried again, unless the provider says when.
const AGAIN: Duration = Duration::from_secs(60);
/// Accounts of a tenant that are compared.
const ACCOUNTS_MAX: u32 = 200;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Compares lists.
pub struct Reconciliations {
    intake: Intake,
    accounts: Arc<Accounts>,
}

impl Reconciliations {
    /// A follower that asks `accounts` and tells the domain through `intake`.
    pub fn new(intake: Intake, accounts: Arc<Accounts>) -> Self {
        Self { intake, accounts }
    }

    async fn act(&self, event: &StoredEvent) -> Result<(), Hitch> {
        match &*event.name {
            "schedule.fired" => self.fired(event).await,
            "reconciliation.difference_settled" => self.settled(event).await,
            _ => self.run(event).await,
        }
    }

    /// It is time: every account that can be asked is, about the day before.
    async fn fired(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let ScheduleEvent::Fired { run, what, planned_for, .. } = content::<Schedule>(event)?
        else {
            return Ok(());
        };
        if what != WHAT {
            return Ok(());
        }
        let accounts = self.accounts_of(event).await?;
        let note = format!("{} accounts", accounts.len());
        for (provider, account) in accounts {
            let name = id::derived(event.id, &format!("{provider}/{account}"));
            let run = kontor_messages::reconciliation::run_entity(name.as_str());
            // One that cannot be used says so as a run that has failed.
            let known = self.accounts.get(&event.tenant, &provider, &account).await;
            let lag = known.map_or(0, |account| account.statement_lag_days());
            let day = last_whole_day(planned_for, lag);
            let request = C::Request { run, provider, account, day };
            tell::<Reconciliation>(&self.intake, &caller("schedule", event), request).await?;
        }
        let schedule = event.entity.clone();
        let done = ScheduleCommand::RecordFinished { schedule, run, ok: true, note };
        tell::<Schedule>(&self.intake, &caller("schedule", event), done).await.map(drop)
    }

    /// The tenant's accounts at payment providers.
    async fn accounts_of(&self, event: &StoredEvent) -> Result<Vec<(String, String)>, Hitch> {
        let query = ListQuery {
            tenant: event.tenant.clone(),
            domain: Tenant::NAME.to_owned(),
            prefix: "account/".to_owned(),
            status: None,
            label: None,
            from: None,
            before: None,
            limit: ACCOUNTS_MAX,
        };
        let rows = self.intake.ground().store.list(&query).await;
        let rows = rows.map_err(|fault| Hitch::new(fault.to_string()))?;
        let known = crate::gateways::payments::providers();
        let mut accounts = Vec::new();
        for row in rows {
            let state = serde_json::from_str(&row.state);
            let state = state.map_err(|broken| Hitch::new(format!("{}: {broken}", row.entity)))?;
            let name = row.entity.as_str().rsplit('/').next().unwrap_or_default().to_owned();
            if let TenantState::Account(account) = state
                && known.iter().any(|provider| provider.name == account.provider)
            {
                accounts.push((account.provider, name));
            }
        }
        Ok(accounts)
    }

    async fn run(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let state = read::<Reconciliation>(&self.intake, event, &event.entity).await?;
        let Some(run) = state.run().filter(|run| run.is_open()) else { return Ok(()) };
        let entity = event.entity.clone();
        self.tell(event, C::RecordBegun { run: entity.clone() }).await?;
        let command = match self.compare(event, run).await {
            Ok(Some(compared)) => {
                let report = self.report(event, &entity, compared).await?;
                C::RecordCompleted { run: entity, report }
            }
            Ok(None) => C::RecordNotOffered { run: entity },
            Err(Trouble::Store(fault)) => return Err(Hitch::new(fault.to_string())),
            Err(Trouble::TooMuch(problem)) => {
                C::RecordFailed { run: entity, problem, retry_at: None }
            }
            Err(Trouble::Gateway(fault)) => failed(entity, &fault),
        };
        self.tell(event, command).await
    }

    /// None: the provider has no list.
    async fn compare(
        &self,
        event: &StoredEvent,
        run: &RunDocument,
    ) -> Result<Option<Compared>, Trouble> {
        let Some(day) = Day::parse(&run.day) else {
            return Err(Trouble::TooMuch(format!("{} is no day", run.day)));
        };
        let account = self.accounts.get(&event.tenant, &run.provider, &run.account).await;
        let account = account.map_err(Trouble::Gateway)?;
        let store = &*self.intake.ground().store;
        lists::compare(store, &event.tenant, &account, run, day).await
    }

    /// Tells the differences, some at a time.
    async fn report(
        &self,
        event: &StoredEvent,
        run: &EntityId,
        compared: Compared,
    ) -> Result<Report, Hitch> {
        let Compared { report, differences } = compared;
        let mut rest = differences.into_iter().peekable();
        while rest.peek().is_some() {
            let differences: Vec<Difference> = rest.by_ref().take(DIFFERENCES_MAX).collect();
            let run = run.clone();
            self.tell(event, C::RecordDifferences { run, differences }).await?;
        }
        Ok(report)
    }

    /// Tells the domain, and counts what is news.
    async fn tell(&self, event: &StoredEvent, command: C) -> Result<(), Hitch> {
        let caller = caller("reconciliation", event);
        let done = tell::<Reconciliation>(&self.intake, &caller, command).await?;
        for (_, _, event) in done.iter().flat_map(|done| &done.events) {
            if let ReconciliationEvent::DifferenceFound { difference, .. } = event {
                metrics::counter!("kontor_reconciliation_differences_found_total",
                    "provider" => known_name(&difference.provider),
                    "kind" => difference.kind.word())
                .increment(1);
            }
        }
        Ok(())
    }

    async fn settled(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let state = read::<Reconciliation>(&self.intake, event, &event.entity).await?;
        if let Some(known) = state.difference() {
            metrics::counter!("kontor_reconciliation_differences_settled_total",
                "provider" => known_name(&known.difference.provider),
                "kind" => known.difference.kind.word())
            .increment(1);
        }
        Ok(())
    }
}

/// The last day of which a list has all, if it has that so many days after a day's end.
pub fn last_whole_day(now: Timestamp, lag_days: u16) -> String {
    let ago = DAY.saturating_mul(1 + u32::from(lag_days));
    let then = now.millis().saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX));
    Timestamp::from_millis(then).to_utc().date_naive().to_string()
}

/// A provider's name out of the closed set.
fn known_name(provider: &str) -> &'static str {
    let known = crate::gateways::payments::providers().iter();
    known.map(|known| known.name).find(|known| *known == provider).unwrap_or("unknown")
}

fn failed(run: EntityId, fault: &GatewayFault) -> C {
    let soon = Timestamp::now().plus(AGAIN);
    let retry_at = match fault.fault {
        CallFault::Retry { at, .. } => Some(at.map_or(soon, |at| at.max(soon))),
        CallFault::AskFirst { .. } => Some(soon),
        CallFault::GiveUp | CallFault::LeaveToPerson => None,
    };
    C::RecordFailed { run, problem: fault.to_string(), retry_at }
}

#[async_trait]
impl Follow for Reconciliations {
    fn name(&self) -> &'static str {
        "reconciliation"
    }

    fn habits(&self) -> Habits {
        Habits { lanes_max: 64, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        let wanted = [
            "schedule.fired",
            "reconciliation.requested",
            "reconciliation.repeated",
            "reconciliation.difference_settled",
        ];
        wanted.contains(&&*event.name).then(|| format!("{}/{}", event.tenant, event.entity).into())
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, event) in events.iter().enumerate() {
            let acted = self.act(event).instrument(acting("reconciliation", event)).await;
            acted.map_err(|hitch| hitch.after(done))?;
        }
        Ok(())
    }
}
