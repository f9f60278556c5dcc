//! Coming in, locks, sessions and the second factor.

use super::*;
use crate::user::login::{ADDRESS_FREE, FAILURES_FREE, LOCKED_MAX_S};

fn recovery() -> Vec<String> {
    vec![hash(7), hash(8)]
}

/// Jana has an authenticator whose step 10 was used.
fn with_totp() -> Stage<User> {
    let (user, sealed) = (JANA, "v1.AAAA".to_owned());
    jana()
        .when(UserCommand::EnrolTotp { user, sealed })
        .then_names(&["user.totp_enrolled"])
        .when(UserCommand::ConfirmTotp { user, step: Some(10), recovery: recovery() })
        .then_names(&["user.totp_confirmed"])
}

#[test]
fn a_right_password_opens_a_session_once() {
    let stage = in_once().when(log_in(1, password(true, 1), None)).then_nothing();
    let jana = known(&stage, JANA);
    assert_eq!((jana.sessions, jana.last_login_at), (vec![session(1)], Some(NOW)));
    assert_eq!(session_of(&stage, 1).expires_at, NOW.plus(30 * 24 * 60 * MINUTE));
}

#[test]
fn after_some_failures_nothing_counts_for_a_while_and_longer_each_time() {
    let mut stage = jana();
    for _ in 1..FAILURES_FREE {
        stage = stage.when(log_in(1, password(false, 1), None)).then_names(FAILED);
    }
    let mut waited = 0;
    for expected in [30, 60, 120, 240, 480, LOCKED_MAX_S, LOCKED_MAX_S] {
        let names = ["user.login_failed", "user.locked", "user.address_failed"];
        stage = stage.when(log_in(1, password(false, 1), None)).then_names(&names);
        let until = stage.now().plus(Duration::from_secs(expected));
        stage = stage
            .when(log_in(1, password(true, 1), None))
            .refused(UserRefusal::Locked { until })
            .after(Duration::from_secs(expected));
        waited += expected;
    }
    assert_eq!(stage.now(), NOW.plus(Duration::from_secs(waited)));
    let stage = stage.when(log_in(1, password(true, 1), None)).then_names(IN);
    assert_eq!(known(&stage, JANA).failures, 0);
}

#[test]
fn an_address_that_fails_again_and_again_has_to_wait_and_is_forgotten_when_quiet() {
    let stranger = || UserCommand::RecordStranger { address_hash: "here".to_owned() };
    let mut stage = jana();
    for _ in 0..ADDRESS_FREE {
        stage = stage.when(stranger()).then_names(&["user.address_failed"]);
    }
    let until = NOW.plus(Duration::from_secs(1));
    let asked = stage.when(log_in(1, password(true, 1), None));
    stage = asked.refused(UserRefusal::AddressBlocked { until });
    stage = stage.after(Duration::from_secs(1));
    stage = stage.when(log_in(1, password(true, 1), None)).then_names(IN);
    stage = stage.after(30 * MINUTE);
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(stage.state(&kontor_messages::user::address_entity("here")), UserState::Blank);
}

#[test]
fn a_code_lets_in_once_within_ten_minutes_and_ends_after_five_wrong_ones() {
    let open = || jana().when(open_ticket(2, TicketPurpose::LoginCode)).stage;
    open()
        .when(log_in(1, code(2, true), None))
        .then_names(IN)
        .when(log_in(2, code(2, true), None))
        .refused(UserRefusal::TicketSpent);
    open()
        .after(10 * MINUTE)
        .when(log_in(1, code(2, true), None))
        .refused(UserRefusal::TicketSpent);
    let mut stage = open();
    for _ in 0..5 {
        stage = stage.when(log_in(1, code(2, false), None)).stage;
    }
    stage = stage.after(MINUTE);
    stage.when(log_in(1, code(2, true), None)).refused(UserRefusal::TicketSpent);
}

#[test]
fn a_refresh_token_counts_once_and_its_second_use_ends_the_session() {
    let stage = in_once()
        .after(MINUTE)
        .when(refresh(1, 1, 2))
        .then_names(&["user.session_refreshed"])
        .when(refresh(2, 9, 3))
        .refused(UserRefusal::NotFound("session"))
        .when(refresh(3, 2, 3))
        .refused(UserRefusal::NotFound("session"))
        .when(refresh(2, 2, 3))
        .then_names(&["user.session_refreshed"])
        .when(refresh(1, 1, 4))
        .then_names(&["user.session_revoked"])
        .when(refresh(3, 3, 4))
        .refused(UserRefusal::SessionEnded);
    assert_eq!(session_of(&stage, 1).reason, Some(RevokeReason::TokenReused));
    assert!(known(&stage, JANA).sessions.is_empty());
}

