//! Stand-ins for the outside world, over real sockets: Stripe, a mail server, a webhook receiver.
//!
//! For tests, demonstrations and load runs of anything that speaks these protocols; it depends on
//! nothing of Kontor. What a caller sees is the provider's wire format. What goes wrong, and what
//! was true in the end, is under the control of the test.
//!
//! # In process
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use kontor_sandbox::{PayerAct, Sandbox, SandboxConfig, StripeAccount, WebhookEndpoint};
//!
//! let sandbox = Sandbox::start(SandboxConfig::default()).await?;
//! sandbox.stripe().register(StripeAccount {
//!     api_key: "sk_test_shop".to_owned(),
//!     webhooks: vec![WebhookEndpoint {
//!         url: "http://127.0.0.1:8080/webhooks/stripe".to_owned(),
//!         secret: "whsec_shop".to_owned(),
//!     }],
//! });
//! sandbox.stripe().set_switches(|switches| switches.duplicate_webhooks = true);
//! // ... the system under test creates a session at `sandbox.stripe().base_url()` ...
//! sandbox.stripe().act("cs_test_...", PayerAct::Pay).await;
//! sandbox.stripe().settled().await;
//! assert!(sandbox.stripe().summary().double_charges().is_empty());
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Every sandbox binds its own free ports and shares nothing, so several run in one process. It
//! serves on the runtime that started it. [`plain_client`] builds an HTTP client that needs no
//! installed TLS provider.
//!
//! # As a program
//!
//! `kontor-sandbox --stripe ADDR --smtp ADDR --receiver ADDR [--account API_KEY,URL,SECRET]...`
//! prints the addresses as one line of JSON, `{"stripe": "http://...", "smtp": "IP:PORT",
//! "receiver": "http://..."}`, and serves until it is interrupted. Its own endpoints are the same
//! at the Stripe and at the receiver address:
//!
//! | Endpoint | What it does |
//! |---|---|
//! | `GET /_sandbox/switches` | shows all switches: `{"stripe": {...}, "comgate": {...}, ...}` |
//! | `POST /_sandbox/switches` | changes those that are named; an unknown one is 400 |
//! | `POST /_sandbox/stripe/accounts` | registers `{"api_key", "webhooks": [{"url", "secret"}]}` |
//! | `GET /_sandbox/stripe/summary` | the books: [`StripeSummary`] |
//! | `GET /_sandbox/mail?to=&from=` | kept mail, all or of one recipient, a thousand from an index |
//! | `DELETE /_sandbox/mail` | throws kept mail away |
//! | `GET /_sandbox/receiver/{name}?from=` | settings, counts and deliveries of a hook |
//! | `POST /_sandbox/receiver/{name}` | changes the hook's settings, such as `{"secret"}` |
//!
//! # Stripe
//!
//! Checkout sessions in payment mode (create, read, list, expire), payment intents (read, capture,
//! cancel), refunds (create, read, list), events (read, list), and the hosted page at
//! `session.url`. A payer acts with `POST /pay/{session}` and the form field `outcome`: `pay`,
//! `decline`, `async_pay`, `async_fail` or `abandon`. Any `sk_test_` key is an account of its own;
//! objects of one are invisible to others. Unknown parameters are refused. Events of one act
//! leave in order; an endpoint that does not answer 2xx is tried again, eight times by default.
//!
//! | Switch | Meaning |
//! |---|---|
//! | `latency_ms` | every call takes at least this long, with its idempotency key taken |
//! | `fail_rate_percent` | 500 before any work |
//! | `fail_after_rate_percent` | does the work, then answers 500 or cuts the connection; a repeat with the same key finds the true answer |
//! | `fail_after_saves_500` | with the former: the repeat finds the 500 |
//! | `rate_limit_percent` | 429 before any work |
//! | `duplicate_webhooks` | every event twice at once, with one id |
//! | `webhook_before_answer` | events are delivered before the call or the payer is answered |
//! | `instant_pay_before_create_answer` | a session is paid and its events delivered before the create call is answered |
//! | `shuffle_webhooks` | events leave out of order and up to 300 ms late |
//! | `drop_webhooks_percent` | events that are never sent, only listed |
//! | `two_v1` | a wrong `v1` before the right one |
//! | `refund_fails_later` | refunds succeed, then fail after `later_ms` |
//! | `refund_starts_pending` | refunds are pending, then succeed after `later_ms` |
//! | `wrong_amount` | `amount_total` in session events is 100 too much |
//! | `later_ms` | how long slow payments and slow refunds take; 200 by default |
//! | `hang_percent`, `hang_ms` | does the work, then says nothing for so long, and cuts the connection |
//! | `retry_after_s` | what `Retry-After` of a 429 says |
//! | `unknown_status` | sessions and intents are told with a status that nobody knows |
//! | `late_webhooks_ms`, `wrong_signature` | events leave so much later, or signed with another secret |
//! | `expire_after_ms` | new sessions expire after this long; 0 leaves it to `expires_at` |
//!
//! # SMTP
//!
//! EHLO, HELO, AUTH PLAIN and LOGIN (anybody may), MAIL, RCPT, DATA, RSET, NOOP, QUIT. Announces
//! SIZE, PIPELINING, 8BITMIME, SMTPUTF8 and ENHANCEDSTATUSCODES. No TLS.
//!
//! | Switch | Meaning |
//! |---|---|
//! | `latency_ms` | every reply takes at least this long |
//! | `greylist_percent` | 451 4.7.1 at RCPT; the same sender and recipient pass at the next try |
//! | `greylist_forever` | there is no such pass |
//! | `reject_recipients` | 550 5.1.1 for addresses that contain `reject` |
//! | `drop_after_data` | keeps the message and closes the connection without an answer |
//! | `drop_after_data_percent` | the same with this chance |
//!
//! # Receiver
//!
//! `POST /hook/{name}` keeps headers and body. With a secret registered for the name, Standard
//! Webhooks signatures are verified and what does not fit is answered 401.
//!
//! | Setting of a name | Meaning |
//! |---|---|
//! | `secret` | `whsec_...`; null verifies nothing |
//! | `status` | the answer, 204 by default |
//! | `fail_first`, `fail_status` | so many next deliveries get this answer, 500 by default |
//! | `latency_ms` | every answer takes at least this long; the delivery is kept before |
//! | `retry_after_s` | `Retry-After` on answers other than 2xx |
//! | `subject_pointers`, `sequence_pointers` | where a body says what it is about and its position, for [`Receiver::by_subject`] and [`Receiver::out_of_order`] |
//!
//! # Other payment providers
//!
//! They listen at one address, each under its own path, and share the payment page (`GET` and
//! `POST /{provider}/pay/{id}` with `outcome` = `pay`, `decline`, `async_pay` or `abandon`), the
//! control calls `/{provider}/_sandbox/accounts`, `/switches` and `/payments`, and
//! [`StandSwitches`], which `/_sandbox/switches` beside Stripe shows and changes too.
//!
//! | Path | What is there |
//! |---|---|
//! | `/comgate` | interfaces 1.0 and 2.0: create, status, cancel, holds, refund; push |
//! | `/payu` | tokens, orders (302 with JSON), captures, refunds; signed notifications |
//! | `/paypal` | tokens, orders, holds, captures, refunds; webhooks signed under a private root, and their verification |
//! | `/fio` | movements of an account, orders as import files; `/fio/bank?qr=SPD*...` is the customers' bank: pay, pay too little or too much, authorise an order |
//! | `/halyk` | tokens, payment links, status, charge, cancel, refund; callbacks that repeat the secret hash |
//!
//! # Text messages
//!
//! `/smsc` at the same address speaks SMSC's interface: `sys/send.php`, `sys/status.php`, forms in,
//! JSON out. `POST /smsc/_sandbox/accounts` registers `{"login", "password", "api_key"}`, and
//! `GET /smsc/_sandbox/messages?to=` shows what was taken. `/smsc/_sandbox/switches`:
//! `silent_after` messages are taken and not answered; every one is refused with `error_code`.
//!
//! # Suppliers
//!
//! `GET /supplier/{name}` at the same address tells a feed: a file with its `ETag`, or rows page by
//! page (`offset`, `limit`). [`Suppliers`] says what is there, and who may see it.
//!
//! # Limits
//!
//! Everything kept has a limit: [`StripeLimits`], [`SmtpLimits`], [`ReceiverLimits`]. What proofs
//! rest on (sessions, refunds, mail, deliveries) is never thrown away for something newer; a full
//! store refuses instead (503, 452, 507). Events and idempotency keys go oldest first. Not there:
//! TLS, disputes, holds that lapse, other modes than payment.

