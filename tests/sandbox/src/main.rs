//! Starts the stand-ins and prints where they listen, as one line of JSON.

use std::io::{self, Write};
use std::net::SocketAddr;

use clap::Parser;
use kontor_sandbox::{Sandbox, SandboxConfig, StripeAccount, WebhookEndpoint};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Stand-ins for Stripe, a mail server and a webhook receiver.
#[derive(Parser)]
#[command(name = "kontor-sandbox", version)]
struct Arguments {
    /// Where the Stripe stand-in listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    stripe: SocketAddr,
    /// Where the SMTP stand-in listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    smtp: SocketAddr,
    /// Where the webhook receiver listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    receiver: SocketAddr,
    /// Where the other payment providers listen, each under its own path
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    providers: SocketAddr,
    /// How payers reach the Stripe stand-in, if not by its listening address
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// An account with its webhook endpoint; may be given several times
    #[arg(long, value_name = "API_KEY,URL,SECRET", value_parser = account)]
    account: Vec<StripeAccount>,
    /// Refuse API keys that belong to no given or registered account
    #[arg(long)]
    known_keys_only: bool,
    /// Makes chance repeatable
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    let arguments = Arguments::parse();
    let sandbox = Sandbox::start(SandboxConfig {
        stripe: arguments.stripe,
        smtp: arguments.smtp,
        receiver: arguments.receiver,
        providers: arguments.providers,
        public_url: arguments.public_url,
        accounts: arguments.account,
        known_keys_only: arguments.known_keys_only,
        seed: arguments.seed,
        ..SandboxConfig::default()
    })
    .await?;
    let addresses = json!({
        "stripe": sandbox.stripe().base_url(), "smtp": sandbox.smtp().address().to_string(),
        "receiver": sandbox.receiver().base_url(),
        "providers": sandbox.providers().addresses(),
    });
    writeln!(io::stdout(), "{addresses}")?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    sandbox.shutdown().await;
    Ok(())
}

/// Reads `API_KEY,URL,SECRET`.
fn account(text: &str) -> Result<StripeAccount, String> {
    let parts: Vec<&str> = text.split(',').collect();
    let [api_key, url, secret] = parts.as_slice() else {
        return Err("give an API key, a URL and a secret with commas between".to_owned());
    };
    let webhook = WebhookEndpoint { url: (*url).to_owned(), secret: (*secret).to_owned() };
    Ok(StripeAccount { api_key: (*api_key).to_owned(), webhooks: vec![webhook] })
}
