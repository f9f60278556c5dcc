//! Commands that are calls of the API.

use super::{Place, client::Client, print};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;

/// `kontor tenant ...`
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Create a shop.
    Create(TenantArgs),
    /// List the shops.
    List,
    /// Reads only, until resumed.
    Suspend {
        /// The shop.
        tenant: String,
        /// Why.
        #[arg(long, default_value = "by the operator")]
        reason: String,
    },
    /// Let a suspended shop trade again.
    Resume {
        /// The shop.
        tenant: String,
    },
}

/// What a new shop is.
#[derive(Args, Debug)]
pub struct TenantArgs {
    /// Its short name: a-z, 0-9 and -.
    tenant: String,
    /// Its name for people [default: the short name].
    #[arg(long)]
    name: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[arg(long, default_value = "CZ")]
    country: String,
    /// ISO 4217.
    #[arg(long, default_value = "CZK")]
    currency: String,
    /// IANA time zone.
    #[arg(long, default_value = "Europe/Prague")]
    time_zone: String,
}

/// `kontor key ...`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create a key; its secret is shown this once.
    Create {
        /// The shop.
        #[arg(long)]
        tenant: String,
        /// What it is for.
        #[arg(long, default_value = "cli")]
        name: String,
        /// What it may do, such as orders:write; repeatable.
        #[arg(long = "scope", default_value = "*")]
        scopes: Vec<String>,
    },
    /// End a key.
    Revoke {
        /// The shop.
        #[arg(long)]
        tenant: String,
        /// The key's id.
        key: String,
    },
}

/// `kontor quarantine ...`
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List what is out of service.
    List,
    /// Let it serve again.
    Release {
        /// The shop.
        tenant: String,
        /// The domain, such as order.
        domain: String,
    },
}

/// `kontor config ...`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say every mistake at once; exit code 0 or 1.
    Check,
    /// Print the settings in force; secrets are left out.
    Print,
}

/// Shops.
pub async fn tenant(place: &Place, json: bool, command: TenantCommand) -> Result<ExitCode, String> {
    let client = Client::open(place).await?;
    let result = match &command {
        TenantCommand::Create(args) => {
            let body = json!({
                "tenant": args.tenant,
                "settings": {
                    "name": args.name.as_ref().unwrap_or(&args.tenant),
                    "country": args.country,
                    "currency": args.currency,
                    "time_zone": args.time_zone,
                },
            });
            client.call("POST", "/v1/tenants", None, Some(&body)).await
        }
        TenantCommand::List => client.call("GET", "/v1/tenants?limit=200", None, None).await,
        TenantCommand::Suspend { tenant, reason } => {
            let path = format!("/v1/tenants/{tenant}/suspend");
            client.call("POST", &path, None, Some(&json!({ "reason": reason }))).await
        }
        TenantCommand::Resume { tenant } => {
            client.call("POST", &format!("/v1/tenants/{tenant}/resume"), None, None).await
        }
    };
    client.close().await;
    let value = result?;
    let columns = [
        ("TENANT", "/id"),
        ("NAME", "/settings/name"),
        ("STATUS", "/status"),
        ("SINCE", "/created_at"),
    ];
    match command {
        TenantCommand::List => print::items(json, &value, &columns),
        _ => one(json, &value, &columns),
    }
    Ok(ExitCode::SUCCESS)
}

/// API keys.
pub async fn key(place: &Place, json: bool, command: KeyCommand) -> Result<ExitCode, String> {
    let client = Client::open(place).await?;
    let result = match &command {
        KeyCommand::Create { tenant, name, scopes } => {
            let body = json!({ "name": name, "scopes": scopes });
            client.call("POST", "/v1/keys", Some(tenant), Some(&body)).await
        }
        KeyCommand::Revoke { tenant, key } => {
            client.call("DELETE", &format!("/v1/keys/{key}"), Some(tenant), None).await
        }
    };
    client.close().await;
    let value = result?;
    match value.get("token").and_then(Value::as_str).filter(|_| !json) {
        // Alone on standard output, so that a script can take it.
        Some(token) => println!("{token}"),
        None => one(json, &value, &[("KEY", "/id"), ("NAME", "/name"), ("REVOKED", "/revoked_at")]),
    }
    Ok(ExitCode::SUCCESS)
}

/// What is out of service.
pub async fn quarantine(
    place: &Place,
    json: bool,
    command: QuarantineCommand,
) -> Result<ExitCode, String> {
    // Quarantines are a running node's; a fresh one has none.
    let client = Client::running(place).await?;
    let result = match &command {
        QuarantineCommand::List => client.call("GET", "/v1/quarantine", None, None).await,
        QuarantineCommand::Release { tenant, domain } => {
            let path = format!("/v1/quarantine/{tenant}/{domain}/release");
            client.call("POST", &path, None, None).await
        }
    };
    let columns =
        [("TENANT", "/tenant"), ("DOMAIN", "/domain"), ("SINCE", "/since"), ("REASON", "/reason")];
    match command {
        QuarantineCommand::List => print::items(json, &result?, &columns),
        QuarantineCommand::Release { .. } => one(json, &result?, &columns),
    }
    Ok(ExitCode::SUCCESS)
}

/// Settings.
pub fn config(place: &Place, json: bool, command: &ConfigCommand) -> Result<ExitCode, String> {
    match (kontor_config::load(place.config.as_deref(), &place.overrides()), command) {
        (Ok(_), ConfigCommand::Check) => {
            if json {
                println!("{}", json!({ "ok": true, "mistakes": [] }));
            } else {
                println!("the settings are good");
            }
            Ok(ExitCode::SUCCESS)
        }
        (Ok(settings), ConfigCommand::Print) => {
            print!("{}", settings.print(json));
            Ok(ExitCode::SUCCESS)
        }
        (Err(mistakes), _) if json => {
            println!("{}", json!({ "ok": false, "mistakes": mistakes.lines() }));
            Ok(ExitCode::FAILURE)
        }
        (Err(mistakes), _) => Err(mistakes.to_string()),
    }
}

/// Whether a running node can serve.
pub async fn health(place: &Place, json: bool) -> Result<ExitCode, String> {
    let client = Client::running(place).await?;
    let value = client.call("GET", "/ready", None, None).await?;
    if json {
        println!("{value}");
    } else {
        println!("ready");
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn one(json: bool, value: &Value, columns: &[(&str, &str)]) {
    if json {
        println!("{value}");
    } else if !value.is_null() {
        print::table(std::slice::from_ref(value), columns);
    }
}
