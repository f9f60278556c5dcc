//! `kontor user ...` and `kontor identity ...`.

use super::{Place, client::Client, commands::one, print};
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Rows that go to the node at once.
const ROWS_AT_ONCE: usize = 100;
/// The longest file.
const FILE_MAX: u64 = 256 << 20;
/// Members of a row.
const FIELDS: [&str; 5] = ["email", "password_hash", "name", "phone", "verified"];
const COLUMNS: [(&str, &str); 4] =
    [("USER", "/id"), ("EMAIL", "/email"), ("NAME", "/name"), ("PLATFORM ROLE", "/platform_role")];

/// `kontor user ...`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Take over users of another system with their passwords' hashes (bcrypt or argon2id). Who is
    /// here already stays as they are; bad rows are told and keep no others from being taken.
    Import {
        /// Columns or members: email, password_hash, name, phone, verified.
        file: PathBuf,
        /// How it is written [default: by the file's name, else csv].
        #[arg(long)]
        format: Option<Format>,
    },
    /// Make somebody a user; prints the link or token that sets their first password, once.
    Create {
        /// The mail address.
        #[arg(long)]
        email: String,
        /// The name.
        #[arg(long, default_value = "")]
        name: String,
        /// Lets them do everything on the platform.
        #[arg(long)]
        operator: bool,
    },
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With a line of names first.
    Csv,
    /// One list of objects.
    Json,
}

/// `kontor identity ...`
#[derive(Debug, Subcommand)]
pub enum IdentityCommand {
    /// Sign access tokens with a new key, as soon as verifiers can know it.
    RotateKeys {
        /// Do not wait for that: for when somebody else has the present one.
        #[arg(long)]
        at_once: bool,
    },
}

