//! A node: the engine with everything that bridges it to the outside.

use crate::engine::{Engine, EngineSettings};
use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use kontor_actors::{
    domain_actor::DomainLimits, follower::Follow, intake::Intake, policies::follower::Policies,
};
use kontor_adapters::{
    amqp::{AmqpSettings, Broker, Commands, Desk, Relay},
    dispatch::{
        accounts::TenantAccounts,
        belongings::Belongings,
        erasures::Erasures,
        imports::{Imports, files::FeedFiles},
        letters::Letters,
        notifications::{NotificationSender, Texts},
        payments::PaymentCalls,
        reconciliation::Reconciliations,
        replays::WebhookReplays,
        webhooks::{WebhookChoice, WebhookPosts},
    },
    gateways::{
        Accounts, GatewaySettings,
        http::Http,
        webhooks::{Sender, SenderSettings},
    },
    hook_address::HookAddresses,
    http::{self, Api, HttpSettings, RenderMetrics, Ties},
    identity::{Identity, IdentitySettings, Vault},
    invitation::Links,
    media::{Media, MediaSettings},
    search::{Search, SearchKeeper},
    store::{self, StoreSettings},
};
use kontor_config::Settings;
use kontor_messages::tenant::AccountSettings;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::{
    future::Future,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::net::TcpListener;
use tower::{ServiceExt, util::BoxCloneSyncService};

/// Bytes of an answer of the API to the node itself at most.
const ANSWER_MAX: usize = 1024 * 1024;

/// What a node is made of.
#[derive(Clone, Debug)]
pub struct NodeSettings {
    /// The node's own files; with the embedded database, that too.
    pub data_dir: PathBuf,
    /// The database.
    pub store: StoreSettings,
    /// The engine.
    pub engine: EngineSettings,
    /// The API.
    pub http: HttpSettings,
    /// Users and tokens.
    pub identity: IdentitySettings,
    /// Pictures, films and papers of products.
    pub media: MediaSettings,
    /// RabbitMQ, if there is one.
    pub amqp: Option<AmqpSettings>,
    /// How endpoints of tenants are called.
    pub webhooks: SenderSettings,
    /// How providers and mail servers of tenants are called.
    pub gateways: GatewaySettings,
    /// The mail server of tenants that have none of their own.
    pub mail: Option<AccountSettings>,
    /// The provider of text messages of tenants that have none of their own.
    pub sms: Option<(String, AccountSettings)>,
}

impl NodeSettings {
    /// A node as the settings want it.
    pub fn of(mut settings: Settings) -> Self {
        // What may be called may be subscribed.
        settings.http.webhooks_to_private = settings.webhooks.allow_private;
        let engine = EngineSettings {
            shards: settings.engine.shards,
            readers: settings.engine.readers,
            domain: DomainLimits { memory_max: settings.engine.memory_max, idle: settings.idle() },
            journal: settings.journal,
            admission: settings.admission,
            ..EngineSettings::default()
        };
        Self {
            data_dir: settings.data_dir,
            store: settings.store,
            engine,
            http: settings.http,
            identity: settings.identity,
            media: settings.media,
            amqp: settings.amqp.url.is_some().then_some(settings.amqp),
            webhooks: settings.webhooks,
            gateways: settings.gateways,
            mail: settings.smtp.account().map(AccountSettings),
            sms: settings.sms.account().map(|(name, account)| (name, AccountSettings(account))),
        }
    }

    /// Defaults, on a folder and a database (which may be in that folder).
    pub fn at(data_dir: &Path, database: impl Into<String>) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            store: StoreSettings::at(database),
            engine: EngineSettings::default(),
            http: HttpSettings::default(),
            identity: IdentitySettings::default(),
            media: MediaSettings::default(),
            amqp: None,
            webhooks: SenderSettings::default(),
            gateways: GatewaySettings::default(),
            mail: None,
            sms: None,
        }
    }
}

/// Ready when the process is told to stop: SIGTERM or SIGINT.
pub async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