#[test]
fn a_session_that_nobody_uses_ends_by_itself() {
    let mut stage = in_once().after(29 * 24 * 60 * MINUTE);
    stage = stage.when(refresh(1, 1, 2)).then_names(&["user.session_refreshed"]);
    stage = stage.after(29 * 24 * 60 * MINUTE);
    assert_eq!(session_of(&stage, 1).revoked_at, None);
    stage = stage.after(24 * 60 * MINUTE);
    stage = stage.when(refresh(2, 2, 3)).refused(UserRefusal::SessionEnded);
    stage.wake_due();
    assert_eq!(session_of(&stage, 1).reason, Some(RevokeReason::Expired));
    assert!(known(&stage, JANA).sessions.is_empty());
}

#[test]
fn sessions_are_ended_one_by_one_or_all_together() {
    let revoke = |n| UserCommand::Revoke {
        user: JANA,
        session: session(n),
        reason: RevokeReason::LoggedOut,
    };
    let stage = in_once().when(log_in(2, password(true, 1), None)).then_names(IN);
    let stage = stage.when(log_in(3, password(true, 1), None)).then_names(IN);
    let stage = stage.when(revoke(2)).then_names(&["user.session_revoked"]);
    let stage = stage.when(revoke(2)).then_nothing();
    let stage = stage.when(revoke(9)).refused(UserRefusal::NotFound("session"));
    let all = |except| UserCommand::RevokeAll { user: JANA, except };
    let stage = stage.when(all(Some(session(1)))).then_names(&["user.session_revoked"]);
    assert_eq!(known(&stage, JANA).sessions, [session(1)]);
    let stage = stage.when(all(None)).then_names(&["user.session_revoked"]);
    stage.when(all(None)).then_nothing();
}

#[test]
fn with_an_authenticator_its_code_is_asked_for_and_each_counts_once() {
    let wrong = || Some(SecondFactor::Totp { step: None });
    with_totp()
        .when(log_in(1, password(true, 1), None))
        .refused(UserRefusal::SecondFactorNeeded)
        .when(log_in(1, password(false, 1), None))
        .then_names(FAILED)
        .when(log_in(1, password(true, 1), wrong()))
        .then_names(FAILED)
        .when(log_in(1, password(true, 1), totp(10)))
        .then_names(FAILED)
        .when(log_in(1, password(true, 1), totp(11)))
        .then_names(IN)
        .when(log_in(2, password(true, 1), totp(11)))
        .then_names(FAILED);
}

#[test]
fn a_recovery_code_stands_in_for_the_authenticator_once() {
    let by = |n| Some(SecondFactor::Recovery { hash: hash(n) });
    let stage = with_totp()
        .when(log_in(1, password(true, 1), by(7)))
        .then_names(IN)
        .when(log_in(2, password(true, 1), by(7)))
        .then_names(FAILED)
        .when(log_in(2, password(true, 1), by(8)))
        .then_names(IN);
    let renew = |n| UserCommand::RenewRecovery {
        user: JANA,
        second: SecondFactor::Totp { step: Some(n) },
        recovery: vec![hash(9)],
    };
    let stage = stage.when(renew(10)).then_names(&["user.login_failed"]);
    let stage = stage.when(renew(12)).then_names(&["user.recovery_renewed"]);
    stage.when(log_in(3, password(true, 1), by(9))).then_names(IN);
}

#[test]
fn an_authenticator_counts_when_it_is_confirmed_and_goes_with_a_code_only() {
    let disable =
        |step| UserCommand::DisableTotp { user: JANA, second: SecondFactor::Totp { step } };
    let (user, sealed) = (JANA, "v1.AAAA".to_owned());
    let stage = jana().when(UserCommand::EnrolTotp { user, sealed }).stage;
    let confirm = |step| UserCommand::ConfirmTotp { user, step, recovery: recovery() };
    stage
        .when(log_in(1, password(true, 1), None))
        .then_names(IN)
        .when(confirm(None))
        .then_names(&["user.login_failed"])
        .when(confirm(Some(4)))
        .then_names(&["user.totp_confirmed"])
        .when(disable(Some(4)))
        .then_names(&["user.login_failed"])
        .when(disable(Some(5)))
        .then_names(&["user.totp_disabled"])
        .when(disable(Some(6)))
        .then_nothing()
        .when(log_in(2, password(true, 1), None))
        .then_names(IN);
}
