//! Ports to the providers: what Kontor asks of them, in its own words.
//!
//! A provider translates: it builds a request, reads the reply, maps a status, verifies a
//! notification. It never retries, sleeps, logs bodies or touches the journal; whoever calls it
//! does that for all. The same port fits providers that redirect the payer, push notifications,
//! or have to be polled; [`Abilities`] say which.

use crate::ports_statement::{StatementAsk, StatementPage};
use async_trait::async_trait;
use kontor_messages::{
    EntityId, Money, TenantId, Timestamp,
    payment::{
        CallFault, CaptureMode, ClientInstructions, Observation, Problem, RefundSeen,
        TransferInstructions,
    },
    payout::Transfer,
    tenant::AccountMode,
};

/// A payment provider, as one account of a tenant uses it.
#[async_trait]
pub trait PaymentGateway: Send + Sync + 'static {
    /// The provider's name in keys, routes and metrics.
    fn name(&self) -> &'static str;

    /// What the provider can do.
    fn abilities(&self) -> Abilities;

    /// Makes a payment payable.
    async fn open(&self, open: &OpenPayment) -> Result<Opened, GatewayFault>;

    /// Takes held money.
    async fn capture(&self, capture: &CapturePayment) -> Result<Observation, GatewayFault>;

    /// Calls a payment off.
    async fn cancel(&self, cancel: &CancelPayment) -> Result<Observation, GatewayFault>;

    /// Gives money back.
    async fn refund(&self, refund: &RefundPayment) -> Result<RefundSeen, GatewayFault>;

    /// Says how a payment stands, its refunds included.
    async fn query(&self, query: &QueryPayment) -> Result<Observation, GatewayFault>;

    /// Verifies a notification on its raw body, and reads it. What else it needs for that, such
    /// as the sender's certificate, it may fetch.
    async fn interpret(
        &self,
        headers: &Headers,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Interpreted, NotificationError>;

    /// A page of what came and went, as the provider tells it; none if it has no such list.
    async fn statement(&self, _ask: &StatementAsk) -> Result<Option<StatementPage>, GatewayFault> {
        Ok(None)
    }

    /// The file by which the bank pays these out, the same for the same orders and day; none if the
    /// provider takes none, or one of them cannot be written.
    fn payout_file(&self, _orders: &[&Transfer], _at: Timestamp) -> Option<PayoutFile> {
        None
    }

    /// After how many whole days its list has all of a day: some tell of money when they pass it on.
    fn statement_lag_days(&self) -> u16 {
        0
    }

    /// The header of its replies in which it names a request, for its support.
    fn request_id(&self) -> &'static str {
        "x-request-id"
    }

    /// What the provider wants to read when its notification has been taken.
    fn thanks(&self) -> &'static str {
        ""
    }
}

/// A file for the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutFile {
    /// What it is, as a media type.
    pub content_type: &'static str,
    /// How its name ends.
    pub extension: &'static str,
    /// What it says.
    pub text: String,
}

/// What a provider can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// The payer is sent to a page of the provider.
    pub redirect: bool,
    /// It sends notifications.
    pub push: bool,
    /// It can be asked how a payment stands.
    pub poll: bool,
    /// Money can be held first and taken later.
    pub hold: bool,
    /// A part of what is held can be taken.
    pub partial_capture: bool,
    /// A part of what was taken can be given back.
    pub partial_refund: bool,
    /// A refund carries a reference of ours, so that sending it again does nothing more, or asking
    /// finds it. Without one, a refund of unknown outcome is left to a person.
    pub refund_reference: bool,
    /// Calls a second that its limits allow an account.
    pub calls_per_second: u32,
}

impl Abilities {
    /// Neither tells nor can be asked: a person says how a payment stands.
    pub fn by_hand(self) -> bool {
        !self.push && !self.poll
    }
}

/// A payment to be made payable. The same key always comes with the same content.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenPayment {
    /// Whose.
    pub tenant: TenantId,
    /// Which payment.
    pub payment: EntityId,
    /// Which attempt.
    pub attempt: u32,
    /// How much.
    pub amount: Money,
    /// When the money is taken.
    pub capture: CaptureMode,
    /// How the payer wanted to pay, in the shop's own word.
    pub method: Option<String>,
    /// Where the payer comes back to.
    pub return_url: Option<String>,
    /// Where the payer comes back to without having paid.
    pub cancel_url: Option<String>,
    /// What the payer reads.
    pub description: String,
    /// Until when it may be paid.
    pub until: Timestamp,
    /// The payer's address.
    pub customer_email: Option<String>,
    /// When the key was used first.
    pub requested_at: Timestamp,
    /// The idempotency key.
    pub key: String,
}

/// A payment that can be paid.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// What the provider calls it.
    pub provider_ref: String,
    /// What else the provider calls it.
    pub references: Vec<String>,
    /// Where the payer goes.
    pub redirect_url: Option<String>,
    /// How the payer transfers the money, if that is how it is paid.
    pub transfer: Option<TransferInstructions>,
    /// How the payer pays on the shop's own page, if that is how it is paid.
    pub client: Option<ClientInstructions>,
    /// Until when the provider takes the money.
    pub expires_at: Option<Timestamp>,
}