/// What a node is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// To run: it follows the journal and talks to the outside.
    Serve,
    /// To carry out one command. What follows from it, the next node that serves does.
    Tool,
}

/// A running node.
pub struct Node {
    engine: Engine,
    api: Api,
    /// Made once, for it describes itself, which takes a while.
    router: OnceLock<Router>,
    admin_token: SecretString,
    broker: Option<(Broker, Commands)>,
    data_dir: PathBuf,
    amqp: Option<Broker>,
}

impl Node {
    /// Starts everything but the listener.
    pub async fn start(mut settings: NodeSettings, role: Role) -> Result<Self, String> {
        // Followers take hold of their figures when they begin, and with a journal that is at once.
        let metrics = crate::figures::render()?;
        let store = store::open(&settings.store).await.map_err(|fault| fault.to_string())?;
        let admin_token = match &settings.http.admin_token {
            Some(token) => token.clone(),
            None => random_token(),
        };
        settings.http.admin_token = Some(admin_token.clone());
        let broker = match settings.amqp.take().filter(|_| role == Role::Serve) {
            Some(amqp) => Some(Broker::start(amqp).map_err(|fault| fault.to_string())?),
            None => None,
        };
        let outside = Outside::open(&settings)?;
        let mut accounts = None;
        let engine = Engine::start(store, settings.engine, |intake| {
            let known = accounts.insert(outside.accounts(intake));
            match role {
                Role::Serve => outside.follows(intake, known, broker.as_ref()),
                Role::Tool => Vec::new(),
            }
        });
        let engine = engine.await?;
        let intake = engine.intake().clone();
        let ties = outside.ties(&intake, accounts, metrics)?;
        let api = Api::new(settings.http, intake, ties);
        let commands = broker.clone().filter(|broker| broker.settings().consume).map(|broker| {
            let desk = Arc::new(Desk::new(engine.intake().clone()));
            (broker.clone(), Commands::start(broker, desk))
        });
        let data_dir = settings.data_dir;
        let router = OnceLock::new();
        Ok(Self { engine, api, router, admin_token, broker: commands, data_dir, amqp: broker })
    }

    /// The way in.
    pub fn intake(&self) -> &Intake {
        self.engine.intake()
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The API, for calls inside this process.
    pub fn router(&self) -> Router {
        self.router.get_or_init(|| http::router(&self.api)).clone()
    }

    /// The pages at `/console`: a client of the API in this process.
    fn console(&self) -> Result<Router, String> {
        let secret = self.console_secret();
        kontor_console::router(BoxCloneSyncService::new(self.router()), &secret)
    }

    /// All nodes of a house share it, so a browser may come to any of them.
    fn console_secret(&self) -> [u8; 32] {
        self.api.identity().vault().derive("console", "cookies")
    }

    /// Where a node that nobody knows yet is set up, once; none if somebody does.
    pub async fn setup_link(&self, address: SocketAddr) -> Option<String> {
        let token = self.admin_token.expose_secret();
        let asked = Request::get("/v1/users?limit=1")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty())
            .ok()?;
        let Ok(answer) = self.router().oneshot(asked).await;
        let body = axum::body::to_bytes(answer.into_body(), ANSWER_MAX).await.ok()?;
        let users: serde_json::Value = serde_json::from_slice(&body).ok()?;
        let nobody = users["items"].as_array().is_some_and(Vec::is_empty);
        let code = kontor_console::setup_code(&self.console_secret(), token).filter(|_| nobody)?;
        Some(format!("http://{address}/console/setup#{code}"))
    }

    /// What the platform operator calls the API with.
    pub fn admin_token(&self) -> SecretString {
        self.admin_token.clone()
    }

    /// The broker's connection, if there is one.
    pub fn broker(&self) -> Option<&Broker> {
        self.amqp.as_ref()
    }

