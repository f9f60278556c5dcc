//! What events do to users, sessions and addresses.

use super::{
    AddressDocument, Membership, SessionDocument, Ticket, TotpDocument, UserDocument, UserState,
    UserStatus,
    tickets::{TICKETS_MAX, TRIES},
    views,
};
use kontor_messages::{
    Timestamp,
    user::{TicketId, TicketPurpose, UserEvent},
};

/// Carries an event into a state: its owner's, or that of the user whose session it is.
pub(super) fn apply(state: &mut UserState, event: &UserEvent, at: Timestamp) {
    match (&mut *state, event) {
        (_, UserEvent::Registered { .. }) => *state = registered(event, at),
        (UserState::User(user), event) => user_event(user, event, at),
        (UserState::Session(session), event) => session_event(session, event, at),
        (_, UserEvent::SessionOpened { device, address, secret_hash, until, .. }) => {
            *state = UserState::Session(SessionDocument {
                device: device.clone(),
                address: address.clone(),
                created_at: at,
                last_used_at: at,
                generation: 1,
                secret_hash: secret_hash.clone(),
                expires_at: *until,
                revoked_at: None,
                reason: None,
            });
        }
        (before, UserEvent::ViewSaved { .. } | UserEvent::ViewRemoved { .. }) => {
            views::apply(before, event);
        }
        (before, UserEvent::AddressFailed { blocked_until, forget_at }) => {
            let failures = match before {
                UserState::Address(address) => address.failures,
                UserState::Blank
                | UserState::User(_)
                | UserState::Session(_)
                | UserState::Views(_) => 0,
            };
            *state = UserState::Address(AddressDocument {
                failures: failures.saturating_add(1),
                blocked_until: *blocked_until,
                forget_at: *forget_at,
            });
        }
        (_, UserEvent::AddressForgotten) => *state = UserState::Blank,
        (UserState::Blank | UserState::Address(_) | UserState::Views(_), _) => {}
    }
}

fn registered(event: &UserEvent, at: Timestamp) -> UserState {
    let UserEvent::Registered { email, phone, name, language, password, role, via, verified } =
        event
    else {
        return UserState::Blank;
    };
    UserState::User(Box::new(UserDocument {
        email: email.clone(),
        email_verified: *verified && email.is_some(),
        phone: phone.clone(),
        phone_verified: *verified && phone.is_some(),
        name: name.clone(),
        language: language.clone(),
        password: password.clone(),
        password_version: u32::from(password.is_some()),
        totp: None,
        status: UserStatus::Active,
        reason: None,
        role: *role,
        via: *via,
        failures: 0,
        locked_until: None,
        tickets: Vec::new(),
        sessions: Vec::new(),
        tenants: Vec::new(),
        created_at: at,
        last_login_at: None,
        told_at: None,
    }))
}

fn user_event(user: &mut UserDocument, event: &UserEvent, at: Timestamp) {
    match event {
        UserEvent::TicketOpened { ticket, purpose, until, .. } => {
            open_ticket(user, *ticket, *purpose, *until, at);
        }
        UserEvent::KnownAlready { .. } => user.told_at = Some(at),
        UserEvent::Verified { ticket, forget_password } => {
            let shown = user.tickets.iter().find(|open| open.ticket == *ticket);
            if shown.is_some_and(|open| open.purpose == TicketPurpose::PhoneCode) {
                user.phone_verified = true;
            } else {
                user.email_verified = true;
            }
            close(user, *ticket);
            if *forget_password {
                set_password(user, None);
                user.totp = None;
            }
        }
        UserEvent::LoggedIn { .. } => logged_in(user, event, at),
        UserEvent::LoginFailed { ticket, .. } => {
            user.failures = user.failures.saturating_add(1);
            let tried = user.tickets.iter_mut().find(|open| Some(open.ticket) == *ticket);
            if let Some(tried) = tried {
                tried.tries = tried.tries.saturating_sub(1);
            }
            user.tickets.retain(|open| open.tries > 0);
        }
        UserEvent::Locked { until } => user.locked_until = Some(*until),
        UserEvent::PasswordChanged { password, ticket } => {
            let mailed = user.tickets.iter().find(|open| Some(open.ticket) == *ticket);
            let mailed = mailed.is_some_and(|open| open.purpose == TicketPurpose::ResetPassword);
            user.email_verified |= mailed;
            set_password(user, Some(password.clone()));
            (user.failures, user.locked_until) = (0, None);
        }
        UserEvent::Updated { name, language } => {
            (user.name, user.language) = (name.clone(), language.clone());
        }
        UserEvent::TotpEnrolled { .. }
        | UserEvent::TotpConfirmed { .. }
        | UserEvent::RecoveryRenewed { .. }
        | UserEvent::TotpDisabled => second_event(user, event),
        UserEvent::RoleSet { role } => user.role = *role,
        UserEvent::Disabled { reason } => {
            (user.status, user.reason) = (UserStatus::Disabled, Some(reason.clone()));
            user.tickets.clear();
        }
        UserEvent::Enabled => (user.status, user.reason) = (UserStatus::Active, None),
        UserEvent::MembershipRecorded { tenant, role } => {
            user.tenants.retain(|known| known.tenant != *tenant);
            user.tenants.push(Membership { tenant: tenant.clone(), role: role.clone() });
        }
        UserEvent::MembershipEnded { tenant } => {
            user.tenants.retain(|known| known.tenant != *tenant);
        }
        UserEvent::SessionOpened { session, .. } => user.sessions.push(*session),
        UserEvent::SessionRevoked { session, .. } => user.sessions.retain(|open| open != session),
        UserEvent::Registered { .. }
        | UserEvent::SessionRefreshed { .. }
        | UserEvent::ViewSaved { .. }
        | UserEvent::ViewRemoved { .. }
        | UserEvent::AddressFailed { .. }
        | UserEvent::AddressForgotten => {}
    }
}

