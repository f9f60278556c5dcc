//! `kontor dead-letter ...`: reads the database itself, over all shops; what changes something is a
//! call of the API.

use super::{Place, client::Client, commands::one, print};
use clap::Subcommand;
use kontor_actors::store::{DeadLetter, LetterQuery};
use kontor_adapters::store::open_beside;
use kontor_messages::TenantId;
use serde_json::{Value, json};
use std::process::ExitCode;

const COLUMNS: [(&str, &str); 6] = [
    ("ID", "/id"),
    ("TENANT", "/tenant"),
    ("SOURCE", "/source"),
    ("ATTEMPTS", "/attempts"),
    ("NEXT TRY", "/retry_at"),
    ("REASON", "/reason"),
];
const LISTED_MAX: u32 = 200;

/// `kontor dead-letter ...`
#[derive(Debug, Subcommand)]
pub enum DeadLetterCommand {
    /// List what could not be done.
    List {
        /// Only this shop's.
        #[arg(long)]
        tenant: Option<TenantId>,
        /// Only after this one.
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// One, with its payload.
    Show {
        /// Which.
        id: String,
    },
    /// Try it again now.
    Retry {
        /// Which.
        id: String,
    },
    /// Forget it.
    Drop {
        /// Which.
        id: String,
    },
}

/// What could not be done.
pub async fn run(
    place: &Place,
    json: bool,
    command: DeadLetterCommand,
) -> Result<ExitCode, String> {
    match command {
        DeadLetterCommand::List { tenant, after } => {
            let query = LetterQuery { tenant, after, limit: LISTED_MAX, ..LetterQuery::default() };
            let letters: Vec<Value> = read(place, &query).await?.iter().map(document).collect();
            let full = letters.len() == LISTED_MAX as usize;
            let last = letters.last().filter(|_| full).map(|letter| letter["id"].clone());
            print::items(json, &json!({ "items": letters, "next_cursor": last }), &COLUMNS);
        }
        DeadLetterCommand::Show { id } => {
            let letter = document(&letter(place, id).await?);
            let pretty = serde_json::to_string_pretty(&letter).unwrap_or_default();
            println!("{}", if json { letter.to_string() } else { pretty });
        }
        DeadLetterCommand::Retry { id } => {
            let path = format!("/v1/dead-letters/{id}/retry");
            let answer = call(place, id, "POST", &path).await?;
            one(json, &answer, &COLUMNS);
        }
        DeadLetterCommand::Drop { id } => {
            let path = format!("/v1/dead-letters/{id}");
            let answer = call(place, id, "DELETE", &path).await?;
            one(json, &answer, &COLUMNS);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A call of the API for the shop that the letter belongs to.
async fn call(place: &Place, id: String, method: &str, path: &str) -> Result<Value, String> {
    let letter = letter(place, id).await?;
    let tenant = letter.tenant.as_ref().map(TenantId::as_str);
    let client = Client::open(place).await?;
    let answer = client.call(method, path, tenant, None).await;
    client.close().await;
    answer
}

async fn letter(place: &Place, id: String) -> Result<DeadLetter, String> {
    let query = LetterQuery { id: Some(id.clone()), limit: 1, ..LetterQuery::default() };
    let found = read(place, &query).await?.into_iter().next();
    found.ok_or_else(|| format!("there is no dead letter {id}"))
}

async fn read(place: &Place, query: &LetterQuery) -> Result<Vec<DeadLetter>, String> {
    let settings = super::load(place, &place.overrides())?;
    let store = open_beside(&settings.store).await.map_err(|fault| fault.to_string())?;
    store.dead_letters(query).await.map_err(|fault| fault.to_string())
}

fn document(letter: &DeadLetter) -> Value {
    let payload: Value = serde_json::from_str(&letter.payload)
        .unwrap_or_else(|_| Value::String(letter.payload.clone()));
    json!({
        "id": letter.id,
        "tenant": letter.tenant,
        "source": letter.source,
        "lane": letter.lane,
        "event": letter.event.map(|(shard, seq)| format!("{shard}-{seq}")),
        "reason": letter.reason,
        "payload": payload,
        "attempts": letter.attempts,
        "retry_at": letter.retry_at,
        "at": letter.at,
    })
}
