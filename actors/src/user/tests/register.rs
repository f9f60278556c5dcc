//! Becoming a user, proving an address, passwords and memberships.

use super::*;

#[test]
fn who_registers_gets_a_ticket_to_prove_the_address_and_the_same_request_changes_nothing() {
    let stage = given::<User>([]).when(register_as(JANA, new_user(), 1));
    let opened = UserEvent::TicketOpened {
        ticket: ticket(1),
        purpose: TicketPurpose::VerifyEmail,
        until: NOW.plus(24 * 60 * MINUTE),
        to: Some("jana@example.com".to_owned()),
        language: Some("cs".to_owned()),
    };
    assert_eq!(stage.result.as_ref().unwrap()[1], (user_entity(JANA), opened));
    let stage = stage.stage.when(register_as(JANA, new_user(), 1)).then_nothing();
    assert!(!known(&stage, JANA).email_verified);
}

#[test]
fn an_address_that_is_proved_is_never_another_s_and_its_owner_is_told_once_an_hour() {
    let again = || register_as(PETR, NewUser { name: "Petr".to_owned(), ..new_user() }, 2);
    let stage = jana().when(again()).then_names(&["user.known_already"]);
    let stage = stage.when(again()).then_nothing().after(60 * MINUTE);
    let stage = stage.when(again()).then_names(&["user.known_already"]);
    assert_eq!(known(&stage, JANA).name, "Jana Nováková");
    assert_eq!(stage.state(&user_entity(PETR)), UserState::Blank);
    let import = NewUser { via: RegisteredVia::Import, ..new_user() };
    stage.when(register_as(PETR, import, 3)).refused(UserRefusal::Taken("e-mail"));
}

#[test]
fn who_registers_with_an_unproved_address_again_sets_a_password_by_the_letter_alone() {
    let other = NewUser {
        name: "Mallory".to_owned(),
        password: Some(OTHER_PASSWORD.to_owned()),
        ..new_user()
    };
    let stage = given::<User>([])
        .when(register_as(JANA, new_user(), 1))
        .then_names(&["user.registered", "user.ticket_opened"])
        .when(log_in(1, password(true, 1), None))
        .then_names(IN)
        .when(register_as(PETR, other.clone(), 2))
        .then_names(&["user.ticket_opened"])
        .when(register_as(PETR, other, 3))
        .then_nothing();
    let unchanged = known(&stage, JANA);
    assert_eq!(unchanged.password.as_deref(), Some(PASSWORD));
    assert_eq!((unchanged.name.as_str(), unchanged.email_verified), ("Jana Nováková", false));
    let reset = UserCommand::ResetPassword {
        user: JANA,
        ticket: ticket(2),
        password: OTHER_PASSWORD.to_owned(),
    };
    let stage = stage
        .when(reset)
        .then_names(&["user.password_changed", "user.session_revoked"])
        .when(UserCommand::VerifyEmail { user: JANA, ticket: ticket(1) })
        .refused(UserRefusal::TicketSpent);
    let jana = known(&stage, JANA);
    assert_eq!(jana.password.as_deref(), Some(OTHER_PASSWORD));
    assert_eq!((jana.sessions.len(), jana.email_verified), (0, true));
}

#[test]
fn the_owner_of_an_account_that_an_operator_made_or_that_may_do_something_is_only_told() {
    let made = NewUser { via: RegisteredVia::Operator, role: PlatformRole::Operator, ..new_user() };
    given::<User>([])
        .when(register_as(JANA, made, 1))
        .then_names(&["user.registered", "user.ticket_opened"])
        .when(register_as(PETR, new_user(), 2))
        .then_names(&["user.known_already"]);
    let member = UserCommand::RecordMembership {
        user: JANA,
        tenant: crate::testing::tenant(),
        role: "owner".to_owned(),
    };
    given::<User>([])
        .when(register_as(JANA, new_user(), 1))
        .then_names(&["user.registered", "user.ticket_opened"])
        .when(member)
        .then_names(&["user.membership_recorded"])
        .when(register_as(PETR, new_user(), 2))
        .then_names(&["user.known_already"]);
}

#[test]
fn who_proves_the_address_by_a_code_ends_what_a_stranger_set_before() {
    let stage = given::<User>([])
        .when(register_as(JANA, new_user(), 1))
        .then_names(&["user.registered", "user.ticket_opened"])
        .when(log_in(1, password(true, 1), None))
        .then_names(IN)
        .when(open_ticket(2, TicketPurpose::LoginCode))
        .then_names(&["user.ticket_opened"])
        .when(log_in(2, code(2, true), None))
        .then_names(&["user.session_revoked", "user.verified", IN[0], IN[1]])
        .when(log_in(3, password(true, 1), None))
        .refused(UserRefusal::Stale);
    let jana = known(&stage, JANA);
    assert_eq!((jana.password, jana.sessions, jana.email_verified), (None, vec![session(2)], true));
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let with = |edit: fn(&mut NewUser)| {
        let mut new = new_user();
        edit(&mut new);
        given::<User>([]).when(register_as(JANA, new, 1))
    };
    invalid_at(with(|new| new.email = None), "/email");
    invalid_at(with(|new| new.email = Some("jana".to_owned())), "/email");
    invalid_at(with(|new| new.email = Some("Jana@example.com".to_owned())), "/email");
    invalid_at(with(|new| new.phone = Some("602".to_owned())), "/phone");
    invalid_at(with(|new| new.name = "a\nb".to_owned()), "/name");
    invalid_at(with(|new| new.language = Some("Czech".to_owned())), "/language");
    invalid_at(with(|new| new.password = Some("tide".to_owned())), "/password_hash");
}