fn logged_in(user: &mut UserDocument, event: &UserEvent, at: Timestamp) {
    let UserEvent::LoggedIn { ticket, step, recovery, rehash, .. } = event else { return };
    (user.failures, user.locked_until, user.last_login_at) = (0, None, Some(at));
    if let Some(ticket) = ticket {
        close(user, *ticket);
    }
    if let Some(totp) = &mut user.totp {
        totp.last_step = (*step).or(totp.last_step);
        totp.recovery.retain(|hash| Some(hash) != recovery.as_ref());
    }
    if let Some(rehash) = rehash {
        user.password = Some(rehash.clone());
    }
}

fn second_event(user: &mut UserDocument, event: &UserEvent) {
    match (event, &mut user.totp) {
        (UserEvent::TotpEnrolled { sealed }, totp) => {
            let (sealed, recovery) = (sealed.clone(), Vec::new());
            *totp = Some(TotpDocument { sealed, confirmed: false, last_step: None, recovery });
        }
        (UserEvent::TotpConfirmed { step, recovery }, Some(totp)) => {
            (totp.confirmed, totp.last_step) = (true, Some(*step));
            totp.recovery = recovery.clone();
            user.failures = 0;
        }
        (UserEvent::RecoveryRenewed { step, recovery }, Some(totp)) => {
            totp.last_step = (*step).or(totp.last_step);
            totp.recovery = recovery.clone();
            user.failures = 0;
        }
        (UserEvent::TotpDisabled, totp) => {
            *totp = None;
            user.failures = 0;
        }
        _ => {}
    }
}

fn session_event(session: &mut SessionDocument, event: &UserEvent, at: Timestamp) {
    match event {
        UserEvent::SessionRefreshed { generation, secret_hash, until } => {
            (session.generation, session.secret_hash) = (*generation, secret_hash.clone());
            (session.last_used_at, session.expires_at) = (at, *until);
        }
        UserEvent::SessionRevoked { reason, .. } => {
            (session.revoked_at, session.reason) = (Some(at), Some(*reason));
        }
        _ => {}
    }
}

/// Another password ends every ticket that was open.
fn set_password(user: &mut UserDocument, password: Option<String>) {
    user.password = password;
    user.password_version = user.password_version.saturating_add(1);
    user.tickets.clear();
}

/// One ticket a purpose; those whose time is over go.
fn open_ticket(
    user: &mut UserDocument,
    ticket: TicketId,
    purpose: TicketPurpose,
    until: Timestamp,
    at: Timestamp,
) {
    user.tickets.retain(|open| open.purpose != purpose && open.counts_at(at));
    if TICKETS_MAX <= user.tickets.len() {
        user.tickets.remove(0);
    }
    user.tickets.push(Ticket { ticket, purpose, opened_at: at, until, tries: TRIES });
}

fn close(user: &mut UserDocument, ticket: TicketId) {
    user.tickets.retain(|open| open.ticket != ticket);
}
