//! Coming in by a code that was sent to a telephone.

use super::*;
use crate::domain::{Domain, Key};

const NUMBER: &str = "+420602123456";

fn by_phone() -> NewUser {
    NewUser {
        email: None,
        phone: Some(NUMBER.to_owned()),
        password: None,
        via: RegisteredVia::Code,
        ..new_user()
    }
}

fn wants_code(user: UserId, n: u128) -> UserCommand {
    let ticket = Some((ticket(n), TicketPurpose::PhoneCode));
    UserCommand::Register { user, new: by_phone(), ticket }
}

fn keys(stage: &Stage<User>, user: UserId) -> Vec<Key> {
    User::keys(&stage.state(&user_entity(user)))
}

#[test]
fn somebody_new_is_sent_a_code_and_proves_the_number_by_showing_it() {
    let stage = given::<User>([]).when(wants_code(JANA, 1));
    let opened = UserEvent::TicketOpened {
        ticket: ticket(1),
        purpose: TicketPurpose::PhoneCode,
        until: NOW.plus(10 * MINUTE),
        to: Some(NUMBER.to_owned()),
        language: Some("cs".to_owned()),
    };
    assert_eq!(stage.result.as_ref().unwrap()[1], (user_entity(JANA), opened));
    assert_eq!(keys(&stage.stage, JANA), [Key::new(PHONE, NUMBER)]);
    let stage = stage.stage.when(log_in(1, code(1, true), None));
    let stage = stage.then_names(&["user.verified", IN[0], IN[1]]);
    let jana = known(&stage, JANA);
    assert_eq!((jana.phone_verified, jana.email_verified), (true, false));
    stage.when(log_in(2, code(1, true), None)).refused(UserRefusal::TicketSpent);
}

#[test]
fn who_asks_again_is_the_same_user_and_gets_no_second_code_within_a_minute() {
    let stage = given::<User>([])
        .when(wants_code(JANA, 1))
        .then_names(&["user.registered", "user.ticket_opened"])
        .when(wants_code(PETR, 2))
        .then_nothing()
        .after(MINUTE)
        .when(wants_code(PETR, 3))
        .then_names(&["user.ticket_opened"]);
    assert_eq!(stage.state(&user_entity(PETR)), UserState::Blank);
    let stage = stage.when(log_in(1, code(1, true), None)).refused(UserRefusal::TicketSpent);
    let stage = stage.when(log_in(1, code(3, true), None));
    stage.then_names(&["user.verified", IN[0], IN[1]]);
}

#[test]
fn wrong_codes_lock_out_as_by_mail_and_end_the_ticket() {
    let mut stage = given::<User>([]).when(wants_code(JANA, 1)).stage;
    for _ in 0..4 {
        stage = stage.when(log_in(1, code(1, false), None)).then_names(FAILED);
    }
    let locked = ["user.login_failed", "user.locked", "user.address_failed"];
    stage = stage.when(log_in(1, code(1, false), None)).then_names(&locked);
    stage = stage.after(MINUTE);
    stage.when(log_in(1, code(1, true), None)).refused(UserRefusal::TicketSpent);
}

#[test]
fn a_number_that_was_told_beside_an_address_lets_nobody_in_and_is_nobody_s_yet() {
    let told = NewUser { phone: Some(NUMBER.to_owned()), ..new_user() };
    let stage = given::<User>([])
        .when(register_as(PETR, told, 1))
        .then_names(&["user.registered", "user.ticket_opened"]);
    assert_eq!(keys(&stage, PETR), [Key::new(EMAIL, "jana@example.com")]);
    let (user, purpose) = (PETR, TicketPurpose::PhoneCode);
    let stage = stage
        .when(UserCommand::OpenTicket { user, ticket: ticket(2), purpose })
        .refused(UserRefusal::WrongState("the account has no telephone number"));
    let stage = stage.when(wants_code(JANA, 3));
    let stage = stage.then_names(&["user.registered", "user.ticket_opened"]);
    assert_eq!(keys(&stage, JANA), [Key::new(PHONE, NUMBER)]);
}

#[test]
fn a_proved_number_lets_into_the_account_with_its_address_and_password() {
    let import = NewUser {
        phone: Some(NUMBER.to_owned()),
        via: RegisteredVia::Import,
        verified: true,
        ..new_user()
    };
    let register = |user, new| UserCommand::Register { user, new, ticket: None };
    let stage = given::<User>([]).when(register(JANA, import.clone()));
    let stage = stage.then_names(&["user.registered"]);
    let stage = stage.when(wants_code(PETR, 2)).then_names(&["user.ticket_opened"]);
    let stage = stage.when(log_in(1, code(2, true), None)).then_names(IN);
    assert!(known(&stage, JANA).password.is_some());
    let other = NewUser { email: Some("eva@example.com".to_owned()), ..import };
    stage.when(register(PETR, other)).refused(UserRefusal::Taken("phone"));
}

#[test]
fn codes_by_mail_and_by_phone_are_apart_and_a_disabled_user_gets_none() {
    let import = NewUser {
        phone: Some(NUMBER.to_owned()),
        via: RegisteredVia::Import,
        verified: true,
        ..new_user()
    };
    let stage = given::<User>([])
        .when(UserCommand::Register { user: JANA, new: import, ticket: None })
        .then_names(&["user.registered"])
        .when(open_ticket(2, TicketPurpose::LoginCode))
        .then_names(&["user.ticket_opened"])
        .when(open_ticket(3, TicketPurpose::PhoneCode))
        .then_names(&["user.ticket_opened"])
        .when(log_in(1, code(2, true), None))
        .then_names(IN)
        .when(log_in(2, code(3, true), None))
        .then_names(IN);
    let disable = UserCommand::Disable { user: JANA, reason: "left".to_owned() };
    let stage = stage.when(disable);
    stage.stage.when(wants_code(PETR, 4)).refused(UserRefusal::Taken("phone"));
}