#[test]
fn a_link_counts_once_and_not_for_ever() {
    let verify = |n| UserCommand::VerifyEmail { user: JANA, ticket: ticket(n) };
    jana().when(verify(1)).refused(UserRefusal::TicketSpent);
    let late = given::<User>([]).when(register_as(JANA, new_user(), 1)).stage;
    late.after(24 * 60 * MINUTE).when(verify(1)).refused(UserRefusal::TicketSpent);
}

#[test]
fn a_reset_ends_every_session_and_every_ticket_and_the_lock() {
    let reset = |n| UserCommand::ResetPassword {
        user: JANA,
        ticket: ticket(n),
        password: OTHER_PASSWORD.to_owned(),
    };
    let stage = in_once()
        .when(open_ticket(2, TicketPurpose::ResetPassword))
        .then_names(&["user.ticket_opened"])
        .when(open_ticket(3, TicketPurpose::ResetPassword))
        .then_nothing()
        .when(open_ticket(4, TicketPurpose::LoginCode))
        .then_names(&["user.ticket_opened"])
        .when(reset(4))
        .refused(UserRefusal::TicketSpent)
        .when(reset(2))
        .then_names(&["user.password_changed", "user.session_revoked"])
        .when(reset(2))
        .refused(UserRefusal::TicketSpent)
        .when(log_in(5, code(4, true), None))
        .refused(UserRefusal::TicketSpent);
    assert_eq!(session_of(&stage, 1).reason, Some(RevokeReason::PasswordChanged));
    let late = jana().when(open_ticket(2, TicketPurpose::ResetPassword)).stage.after(30 * MINUTE);
    late.when(reset(2)).refused(UserRefusal::TicketSpent);
}

#[test]
fn a_changed_password_ends_all_sessions_but_the_one_that_changed_it() {
    let change = |proof| UserCommand::ChangePassword {
        user: JANA,
        session: session(1),
        proof,
        password: OTHER_PASSWORD.to_owned(),
    };
    let stage = in_once().when(log_in(2, password(true, 1), None)).then_names(IN);
    let stage = stage.when(change(password(false, 1))).then_names(&["user.login_failed"]);
    let stage = stage.when(change(password(true, 1)));
    let stage = stage.then_names(&["user.password_changed", "user.session_revoked"]);
    let stage = stage.when(change(password(true, 1))).then_nothing();
    assert_eq!(known(&stage, JANA).sessions, [session(1)]);
    stage.when(log_in(3, password(true, 1), None)).refused(UserRefusal::Stale);
}

#[test]
fn who_is_disabled_is_out_and_comes_in_no_more_until_enabled() {
    let stage = in_once()
        .when(UserCommand::Disable { user: JANA, reason: "left".to_owned() })
        .then_names(&["user.disabled", "user.session_revoked"])
        .when(log_in(2, password(true, 1), None))
        .refused(UserRefusal::Disabled)
        .when(refresh(1, 1, 2))
        .refused(UserRefusal::Disabled)
        .when(open_ticket(2, TicketPurpose::ResetPassword))
        .then_nothing();
    let stage = stage.when(UserCommand::Enable { user: JANA }).then_names(&["user.enabled"]);
    stage.when(log_in(2, password(true, 1), None)).then_names(IN);
}

#[test]
fn memberships_are_recorded_changed_and_ended_and_news_only_once() {
    let tenant = crate::testing::tenant;
    let member = |role: &str| UserCommand::RecordMembership {
        user: JANA,
        tenant: tenant(),
        role: role.to_owned(),
    };
    let ended = || UserCommand::RecordMembershipEnded { user: JANA, tenant: tenant() };
    let stage = jana().when(member("staff")).then_names(&["user.membership_recorded"]);
    let stage = stage.when(member("staff")).then_nothing();
    let stage = stage.when(member("owner")).then_names(&["user.membership_recorded"]);
    let role = &known(&stage, JANA).tenants[0].role;
    assert_eq!(role, "owner");
    let stage = stage.when(ended()).then_names(&["user.membership_ended"]);
    stage.when(ended()).then_nothing();
    given::<User>([]).when(member("staff")).then_nothing().when(ended()).then_nothing();
}
