//! Mail by SMTP: to the mail server that the tenant has set.
//!
//! The dialogue is driven step by step, because what a failure means depends on the step: a
//! connection that is lost before the final dot has sent nothing, one that is lost after it may
//! have sent the message. Credentials never travel unencrypted. The host's name is looked up here
//! and what it leads to is checked, then the connection goes to just that address.

use super::SettingsFault;
use crate::gateways::{
    fields::Field,
    guard::{self, Unsafe},
};
use async_trait::async_trait;
use kontor_actors::{
    ports_notification::{Accepted, NotificationChannel, OutgoingMessage, SendFault},
    words::excerpt,
};
use kontor_messages::{notification::FailureKind, tenant::AccountSettings};
use lettre::{
    Address, Message,
    address::Envelope,
    message::{Mailbox, MultiPart, SinglePart, header},
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt, Rset},
        extension::{ClientId, Extension, MailParameter},
        response::Response,
    },
};
use outcome::{Step, fault};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time::timeout};

#[path = "smtp_outcome.rs"]
mod outcome;

/// A connection that was idle for longer is not used again: servers close them.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// The server may think for this long about a message that it was given.
const FINAL_DOT: Duration = Duration::from_secs(300);

/// The settings below, for forms.
pub const FIELDS: &[Field] = &[
    Field::text("host", "The server's name.").required().leads(),
    Field::number("port", "Its port; 587, or 465 with implicit encryption.").leads(),
    Field::choice(
        "tls",
        "How the connection is encrypted; starttls if nothing is said.",
        &["starttls", "implicit", "none"],
    )
    .leads(),
    Field::text("user", "Who logs in; nobody if it is empty."),
    Field::secret("password", "The password.").optional(),
    Field::text("from", "The sender's address.").required(),
    Field::text("from_name", "The sender's name."),
    Field::text("reply_to", "Where answers go."),
    Field::text("domain", "The domain in Message-IDs; the sender's if nothing is said."),
    Field::number("connections_max", "How many connections at once."),
    Field::number("timeout_ms", "How long one step may take, in milliseconds."),
];

/// What is to be known of a mail server.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server's name.
    pub host: String,
    /// Its port; 587, or 465 with `tls = "implicit"`.
    pub port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: TlsMode,
    /// Who logs in; nobody if absent.
    pub user: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// The sender's address.
    pub from: String,
    /// The sender's name.
    pub from_name: Option<String>,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// The domain in Message-IDs; that of `from` if absent. It must not change while messages
    /// are under way, or a second copy of one is not taken for the same.
    pub domain: Option<String>,
    /// How many connections at once.
    #[serde(default = "connections_max")]
    pub connections_max: usize,
    /// How long one step of the dialogue may take.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsMode {
    /// From the first byte.
    Implicit,
    /// After `STARTTLS`; a server that does not offer it gets nothing.
    #[default]
    Starttls,
    /// Not at all: on this machine only.
    None,
}

fn connections_max() -> usize {
    4
}

fn timeout_ms() -> u64 {
    30_000
}

impl Settings {
    /// Reads an account's settings.
    pub fn parse(settings: &AccountSettings) -> Result<Self, SettingsFault> {
        let read: Self = super::read_settings(settings)?;
        read.check()?;
        Ok(read)
    }

    fn check(&self) -> Result<(), SettingsFault> {
        let fault = |text: &str| Err(SettingsFault(text.to_owned()));
        let loopback = self.host == "localhost"
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if self.tls == TlsMode::None && !loopback {
            return fault("tls: a server on another machine needs starttls or implicit");
        }
        if self.user.is_some() != self.password.is_some() {
            return fault("user and password: expected both or none");
        }
        if !(1..=50).contains(&self.connections_max) {
            return fault("connections_max: expected 1 to 50");
        }
        if !(100..=120_000).contains(&self.timeout_ms) {
            return fault("timeout_ms: expected 100 to 120000");
        }
        Ok(())
    }
}

/// A mail server, with its open connections.
pub struct Smtp {
    settings: Settings,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    domain: String,
    allow_private: bool,
    slots: Semaphore,
    idle: Mutex<Vec<(Instant, AsyncSmtpConnection)>>,
}

impl Smtp {
    /// A server that nothing was sent to yet; `allow_private` says whether it may be at a private
    /// address.
    pub fn new(settings: Settings, allow_private: bool) -> Result<Self, SettingsFault> {
        let address = |name: &str, text: &str| {
            text.parse::<Address>()
                .map_err(|_| SettingsFault(format!("{name}: expected a mail address")))
        };
        let sender = address("from", &settings.from)?;
        let domain = settings.domain.clone().unwrap_or_else(|| sender.domain().to_owned());
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if domain.is_empty() || !domain.chars().all(plain) {
            return Err(SettingsFault("domain: expected a domain name in ASCII".to_owned()));
        }
        let named = settings.from_name.as_deref();
        if named.is_some_and(|name| name.chars().any(char::is_control)) {
            return Err(SettingsFault("from_name: expected one line".to_owned()));
        }
        let from = Mailbox::new(settings.from_name.clone(), sender);
        let reply_to = settings.reply_to.as_deref().map(|text| address("reply_to", text));
        let reply_to = reply_to.transpose()?.map(|address| Mailbox::new(None, address));
        let slots = Semaphore::new(settings.connections_max);
        let idle = Mutex::default();
        Ok(Self { settings, from, reply_to, domain, allow_private, slots, idle })
    }