    /// Serves the API until `shutdown`, or until another node owns what this one writes; then
    /// lets nobody in, finishes what is under way, keeps it, and ends.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), String> {
        let address = listener.local_addr().map_err(|fault| fault.to_string())?;
        let console = self.console()?;
        let run_file = RunFile {
            url: format!("http://{address}"),
            token: self.admin_token.expose_secret().into(),
            pid: std::process::id(),
        };
        run_file.write(&self.data_dir)?;
        let mut deposed = self.intake().ground().journal.stopped();
        let admission = self.intake().admission().clone();
        let mut lost = deposed.clone();
        let ending = async move {
            tokio::select! {
                () = shutdown => {}
                _ = deposed.wait_for(Option::is_some) => {}
            }
            admission.close();
        };
        let app = self.router().merge(console);
        let served = http::serve(listener, self.api.clone(), app, ending).await;
        RunFile::remove(&self.data_dir);
        self.stop().await;
        let reason = lost.borrow_and_update().clone();
        match reason {
            Some(reason) => Err(reason),
            None => served.map_err(|fault| fault.to_string()),
        }
    }

    /// Lets nobody in, finishes what is under way, keeps it, ends.
    pub async fn stop(self) {
        if let Some((_, commands)) = self.broker {
            commands.stop().await;
        }
        self.engine.stop().await;
        if let Some(broker) = self.amqp {
            broker.stop().await;
        }
    }
}

/// The ways out of a node.
struct Outside {
    http: Http,
    webhooks: Arc<Sender>,
    gateways: GatewaySettings,
    mail: Option<AccountSettings>,
    sms: Option<(String, AccountSettings, Http)>,
    vault: Vault,
    identity: IdentitySettings,
    /// Where feeds of suppliers are kept.
    feeds: FeedFiles,
    media: Media,
    /// Where indexes of products are, and they, once there is an engine.
    index_dir: PathBuf,
    search: OnceLock<Search>,
    /// Where the node is reached from outside.
    public: Option<url::Url>,
}

impl Outside {
    fn open(settings: &NodeSettings) -> Result<Self, String> {
        let webhooks = Sender::new(&settings.webhooks).map_err(|fault| fault.to_string())?;
        let gateways = settings.gateways.clone();
        let (http, mail) = (Http::new(gateways.allow_private)?, settings.mail.clone());
        let identity = settings.identity.clone();
        let vault = Vault::of_node(identity.secret.as_ref(), &settings.data_dir);
        let vault = vault.map_err(|fault| format!("identity.secret: {fault}"))?;
        let sms = settings.sms.clone().map(|(provider, account)| {
            // The operator's own provider may be at a private address.
            Http::new(true).map(|http| (provider, account, http))
        });
        let (webhooks, sms) = (Arc::new(webhooks), sms.transpose()?);
        let public = settings.http.public_url.clone();
        let feeds = FeedFiles::new(settings.data_dir.join("feeds"));
        let media = Media::open(&settings.data_dir.join("media"), settings.media.clone())?;
        let (index_dir, search) = (settings.data_dir.join("search"), OnceLock::new());
        Ok(Self {
            http,
            webhooks,
            gateways,
            mail,
            sms,
            vault,
            identity,
            feeds,
            media,
            index_dir,
            search,
            public,
        })
    }

    fn accounts(&self, intake: &Intake) -> Arc<Accounts> {
        let settings = Arc::new(TenantAccounts::new(intake.clone()));
        let hooks = HookAddresses::new(Arc::new(self.vault.clone()), self.public.clone());
        let accounts = Accounts::new(settings, self.http.clone()).waiting(&self.gateways);
        Arc::new(accounts.told_at(hooks))
    }

    /// One set of indexes for whoever writes and whoever asks.
    fn search(&self, intake: &Intake) -> Search {
        let new = || Search::new(intake.clone(), self.index_dir.clone());
        self.search.get_or_init(new).clone()
    }