/// People.
pub async fn run(place: &Place, json: bool, command: UserCommand) -> Result<ExitCode, String> {
    match command {
        UserCommand::Import { file, format } => {
            let rows = read(&file, format)?;
            let client = Client::open(place).await?;
            let told = import(&client, rows).await;
            client.close().await;
            Ok(tell(json, &told?))
        }
        UserCommand::Create { email, name, operator } => {
            let role = if operator { "operator" } else { "none" };
            let body = json!({ "email": email, "name": name, "platform_role": role });
            let made = call(place, "/v1/users", Some(&body)).await?;
            let shown = made.get("link").or(made.get("token")).and_then(Value::as_str);
            match shown.filter(|_| !json) {
                // Alone on standard output, so that a script can take it.
                Some(shown) => println!("{shown}"),
                None => one(json, &made, &COLUMNS),
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The keys that sign tokens.
pub async fn identity(
    place: &Place,
    json: bool,
    command: IdentityCommand,
) -> Result<ExitCode, String> {
    let IdentityCommand::RotateKeys { at_once } = command;
    let body = json!({ "at_once": at_once });
    let ring = call(place, "/v1/identity/rotate-keys", Some(&body)).await?;
    let columns = [("SIGNS", "/active"), ("NEXT", "/next"), ("WAITS", "/rotation_asked")];
    one(json, &ring, &columns);
    Ok(ExitCode::SUCCESS)
}

async fn call(place: &Place, path: &str, body: Option<&Value>) -> Result<Value, String> {
    let client = Client::open(place).await?;
    let answer = client.call("POST", path, None, body).await;
    client.close().await;
    answer
}

/// A row of a file: where it stands, and the user, or which member is at fault.
struct Row {
    line: u64,
    user: Result<Value, (String, String)>,
}

/// What an import came to.
#[derive(Default)]
struct Told {
    imported: u64,
    unchanged: u64,
    errors: Vec<Value>,
}

impl Told {
    fn wrong(&mut self, line: u64, field: &str, expected: &str) {
        self.errors.push(json!({ "line": line, "field": field, "expected": expected }));
    }
}

async fn import(client: &Client, rows: Vec<Row>) -> Result<Told, String> {
    let mut told = Told::default();
    let mut good = Vec::new();
    for Row { line, user } in rows {
        match user {
            Ok(user) => good.push((line, user)),
            Err((field, expected)) => told.wrong(line, &field, &expected),
        }
    }
    for part in good.chunks(ROWS_AT_ONCE) {
        let users: Vec<&Value> = part.iter().map(|(_, user)| user).collect();
        let body = json!({ "users": users });
        let done = client.call("POST", "/v1/users/import", None, Some(&body)).await?;
        told.imported += done["imported"].as_u64().unwrap_or_default();
        told.unchanged += done["unchanged"].as_u64().unwrap_or_default();
        for error in done["errors"].as_array().into_iter().flatten() {
            let pointer = error["pointer"].as_str().unwrap_or_default();
            let mut names = pointer.split('/').skip(2);
            let at: usize = names.next().and_then(|at| at.parse().ok()).unwrap_or_default();
            let line = part.get(at).map_or(0, |(line, _)| *line);
            let expected = error["detail"].as_str().unwrap_or_default();
            told.wrong(line, names.next().unwrap_or_default(), expected);
        }
    }
    told.errors.sort_by_key(|error| error["line"].as_u64());
    Ok(told)
}

fn tell(json: bool, told: &Told) -> ExitCode {
    let Told { imported, unchanged, errors } = told;
    if json {
        let told = json!({ "imported": imported, "unchanged": unchanged, "errors": errors });
        println!("{told}");
    } else {
        println!("{imported} imported, {unchanged} here already, {} bad rows", errors.len());
        if !errors.is_empty() {
            let columns = [("LINE", "/line"), ("FIELD", "/field"), ("EXPECTED", "/expected")];
            print::table(errors, &columns);
        }
    }
    if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(file: &Path, format: Option<Format>) -> Result<Vec<Row>, String> {
    let wrong = |fault: &dyn std::fmt::Display| format!("{}: {fault}", file.display());
    let opened = File::open(file).map_err(|fault| wrong(&fault))?;
    let mut text = String::new();
    let read = opened.take(FILE_MAX + 1).read_to_string(&mut text);
    if FILE_MAX < read.map_err(|fault| wrong(&fault))? as u64 {
        return Err(wrong(&"expected 256 MiB at most"));
    }
    let named = file.extension().is_some_and(|name| name.eq_ignore_ascii_case("json"));
    let format = format.unwrap_or(if named { Format::Json } else { Format::Csv });
    match format {
        Format::Csv => from_csv(&text).map_err(|fault| wrong(&fault)),
        Format::Json => from_json(&text).map_err(|fault| wrong(&fault)),
    }
}

fn from_csv(text: &str) -> Result<Vec<Row>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let names = reader.headers().map_err(|fault| fault.to_string())?.clone();
    let names: Vec<String> = names.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    if let Some(unknown) = names.iter().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("there is no column {unknown}: expected {}", FIELDS.join(", ")));
    }
    if !names.iter().any(|name| name == "email") {
        return Err("expected a first line with names of columns, among them email".to_owned());
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|fault| fault.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let members = names.iter().zip(record.iter());
        let member = |(name, text): (&String, &str)| {
            let text = text.trim();
            (!text.is_empty()).then(|| (name.clone(), Value::from(text)))
        };
        rows.push(Row { line, user: checked(members.filter_map(member).collect()) });
    }
    Ok(rows)
}

fn from_json(text: &str) -> Result<Vec<Row>, String> {
    let all: Vec<Value> =
        serde_json::from_str(text).map_err(|fault| format!("expected a list of users: {fault}"))?;
    let rows = all.into_iter().enumerate().map(|(place, user)| {
        let user = match user {
            Value::Object(members) => checked(members),
            _ => Err((String::new(), "expected an object".to_owned())),
        };
        Row { line: place as u64 + 1, user }
    });
    Ok(rows.collect())
}

/// A user as the node wants it, or which member is at fault.
fn checked(members: serde_json::Map<String, Value>) -> Result<Value, (String, String)> {
    let mut user = serde_json::Map::new();
    for (name, value) in members {
        let wrong = |expected: &str| Err((name.clone(), format!("expected {expected}")));
        let value = match (name.as_str(), value) {
            (_, Value::Null) => continue,
            ("verified", Value::Bool(verified)) => Value::Bool(verified),
            ("verified", Value::String(text)) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Value::Bool(true),
                "false" | "no" | "0" => Value::Bool(false),
                _ => return wrong("true or false"),
            },
            ("verified", _) => return wrong("true or false"),
            (known, Value::String(text)) if FIELDS.contains(&known) => Value::String(text),
            (known, _) if FIELDS.contains(&known) => return wrong("a text"),
            _ => return wrong(&format!("no other members than {}", FIELDS.join(", "))),
        };
        user.insert(name, value);
    }
    match user.contains_key("email") {
        true => Ok(user.into()),
        false => Err(("email".to_owned(), "expected a mail address".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rows: &[Row]) -> Vec<(u64, Option<&str>)> {
        let fault = |row: &Row| row.line;
        rows.iter()
            .map(|row| (fault(row), row.user.as_ref().err().map(|(field, _)| field.as_str())))
            .collect()
    }

    #[test]
    fn rows_are_read_with_their_lines_and_bad_ones_with_their_field() {
        let text = "\u{feff}Email,name,verified\njana@example.com,\"Nováková,\nJana\",yes\n,Petr,no\n\
                    eva@example.com,Eva,maybe\n";
        let rows = from_csv(text).unwrap();
        assert_eq!(shown(&rows), [(2, None), (4, Some("email")), (5, Some("verified"))]);
        let jana = rows[0].user.as_ref().unwrap();
        assert_eq!((&jana["name"], &jana["verified"]), (&json!("Nováková,\nJana"), &json!(true)));
        assert!(from_csv("mail,name\n").is_err() && from_csv("name\nJana").is_err());
    }

    #[test]
    fn a_list_of_objects_is_read_the_same_way() {
        let text = r#"[{"email":"jana@example.com","phone":null,"verified":true},
            {"name":"Petr"},7,{"email":1},{"email":"e@example.com","role":"operator"}]"#;
        let rows = from_json(text).unwrap();
        let faults = [(1, None), (2, Some("email")), (3, Some("")), (4, Some("email"))];
        assert_eq!(shown(&rows)[..4], faults);
        assert_eq!(shown(&rows)[4], (5, Some("role")));
        assert!(from_json("{}").is_err());
    }
}
