//! The settings: what is said nowhere stands in one commented file that is compiled in, a file may
//! change it, the environment wins over the file, and the command line over both.
//!
//! Each component has its own settings; here they are only put together. Every mistake is told at
//! once, each with its key. Secrets are never printed.

mod check;
mod layers;
mod mistakes;
mod print;
mod sms;
mod smtp;
#[cfg(test)]
mod tests;

pub use mistakes::{Mistake, Mistakes};
pub use sms::SmsSettings;
pub use smtp::SmtpSettings;

use kontor_actors::{admission::AdmissionSettings, journal::JournalSettings};
use kontor_adapters::{
    amqp::AmqpSettings,
    gateways::{GatewaySettings, webhooks::SenderSettings},
    http::HttpSettings,
    identity::IdentitySettings,
    media::MediaSettings,
    store::StoreSettings,
    telemetry::{LogSettings, OtlpSettings},
};
use layers::{Layer, Tree};
use secrecy::SecretString;
use serde::Deserialize;
use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// The settings that hold if nothing is said, with an explanation of each.
pub const DEFAULT_FILE: &str = include_str!("../kontor.default.toml");
/// The file that is read if none is named.
pub const FILE: &str = "kontor.toml";

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the node keeps on disk.
    pub data_dir: PathBuf,
    /// The API.
    pub http: HttpSettings,
    /// Users and tokens.
    pub identity: IdentitySettings,
    /// Pictures, films and papers of products.
    pub media: MediaSettings,
    /// The database.
    pub store: StoreSettings,
    /// Shards and memory.
    pub engine: EngineSection,
    /// The journal's writers.
    pub journal: JournalSettings,
    /// Limits at the door.
    pub admission: AdmissionSettings,
    /// RabbitMQ.
    pub amqp: AmqpSettings,
    /// Calls of tenants' endpoints.
    pub webhooks: SenderSettings,
    /// Calls of tenants' accounts at providers and of their mail servers.
    pub gateways: GatewaySettings,
    /// The mail server of tenants that have none.
    pub smtp: SmtpSettings,
    /// The provider of text messages of tenants that have none.
    pub sms: SmsSettings,
    /// Log lines.
    pub log: LogSettings,
    /// Traces.
    pub otlp: OtlpSettings,
    /// All of it as one tree, secrets taken out.
    shown: serde_json::Value,
}

/// How the engine is laid out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineSection {
    /// Shards of a database that is laid out now.
    pub shards: u32,
    /// Tasks that read for everybody.
    pub readers: u32,
    /// Entities and keys that one domain of one tenant keeps in memory.
    pub memory_max: usize,
    /// Without a command for so long, a domain of a tenant goes to sleep.
    pub idle_s: u64,
}

/// What the command line says.
#[derive(Clone, Default)]
pub struct Overrides {
    /// `http.listen`.
    pub listen: Option<String>,
    /// `data_dir`.
    pub data_dir: Option<PathBuf>,
    /// `store.url`.
    pub database_url: Option<String>,
    /// `amqp.url`.
    pub amqp_url: Option<String>,
    /// `http.admin_token`.
    pub admin_token: Option<SecretString>,
    /// `log.filter`.
    pub log_filter: Option<String>,
    /// Any other key, such as `webhooks.allow_private`, with its value as the environment has it.
    pub others: Vec<(String, String)>,
}

/// The sections as they are read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sections {
    data_dir: PathBuf,
    http: HttpSettings,
    identity: IdentitySettings,
    media: MediaSettings,
    store: StoreSettings,
    engine: EngineSection,
    journal: JournalSettings,
    admission: AdmissionSettings,
    amqp: AmqpSettings,
    webhooks: SenderSettings,
    gateways: GatewaySettings,
    smtp: SmtpSettings,
    sms: SmsSettings,
    log: LogSettings,
    otlp: OtlpSettings,
}

/// Reads all that is said: this file, or `kontor.toml` if there is one, the environment, and the
/// command line.
pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Settings, Mistakes> {
    let place = file.unwrap_or(Path::new(FILE));
    let mut mistakes = Vec::new();
    let text = match std::fs::read_to_string(place) {
        Ok(text) => Some((place.display().to_string(), text)),
        Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            mistakes.push(Mistake::new("", place.display(), format!("cannot be read: {error}")));
            None
        }
    };
    let text = text.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    read(text, std::env::vars_os(), overrides, mistakes)
}

/// The same without the outside: a file by its name and text, variables, and the command line.
pub fn parse(
    file: Option<(&str, &str)>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    overrides: &Overrides,
) -> Result<Settings, Mistakes> {
    read(file, environment.into_iter(), overrides, Vec::new())
}

fn read(
    file: Option<(&str, &str)>,
    environment: impl Iterator<Item = (OsString, OsString)>,
    overrides: &Overrides,
    mut mistakes: Vec<Mistake>,
) -> Result<Settings, Mistakes> {
    let mut tree = Tree::defaults();
    let file = file.and_then(|(name, text)| {
        Layer::file(name, text).map_err(|mistake| mistakes.push(mistake)).ok()
    });
    let environment = Layer::environment(environment, &tree, &mut mistakes);
    let flags = Layer::flags(overrides, &tree);
    for layer in file.into_iter().chain([environment, flags]) {
        tree.lay(layer, &mut mistakes);
    }
    tree.find_out();
    match tree.sections() {
        Ok(sections) => {
            check::check(&sections, &tree, &mut mistakes);
            if mistakes.is_empty() {
                return Ok(Settings::of(sections, print::shown(&tree)));
            }
        }
        // Each value was tried by itself, so only what is missing is left.
        Err(mistake) => mistakes.push(mistake),
    }
    Err(Mistakes::from(mistakes))
}

impl Settings {
    fn of(sections: Sections, shown: serde_json::Value) -> Self {
        let Sections { data_dir, http, store, engine, journal, admission, amqp, webhooks, .. } =
            sections;
        let Sections { gateways, smtp, sms, log, otlp, identity, media, .. } = sections;
        Self {
            data_dir,
            http,
            identity,
            media,
            store,
            engine,
            journal,
            admission,
            amqp,
            webhooks,
            gateways,
            smtp,
            sms,
            log,
            otlp,
            shown,
        }
    }

    /// Where the API listens.
    pub fn listen(&self) -> SocketAddr {
        self.http.listen
    }

    /// The platform operator's token, if there is one.
    pub fn admin_token(&self) -> Option<SecretString> {
        self.http.admin_token.clone()
    }

    /// Without a command for so long, a domain of a tenant goes to sleep.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.engine.idle_s)
    }

    /// The settings in force, as TOML or as JSON; in place of secrets stands `***`.
    pub fn print(&self, json: bool) -> String {
        print::print(&self.shown, json)
    }
}