/// Held money to be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct CapturePayment {
    /// What the provider calls the payment.
    pub references: Vec<String>,
    /// How much; the rest is let go.
    pub amount: Money,
    /// The idempotency key.
    pub key: String,
}

/// A payment to be called off.
#[derive(Clone, Debug, PartialEq)]
pub struct CancelPayment {
    /// What the provider calls the payment.
    pub references: Vec<String>,
    /// Whether its money is held.
    pub held: bool,
    /// The idempotency key.
    pub key: String,
}

/// Money to be given back.
#[derive(Clone, Debug, PartialEq)]
pub struct RefundPayment {
    /// Whose.
    pub tenant: TenantId,
    /// Which payment.
    pub payment: EntityId,
    /// The refund's id.
    pub refund: EntityId,
    /// What the provider calls the payment.
    pub references: Vec<String>,
    /// How much.
    pub amount: Money,
    /// The idempotency key.
    pub key: String,
}

/// A payment that is asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryPayment {
    /// What the provider calls it.
    pub references: Vec<String>,
    /// Whether its refunds are wanted too.
    pub refunds: bool,
    /// The refunds that were asked for, by our ids: what follows from an id tells which one it is,
    /// also where the answer to it was lost.
    pub ours: Vec<EntityId>,
    /// Whether the payment is still wanted: a provider that takes the payer's money only on our
    /// word is given it now, and otherwise not.
    pub wanted: bool,
}

/// What a notification says.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpreted {
    /// The provider's id of it, or a digest where it has none; at most 100 characters.
    pub event_id: String,
    /// What kind it is, in the provider's words.
    pub kind: String,
    /// What the provider calls the things that it is about.
    pub references: Vec<String>,
    /// Whose payment it says it is.
    pub tenant: Option<TenantId>,
    /// Which payment it says it is about.
    pub payment: Option<EntityId>,
    /// What it says; none if the provider has to be asked.
    pub observation: Option<Box<Observation>>,
    /// Whether it carries a signature that is right. A provider that signs nothing says false.
    pub signature_ok: bool,
}

/// Why a notification is not taken. The provider is told no more than that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// The provider sends none.
    #[error("this provider sends no notifications")]
    Unsupported,
    /// The signature is missing, wrong, or too old.
    #[error("the signature is missing or wrong")]
    Unsigned,
    /// What verifies it could not be fetched; the provider is to send it again.
    #[error("it cannot be verified now")]
    NotNow,
    /// It was signed, but cannot be read.
    #[error("the notification cannot be read: {0}")]
    Malformed(String),
}

/// What went wrong with a call, and what is to be done about it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct GatewayFault {
    /// What is to be done about it.
    pub fault: CallFault,
    /// Whose trouble it is.
    pub cause: FaultCause,
    /// The provider's code, or ours.
    pub code: String,
    /// For people.
    pub message: String,
}

/// Whose trouble a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCause {
    /// The provider does not answer, or not as it should.
    Provider,
    /// We ask too often.
    Throttled,
    /// The provider understood, and says no.
    Refused,
    /// The call was not made: breaker, settings, limits of ours.
    Here,
}

impl GatewayFault {
    /// Nothing was done; call again.
    pub fn retry(cause: FaultCause, problem: Problem) -> Self {
        Self::new(CallFault::Retry { at: None, fresh_key: false }, cause, problem)
    }

    /// It may have been done; ask first.
    pub fn ask_first(cause: FaultCause, problem: Problem) -> Self {
        Self::new(CallFault::AskFirst { fresh_key: false }, cause, problem)
    }

    /// The provider says no, and will again.
    pub fn give_up(cause: FaultCause, problem: Problem) -> Self {
        Self::new(CallFault::GiveUp, cause, problem)
    }

    /// Any of these.
    pub fn new(fault: CallFault, cause: FaultCause, problem: Problem) -> Self {
        Self { fault, cause, code: problem.code, message: problem.message }
    }

    /// For people.
    pub fn problem(&self) -> Problem {
        Problem::new(self.code.clone(), self.message.clone())
    }
}

/// A request's headers; names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The headers as they came.
    pub fn new<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let lower = |(name, value): (N, V)| (name.into().to_ascii_lowercase(), value.into());
        Self(pairs.into_iter().map(lower).collect())
    }

    /// The first value of a header, by its name in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Where the settings of tenants' accounts at providers are kept.
#[async_trait]
pub trait AccountSettings: Send + Sync + 'static {
    /// A tenant's account, if it is there.
    async fn account(&self, tenant: &TenantId, provider: &str, name: &str)
    -> Option<AccountConfig>;
}

/// A tenant's account at a provider.
#[derive(Clone, PartialEq)]
pub struct AccountConfig {
    /// The provider.
    pub provider: String,
    /// Whether money is real.
    pub mode: AccountMode,
    /// What the provider's file asks for. Holds secrets, so it is never printed.
    pub settings: serde_json::Value,
}

impl std::fmt::Debug for AccountConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountConfig")
            .field("provider", &self.provider)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