mod comgate;
mod common;
mod control;
mod fio;
mod halyk;
mod http;
mod page;
mod paypal;
mod payu;
mod providers;
mod receiver;
pub mod signing;
mod smsc;
mod smtp;
mod stand;
mod stripe;
mod suppliers;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use crate::http::plain_client;
pub use comgate::{ComGate, ComGateShop};
pub use fio::{Fio, FioAccount};
pub use halyk::{Halyk, HalykTerminal};
pub use paypal::{PAYPAL_ROOT, PayPal, PayPalApp};
pub use payu::{PayU, PayUPos};
pub use providers::Providers;
pub use receiver::{Delivery, HookSettings, Receiver, ReceiverLimits, Verdict};
pub use smsc::{Smsc, SmscAccount, SmscSwitches, TextMessage};
pub use smtp::{Mail, Smtp, SmtpLimits, SmtpSwitches};
pub use stand::{Answer, Asked, Merchant, Notice, Stand, StandSwitches, TillPayment};
pub use stripe::{
    AccountSummary, PayerAct, PayerResult, SessionStatus, Stripe, StripeAccount, StripeLimits,
    StripeSummary, StripeSwitches, WebhookCounts, WebhookEndpoint,
};
pub use suppliers::{FeedCounts, Suppliers};

/// What a sandbox is started with. The default binds free ports of the loopback interface, knows
/// no accounts, and has every switch off.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Where the Stripe stand-in listens.
    pub stripe: SocketAddr,
    /// Where the SMTP stand-in listens.
    pub smtp: SocketAddr,
    /// Where the webhook receiver listens.
    pub receiver: SocketAddr,
    /// Where the other payment providers listen, each under its own path.
    pub providers: SocketAddr,
    /// How payers reach the Stripe stand-in, if not by its listening address: the start of
    /// `session.url`.
    pub public_url: Option<String>,
    /// Accounts with webhook endpoints.
    pub accounts: Vec<StripeAccount>,
    /// Whether API keys that are not registered are refused.
    pub known_keys_only: bool,
    /// What goes wrong at the Stripe stand-in from the start.
    pub stripe_switches: StripeSwitches,
    /// What goes wrong at the SMTP stand-in from the start.
    pub smtp_switches: SmtpSwitches,
    /// The sizes of the Stripe stand-in.
    pub stripe_limits: StripeLimits,
    /// The sizes of the SMTP stand-in.
    pub smtp_limits: SmtpLimits,
    /// The sizes of the receiver.
    pub receiver_limits: ReceiverLimits,
    /// Makes chance repeatable. Ids follow from it too, so sandboxes of one seed share them.
    pub seed: Option<u64>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            stripe: free,
            smtp: free,
            receiver: free,
            providers: free,
            public_url: None,
            accounts: Vec::new(),
            known_keys_only: false,
            stripe_switches: StripeSwitches::default(),
            smtp_switches: SmtpSwitches::default(),
            stripe_limits: StripeLimits::default(),
            smtp_limits: SmtpLimits::default(),
            receiver_limits: ReceiverLimits::default(),
            seed: None,
        }
    }
}