    /// Where the server is now, if that is an address which is called.
    pub(super) async fn addresses(&self) -> Result<Vec<SocketAddr>, Unsafe> {
        let Settings { host, port, tls, .. } = &self.settings;
        let default_port = match tls {
            TlsMode::Implicit => 465,
            TlsMode::Starttls | TlsMode::None => 587,
        };
        guard::addresses(host, port.unwrap_or(default_port), self.allow_private).await
    }

    /// The message as bytes, with the envelope that it travels in.
    fn compose(&self, message: &OutgoingMessage) -> Result<(Envelope, Vec<u8>), SendFault> {
        let wrong = |code: &str| {
            SendFault::new(FailureKind::RejectMessage, code, "the message cannot be composed")
        };
        let recipient: Address = message.recipient.parse().map_err(|_| {
            SendFault::new(FailureKind::RejectRecipient, "address", "it is no mail address")
        })?;
        if message.subject.chars().any(char::is_control) {
            return Err(wrong("subject"));
        }
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, recipient.clone()))
            .subject(message.subject.clone())
            .message_id(Some(format!("<{}@{}>", message.notification, self.domain)))
            .header(AutoSubmitted);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let text = message.text.clone();
        let mail = match message.html.clone() {
            Some(html) => builder.multipart(MultiPart::alternative_plain_html(text, html)),
            None => builder.singlepart(SinglePart::plain(text)),
        };
        let mail = mail.map_err(|_| wrong("compose"))?;
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![recipient]);
        Ok((envelope.map_err(|_| wrong("envelope"))?, mail.formatted()))
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, SendFault> {
        while let Some((since, mut connection)) = self.pop() {
            let fresh = since.elapsed() < IDLE_MAX;
            if fresh && self.step(Step::Connect, connection.command(Rset)).await.is_ok() {
                return Ok(connection);
            }
        }
        self.connect().await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendFault> {
        let Settings { host, tls, user, password, timeout_ms, .. } = &self.settings;
        let parameters =
            TlsParameters::new_rustls(host.clone()).map_err(|error| fault(Step::Tls, &error))?;
        let wrapped = (*tls == TlsMode::Implicit).then(|| parameters.clone());
        let hello = ClientId::default();
        let span = Duration::from_millis(*timeout_ms);
        let found = timeout(span, self.addresses()).await;
        let server = found.map_err(|_| outcome::no_answer(Step::Connect))?;
        let server = server.map_err(outcome::not_called)?;
        let connecting =
            AsyncSmtpConnection::connect_tokio1(&*server, Some(span), &hello, wrapped, None);
        let mut connection = self.step(Step::Connect, connecting).await?;
        if *tls == TlsMode::Starttls {
            self.step(Step::Tls, connection.starttls(parameters, &hello)).await?;
        }
        if let (Some(user), Some(password)) = (user, password) {
            let secret = password.expose_secret().to_owned();
            let credentials = Credentials::new(user.clone(), secret);
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            self.step(Step::Auth, connection.auth(&mechanisms, &credentials)).await?;
        }
        Ok(connection)
    }

    async fn deliver(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
        mail: &[u8],
    ) -> Result<Response, SendFault> {
        let mut options = Vec::new();
        let addresses = envelope.to().iter().chain(envelope.from());
        if addresses.into_iter().any(|address| !AsRef::<str>::as_ref(address).is_ascii()) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let text = "the server does not know SMTPUTF8";
                return Err(SendFault::new(FailureKind::RejectMessage, "smtputf8", text));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let sender = Mail::new(envelope.from().cloned(), options);
        self.step(Step::Mail, connection.command(sender)).await?;
        for recipient in envelope.to() {
            let recipient = Rcpt::new(recipient.clone(), Vec::new());
            self.step(Step::Rcpt, connection.command(recipient)).await?;
        }
        self.step(Step::Data, connection.command(Data)).await?;
        let body = timeout(FINAL_DOT, connection.message(mail));
        match body.await {
            Ok(answer) => answer.map_err(|error| fault(Step::Body, &error)),
            Err(_) => Err(outcome::no_answer(Step::Body)),
        }
    }

    async fn step<T>(
        &self,
        step: Step,
        work: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
    ) -> Result<T, SendFault> {
        match timeout(Duration::from_millis(self.settings.timeout_ms), work).await {
            Ok(answer) => answer.map_err(|error| fault(step, &error)),
            Err(_) => Err(outcome::no_answer(step)),
        }
    }

    fn pop(&self) -> Option<(Instant, AsyncSmtpConnection)> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((Instant::now(), connection));
    }
}

#[async_trait]
impl NotificationChannel for Smtp {
    async fn send(&self, message: &OutgoingMessage) -> Result<Accepted, SendFault> {
        let (envelope, mail) = self.compose(message)?;
        let _slot = self.slots.acquire().await.map_err(|_| {
            SendFault::new(FailureKind::RetryBackoff, "closed", "the channel is closed")
        })?;
        let mut connection = self.connection().await?;
        let answer = self.deliver(&mut connection, &envelope, &mail).await;
        match answer {
            Ok(response) => {
                self.keep(connection);
                let said = response.first_line().map(|line| excerpt(line, 200));
                Ok(Accepted { provider_id: said })
            }
            // Whatever state the dialogue is in, the next message begins a new one. Servers like
            // to repeat the recipient, as given or in lower case.
            Err(mut fault) => {
                let said = fault.failure.message.replace(&message.recipient, "***");
                fault.failure.message = said.replace(&message.recipient.to_lowercase(), "***");
                Err(fault)
            }
        }
    }
}

/// Keeps out-of-office answers away (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
#[path = "smtp_tests.rs"]
mod smtp_tests;
