//! The user domain: who may come in, what locks them out, and what ends their sessions.
//!
//! It hashes nothing and sends nothing: the edge tells what it found, and a policy has the mails
//! written. All of it lives in the platform's own tenant.

mod apply;
mod decide;
mod login;
mod register;
mod second;
mod sessions;
mod state;
#[cfg(test)]
mod tests;
mod tickets;
mod views;

pub use decide::DEVICE_LEN_MAX;
pub use state::{
    AddressDocument, Membership, SavedView, SessionDocument, Ticket, TotpDocument, UserDocument,
    UserState, UserStatus, ViewsDocument,
};
pub use views::{VIEW_NAME_MAX, VIEWS_MAX};

use crate::{
    domain::{Decision, Domain, Event, Key, Stop},
    store::ERASED,
    world::World,
};
use kontor_messages::{
    EntityId, Timestamp,
    user::{UserCommand, UserEvent, UserRefusal, user_entity},
};

/// The domain of users.
pub struct User;

/// The key by which a user is found by mail address.
pub const EMAIL: &str = "email";
/// The key by which a user is found by telephone number.
pub const PHONE: &str = "phone";

impl Domain for User {
    const NAME: &'static str = "user";

    type Command = UserCommand;
    type Event = UserEvent;
    type Refusal = UserRefusal;
    type State = UserState;

    fn decide(
        world: &World<'_, Self>,
        command: UserCommand,
        now: Timestamp,
    ) -> Result<Decision<UserEvent>, Stop<UserRefusal>> {
        decide::decide(world, command, now)
    }

    fn apply(_: &EntityId, state: &mut UserState, event: &Event<'_, Self>) {
        apply::apply(state, event.event, event.at);
    }

    fn event_name(event: &UserEvent) -> &'static str {
        match event {
            UserEvent::Registered { .. } => "user.registered",
            UserEvent::TicketOpened { .. } => "user.ticket_opened",
            UserEvent::KnownAlready { .. } => "user.known_already",
            UserEvent::Verified { .. } => "user.verified",
            UserEvent::LoggedIn { .. } => "user.logged_in",
            UserEvent::LoginFailed { .. } => "user.login_failed",
            UserEvent::Locked { .. } => "user.locked",
            UserEvent::PasswordChanged { .. } => "user.password_changed",
            UserEvent::Updated { .. } => "user.updated",
            UserEvent::TotpEnrolled { .. } => "user.totp_enrolled",
            UserEvent::TotpConfirmed { .. } => "user.totp_confirmed",
            UserEvent::RecoveryRenewed { .. } => "user.recovery_renewed",
            UserEvent::TotpDisabled => "user.totp_disabled",
            UserEvent::RoleSet { .. } => "user.role_set",
            UserEvent::Disabled { .. } => "user.disabled",
            UserEvent::Enabled => "user.enabled",
            UserEvent::MembershipRecorded { .. } => "user.membership_recorded",
            UserEvent::MembershipEnded { .. } => "user.membership_ended",
            UserEvent::ViewSaved { .. } => "user.view_saved",
            UserEvent::ViewRemoved { .. } => "user.view_removed",
            UserEvent::SessionOpened { .. } => "user.session_opened",
            UserEvent::SessionRefreshed { .. } => "user.session_refreshed",
            UserEvent::SessionRevoked { .. } => "user.session_revoked",
            UserEvent::AddressFailed { .. } => "user.address_failed",
            UserEvent::AddressForgotten => "user.address_forgotten",
        }
    }

    fn touches(event: &UserEvent) -> Vec<EntityId> {
        match event {
            UserEvent::SessionOpened { user, .. } | UserEvent::SessionRevoked { user, .. } => {
                vec![user_entity(*user)]
            }
            _ => Vec::new(),
        }
    }

    fn keys(state: &UserState) -> Vec<Key> {
        let UserState::User(user) = state else { return Vec::new() };
        let phone = user.phone.as_ref().filter(|_| user.is_reached_by_phone());
        let names = [(EMAIL, user.email.as_ref()), (PHONE, phone)];
        let names = names.into_iter().filter_map(|(kind, text)| Some((kind, text?)));
        let left = names.filter(|(_, text)| *text != ERASED);
        left.map(|(kind, text)| Key::new(kind, text)).collect()
    }

    fn status(state: &UserState) -> Option<&'static str> {
        match state {
            UserState::Blank | UserState::Address(_) | UserState::Views(_) => None,
            UserState::User(user) => Some(match user.status {
                UserStatus::Active => "active",
                UserStatus::Disabled => "disabled",
            }),
            UserState::Session(session) if session.revoked_at.is_some() => Some("revoked"),
            UserState::Session(_) => Some("open"),
        }
    }

    fn due(state: &UserState) -> Option<Timestamp> {
        match state {
            UserState::Blank | UserState::User(_) | UserState::Views(_) => None,
            UserState::Session(session) => {
                session.revoked_at.is_none().then_some(session.expires_at)
            }
            UserState::Address(address) => Some(address.forget_at),
        }
    }

    fn wake(entity: &EntityId, _: &UserState) -> Option<UserCommand> {
        let name = entity.as_str();
        if let Some(address) = name.strip_prefix("address/") {
            return Some(UserCommand::WakeAddress { address_hash: address.to_owned() });
        }
        let (user, session) = name.strip_prefix("session/")?.split_once('/')?;
        let (user, session) = (user.parse().ok()?, session.parse().ok()?);
        Some(UserCommand::WakeSession { user, session })
    }
}
