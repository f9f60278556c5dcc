//! The rules of users.

mod login;
mod phone;
mod pinned;
mod properties;
mod register;
mod views;

use super::*;
use crate::testing::{NOW, Outcome, Stage, given};
use kontor_messages::user::{
    NewUser, PlatformRole, Proof, RegisteredVia, RevokeReason, SecondFactor, SessionId, TicketId,
    TicketPurpose, UserId, session_entity,
};
use std::time::Duration;
use uuid::Uuid;

const JANA: UserId = UserId(Uuid::from_u128(1));
const PETR: UserId = UserId(Uuid::from_u128(2));
const PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
const OTHER_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$b3RoZXI";
const MINUTE: Duration = Duration::from_secs(60);

fn session(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(100 + n))
}

fn ticket(n: u128) -> TicketId {
    TicketId(Uuid::from_u128(200 + n))
}

fn hash(n: u8) -> String {
    format!("{n:02x}").repeat(32)
}

fn new_user() -> NewUser {
    NewUser {
        email: Some("jana@example.com".to_owned()),
        phone: None,
        name: "Jana Nováková".to_owned(),
        language: Some("cs".to_owned()),
        password: Some(PASSWORD.to_owned()),
        role: PlatformRole::None,
        via: RegisteredVia::Password,
        verified: false,
    }
}

fn register_as(user: UserId, new: NewUser, n: u128) -> UserCommand {
    UserCommand::Register { user, new, ticket: Some((ticket(n), TicketPurpose::VerifyEmail)) }
}

/// Jana has registered, and proved her address.
fn jana() -> Stage<User> {
    given([])
        .when(register_as(JANA, new_user(), 1))
        .then_names(&["user.registered", "user.ticket_opened"])
        .when(UserCommand::VerifyEmail { user: JANA, ticket: ticket(1) })
        .then_names(&["user.verified"])
}

fn password(right: bool, version: u32) -> Proof {
    Proof::Password { right, version, rehash: None }
}

fn code(n: u128, right: bool) -> Proof {
    Proof::Code { ticket: ticket(n), right }
}

fn totp(step: i64) -> Option<SecondFactor> {
    Some(SecondFactor::Totp { step: Some(step) })
}

fn log_in(n: u128, proof: Proof, second: Option<SecondFactor>) -> UserCommand {
    UserCommand::LogIn {
        user: JANA,
        proof,
        second,
        session: session(n),
        secret_hash: hash(1),
        device: "Firefox".to_owned(),
        address: "192.0.2.7".to_owned(),
        address_hash: "here".to_owned(),
    }
}

fn open_ticket(n: u128, purpose: TicketPurpose) -> UserCommand {
    UserCommand::OpenTicket { user: JANA, ticket: ticket(n), purpose }
}

fn refresh(generation: u32, shown: u8, next: u8) -> UserCommand {
    UserCommand::Refresh {
        user: JANA,
        session: session(1),
        generation,
        shown_hash: hash(shown),
        next_hash: hash(next),
    }
}

fn known(stage: &Stage<User>, user: UserId) -> UserDocument {
    stage.state(&user_entity(user)).user().unwrap().clone()
}

fn session_of(stage: &Stage<User>, n: u128) -> SessionDocument {
    stage.state(&session_entity(JANA, session(n))).session().unwrap().clone()
}

fn in_once() -> Stage<User> {
    jana().when(log_in(1, password(true, 1), None)).then_names(IN)
}

fn invalid_at(outcome: Outcome<User>, expected: &str) {
    match outcome.result {
        Err(UserRefusal::Invalid { pointer, .. }) => assert_eq!(pointer, expected),
        other => panic!("expected a refusal at {expected}, got {other:?}"),
    }
}

const IN: &[&str] = &["user.logged_in", "user.session_opened"];
const FAILED: &[&str] = &["user.login_failed", "user.address_failed"];