/// Running stand-ins. Dropping it closes the sockets too, without waiting.
pub struct Sandbox {
    stripe: Stripe,
    smtp: Smtp,
    receiver: Receiver,
    providers: Providers,
    closing: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Binds the sockets and starts serving on the current runtime.
    pub async fn start(config: SandboxConfig) -> io::Result<Self> {
        let (closing, closed) = watch::channel(false);
        let stripe_listener = TcpListener::bind(config.stripe).await?;
        let smtp_listener = TcpListener::bind(config.smtp).await?;
        let receiver_listener = TcpListener::bind(config.receiver).await?;
        let own_url = format!("http://{}", stripe_listener.local_addr()?);
        let setup = stripe::Setup {
            base_url: config.public_url.unwrap_or(own_url),
            accounts: config.accounts,
            known_keys_only: config.known_keys_only,
            switches: config.stripe_switches,
            limits: config.stripe_limits,
            seed: config.seed,
        };
        let stripe = Stripe::new(setup, closed.clone())?;
        let smtp_address = smtp_listener.local_addr()?;
        let (smtp, smtp_server) = Smtp::start(
            smtp_listener,
            smtp_address,
            config.smtp_switches,
            config.smtp_limits,
            config.seed,
            closed.clone(),
        );
        let receiver_url = format!("http://{}", receiver_listener.local_addr()?);
        let receiver = Receiver::new(receiver_url, config.receiver_limits);
        let providers_listener = TcpListener::bind(config.providers).await?;
        let providers_url = format!("http://{}", providers_listener.local_addr()?);
        let providers = Providers::new(&providers_url, config.seed, &closed)?;
        let control = control::router(control::Control {
            stripe: stripe.clone(),
            smtp: smtp.clone(),
            receiver: receiver.clone(),
            providers: providers.clone(),
        });
        let providers_router = providers.router();
        let stripe_router = stripe.router().merge(control.clone());
        let receiver_router = receiver.router().merge(control);
        let servers = vec![
            smtp_server,
            http::serve(stripe_listener, stripe_router, closed.clone()),
            http::serve(receiver_listener, receiver_router, closed.clone()),
            http::serve(providers_listener, providers_router, closed),
        ];
        Ok(Self { stripe, smtp, receiver, providers, closing, servers })
    }

    /// The Stripe stand-in.
    pub fn stripe(&self) -> &Stripe {
        &self.stripe
    }

    /// The SMTP stand-in.
    pub fn smtp(&self) -> &Smtp {
        &self.smtp
    }

    /// The webhook receiver.
    pub fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// The stand-ins of the other payment providers.
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Stops serving and waits a moment for open connections.
    pub async fn shutdown(self) {
        self.closing.send_replace(true);
        for server in self.servers {
            // A server that panicked is gone as well.
            let _ = server.await;
        }
    }
}