    /// What the API needs besides the domains.
    fn ties(
        &self,
        intake: &Intake,
        accounts: Option<Arc<Accounts>>,
        metrics: RenderMetrics,
    ) -> Result<Ties, String> {
        let hosts = Arc::clone(intake.hosts());
        let identity = Identity::new(intake.clone(), self.vault.clone(), &self.identity);
        let identity = identity.map_err(|fault| fault.to_string())?;
        Ok(Ties {
            metrics,
            accounts: accounts.unwrap_or_else(|| self.accounts(intake)),
            client: self.http.clone(),
            release: Arc::new(move |tenant, domain| hosts.release(domain, tenant)),
            bearers: Some(Arc::new(identity.clone())),
            secrets: Some(Arc::new(identity.vault().clone())),
            identity,
            feeds: self.feeds.clone(),
            media: Some(self.media.clone()),
            search: Some(self.search(intake)),
        })
    }

    /// Everything that follows the journal, one line each.
    fn follows(
        &self,
        intake: &Intake,
        accounts: &Arc<Accounts>,
        broker: Option<&Broker>,
    ) -> Vec<Arc<dyn Follow>> {
        let letters = Letters::new(self.vault.clone(), self.identity.clone());
        let page = self.identity.link.as_ref();
        let page = page.map(|page| page.replace("{action}", "accept-invitation"));
        let links = Links { secrets: Arc::new(self.vault.clone()), page };
        let texts = Texts { http: self.http.clone(), fallback: self.sms.clone() };
        let payments = PaymentCalls::new(intake.clone(), Arc::clone(accounts));
        let mails = NotificationSender::new(intake.clone(), self.mail.clone(), letters);
        let mails = mails.with_reach(&self.gateways);
        let mut follows: Vec<Arc<dyn Follow>> = vec![
            Arc::new(Policies::new(intake.clone())),
            Arc::new(payments.reached_at(self.public.clone())),
            Arc::new(mails.with_links(Some(links)).with_texts(texts)),
            Arc::new(WebhookChoice::new(intake.clone())),
            Arc::new(WebhookPosts::new(intake.clone(), self.webhooks.clone())),
            Arc::new(WebhookReplays::new(intake.clone())),
            Arc::new(Erasures::new(intake.clone())),
            Arc::new(SearchKeeper::new(self.search(intake))),
            Arc::new(Belongings::new(self.media.clone(), self.search(intake))),
            Arc::new(Reconciliations::new(intake.clone(), Arc::clone(accounts))),
            Arc::new(Imports::new(intake.clone(), self.feeds.clone(), self.http.clone())),
        ];
        follows
            .extend(broker.map(|broker| Arc::new(Relay::new(broker.clone())) as Arc<dyn Follow>));
        follows
    }
}

/// Says how to reach the node that runs on a data folder. Readable by its owner only.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunFile {
    /// Where it listens.
    pub url: String,
    /// The operator's token.
    pub token: String,
    /// The process.
    pub pid: u32,
}

impl RunFile {
    /// The node that runs on this folder, if it answers.
    pub async fn of_running(data_dir: &Path) -> Option<Self> {
        let text = tokio::fs::read_to_string(Self::path(data_dir)).await.ok()?;
        let found: Self = serde_json::from_str(&text).ok()?;
        let http = kontor_sandbox::plain_client(Duration::from_secs(2)).ok()?;
        let answer = http.get(format!("{}/ping", found.url)).send().await.ok()?;
        answer.status().is_success().then_some(found)
    }

    fn write(&self, data_dir: &Path) -> Result<(), String> {
        let wrong =
            |fault: std::io::Error| format!("{} cannot be written: {fault}", data_dir.display());
        std::fs::create_dir_all(data_dir).map_err(wrong)?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(Self::path(data_dir)).map_err(wrong)?;
        let text = serde_json::to_string(self).map_err(|broken| broken.to_string())?;
        file.write_all(text.as_bytes()).map_err(wrong)
    }

    fn remove(data_dir: &Path) {
        let _ = std::fs::remove_file(Self::path(data_dir));
    }

    fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("kontor.run")
    }
}

/// Two random UUIDs of the system's secure generator: 244 random bits.
fn random_token() -> SecretString {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple()).into()
}
