//! What the platform's letters to its users hold: tokens and codes, derived when a letter is
//! written, so that no queue and no journal ever holds one.

use crate::{
    gateways::notifications::templates::{self, Rendered},
    identity::{IdentitySettings, Vault, tickets},
};
use kontor_actors::{notification::NotificationDocument, ports_notification::SendFault};
use kontor_messages::{
    notification::FailureKind,
    user::{TicketId, TicketPurpose, UserId},
};
use serde_json::{Map, Value, json};

/// Writes the platform's letters.
#[derive(Clone)]
pub struct Letters {
    vault: Vault,
    settings: IdentitySettings,
}

impl Letters {
    /// Letters with links to this page, or with the tokens themselves.
    pub fn new(vault: Vault, settings: IdentitySettings) -> Self {
        Self { vault, settings }
    }

    pub(super) fn write(&self, document: &NotificationDocument) -> Result<Rendered, SendFault> {
        let languages = templates::chain(document.language.as_deref(), "en");
        let data = self.data(&document.template, &document.data)?;
        Ok(templates::render_platform(&document.template, &languages, &data)?)
    }

    fn data(&self, template: &str, data: &Value) -> Result<Value, SendFault> {
        let token = |purpose, action: &str| {
            let (user, ticket) = ticket_of(data)?;
            let token = tickets::token(&self.vault, user, ticket, purpose);
            Ok::<_, SendFault>(self.shown(action, token))
        };
        Ok(match template {
            "verify_email" => token(TicketPurpose::VerifyEmail, "verify-email")?,
            "reset_password" => token(TicketPurpose::ResetPassword, "reset-password")?,
            "login_code" => self.code(data, TicketPurpose::LoginCode)?,
            "phone_code" => self.code(data, TicketPurpose::PhoneCode)?,
            _ => Value::Object(Map::new()),
        })
    }

    fn code(&self, data: &Value, purpose: TicketPurpose) -> Result<Value, SendFault> {
        let (user, ticket) = ticket_of(data)?;
        Ok(json!({ "code": tickets::code(&self.vault, user, ticket, purpose) }))
    }

    /// A link to the page, or the token if there is none.
    fn shown(&self, action: &str, token: String) -> Value {
        match self.settings.link(action, &token) {
            Some(link) => json!({ "link": link }),
            None => json!({ "token": token }),
        }
    }
}

fn ticket_of(data: &Value) -> Result<(UserId, TicketId), SendFault> {
    let part = |name: &str| data.get(name).and_then(Value::as_str);
    let user = part("user").and_then(|user| user.parse().ok());
    let ticket = part("ticket").and_then(|ticket| ticket.parse().ok());
    user.zip(ticket).ok_or_else(|| {
        SendFault::new(FailureKind::RejectMessage, "ticket", "the letter names no ticket")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_letter_holds_a_link_that_reads_back_and_without_a_page_the_token() {
        let vault = Vault::new(&[1; 32]).unwrap();
        let (user, ticket) = (UserId(Uuid::from_u128(1)), TicketId(Uuid::from_u128(2)));
        let data = json!({ "user": user, "ticket": ticket });
        let link = Some("https://example.com/{action}".to_owned());
        let settings = IdentitySettings { link, ..IdentitySettings::default() };
        let told = Letters::new(vault.clone(), settings).data("reset_password", &data).unwrap();
        let link = told["link"].as_str().unwrap();
        let token = link.strip_prefix("https://example.com/reset-password?token=").unwrap();
        let purpose = TicketPurpose::ResetPassword;
        assert_eq!(tickets::read(&vault, token, purpose), Some((user, ticket)));
        let letters = Letters::new(vault, IdentitySettings::default());
        assert_eq!(letters.data("reset_password", &data).unwrap()["token"], token);
        assert_eq!(letters.data("login_code", &data).unwrap()["code"].as_str().unwrap().len(), 6);
        let code = letters.data("phone_code", &data).unwrap()["code"].clone();
        assert!(code.as_str().unwrap().len() == 6);
        assert_ne!(code, letters.data("login_code", &data).unwrap()["code"]);
        assert!(letters.data("login_code", &json!({})).is_err());
    }
}
