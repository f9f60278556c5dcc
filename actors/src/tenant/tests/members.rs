//! The rules of members and roles.

use super::*;
use kontor_messages::tenant::{BuiltIn, member_entity, role_entity};

pub(super) fn user(name: &str) -> EntityId {
    EntityId::named(name)
}

pub(super) fn by(name: &str) -> Giver {
    Giver::User(user(name))
}

pub(super) fn is_member(name: &str, role: &str) -> (EntityId, TenantEvent) {
    let event = TenantEvent::MemberAdded {
        user: user(name),
        email: format!("{name}@example.com"),
        role: role.to_owned(),
        invited_by: Giver::Operator,
    };
    (member_entity(name), event)
}

/// A tenant with Olga, who owns it, Adam, an administrator, and Vera, who looks on.
pub(super) fn staffed() -> Stage<Tenant> {
    let people = [is_member("olga", "owner"), is_member("adam", "admin")];
    given([created()].into_iter().chain(people).chain([is_member("vera", "viewer")]))
}

pub(super) fn make(name: &str, role: &str, by: Giver) -> TenantCommand {
    TenantCommand::PutMember { user: user(name), role: role.to_owned(), email: None, by }
}

pub(super) fn remove(name: &str, by: Giver) -> TenantCommand {
    TenantCommand::RemoveMember { user: user(name), by }
}

pub(super) fn scopes(words: &[&str]) -> Vec<Scope> {
    words.iter().map(|word| Scope::parse(word).unwrap()).collect()
}

pub(super) fn write_role(name: &str, words: &[&str], by: Giver) -> TenantCommand {
    let (name, description) = (name.to_owned(), String::new());
    TenantCommand::PutRole { name, permissions: scopes(words), description, by }
}

fn role_of(stage: &Stage<Tenant>, name: &str) -> Option<String> {
    match stage.state(&member_entity(name)) {
        TenantState::Member(member) => Some(member.role),
        _ => None,
    }
}

#[test]
fn the_operator_makes_the_first_member_and_nobody_else_makes_one_without_an_invitation() {
    let first = |by| TenantCommand::PutMember {
        user: user("olga"),
        role: "owner".to_owned(),
        email: Some("olga@example.com".to_owned()),
        by,
    };
    open().when(first(Giver::Operator)).then([is_member("olga", "owner")]);
    let new = || make("nina", "viewer", by("olga"));
    staffed().when(new()).refused(TenantRefusal::NotFound("member"));
    invalid_at(open(), make("nina", "viewer", Giver::Operator), "/email");
    invalid_at(staffed(), make("vera", "pirate", by("olga")), "/role");
}

#[test]
fn an_owner_always_remains() {
    let stage = staffed()
        .when(remove("olga", by("olga")))
        .refused(TenantRefusal::LastOwner)
        .when(make("olga", "viewer", Giver::Operator))
        .refused(TenantRefusal::LastOwner)
        .when(make("adam", "owner", by("olga")))
        .then_names(&["tenant.member_changed"])
        .when(remove("olga", by("adam")))
        .then_names(&["tenant.member_removed"])
        .when(remove("adam", by("adam")))
        .refused(TenantRefusal::LastOwner);
    assert_eq!(role_of(&stage, "adam").as_deref(), Some("owner"));
    assert_eq!(role_of(&stage, "olga"), None);
}

#[test]
fn an_owner_is_made_and_ended_by_owners_only() {
    let TenantCommand::CreateKey { key, name, hash, by: operator, .. } = create_key() else {
        panic!("no key")
    };
    let all = TenantCommand::CreateKey {
        key,
        name,
        scopes: vec![Scope::ALL],
        hash,
        expires_at: None,
        allowed_addresses: vec![],
        by: operator,
    };
    let stage = staffed().when(all).then_names(&["tenant.key_created"]);
    let key = Giver::Key(KEY.to_owned());
    stage
        .when(make("vera", "owner", by("adam")))
        .refused(TenantRefusal::OwnersOnly)
        .when(make("vera", "owner", key))
        .refused(TenantRefusal::OwnersOnly)
        .when(make("olga", "admin", by("adam")))
        .refused(TenantRefusal::OwnersOnly)
        .when(remove("olga", by("adam")))
        .refused(TenantRefusal::OwnersOnly);
}

#[test]
fn nobody_gives_or_ends_more_than_they_may_themselves() {
    let lacking = |word: &str| TenantRefusal::Lacking(Scope::parse(word).unwrap());
    let stage = staffed()
        .when(make("vera", "operator", by("vera")))
        .refused(lacking("orders:write"))
        .when(remove("adam", by("vera")))
        .refused(lacking("orders:write"))
        .when(make("vera", "operator", by("adam")))
        .then_names(&["tenant.member_changed"])
        .when(make("vera", "operator", by("stranger")))
        .refused(TenantRefusal::NoGiver)
        .when(create_key())
        .then_names(&["tenant.key_created"]);
    let key = || Giver::Key(KEY.to_owned());
    stage
        .when(make("vera", "viewer", key()))
        .refused(lacking("orders:read"))
        .after(Duration::from_secs(3600))
        .when(write_role("packer", &["orders:write"], key()))
        .refused(TenantRefusal::NoGiver);
}

#[test]
fn a_role_of_one_s_own_gives_what_it_names_and_no_more_than_its_writer_has() {
    let stage = staffed()
        .when(write_role("packer", &["orders:read", "stock:write"], by("adam")))
        .then_names(&["tenant.role_created"])
        .when(write_role("packer", &["orders:read", "stock:write"], by("adam")))
        .then_nothing()
        .when(make("vera", "packer", by("adam")))
        .then_names(&["tenant.member_changed"])
        .when(write_role("packer", &["keys:write"], by("vera")))
        .refused(TenantRefusal::Lacking(scopes(&["keys:write"])[0]))
        .when(write_role("packer", &["orders:read"], by("vera")))
        .then_names(&["tenant.role_changed"])
        .when(write_role("packer", &["stock:write"], by("vera")))
        .refused(TenantRefusal::Lacking(scopes(&["stock:write"])[0]));
    invalid_at(stage, write_role("boss", &["*"], by("olga")), "/permissions");
    invalid_at(staffed(), write_role("Boss", &["stock:read"], by("olga")), "/name");
    invalid_at(staffed(), write_role("boss", &[], by("olga")), "/permissions");
}

#[test]
fn names_of_roles_that_come_with_the_program_are_reserved() {
    for role in BuiltIn::ALL {
        let write = write_role(role.as_str(), &["stock:read"], by("olga"));
        let forget = TenantCommand::RemoveRole { name: role.as_str().to_owned(), by: by("olga") };
        staffed().when(write).refused(TenantRefusal::RoleReserved);
        staffed().when(forget).refused(TenantRefusal::RoleReserved);
    }
}

#[test]
fn a_role_in_use_cannot_be_removed() {
    let forget = || TenantCommand::RemoveRole { name: "packer".to_owned(), by: by("adam") };
    let stage = staffed()
        .when(write_role("packer", &["stock:read"], by("adam")))
        .then_names(&["tenant.role_created"])
        .when(make("vera", "packer", by("adam")))
        .then_names(&["tenant.member_changed"])
        .when(forget())
        .refused(TenantRefusal::RoleInUse)
        .when(make("vera", "viewer", by("adam")))
        .then_names(&["tenant.member_changed"])
        .when(forget())
        .then_names(&["tenant.role_removed"])
        .when(forget())
        .refused(TenantRefusal::NotFound("role"));
    assert_eq!(stage.state(&role_entity("packer")), TenantState::Blank);
}

#[test]
fn roles_that_come_with_the_program_contain_one_another() {
    let all = BuiltIn::ALL.map(BuiltIn::scopes);
    for pair in all.windows(2).take(3) {
        assert_eq!(kontor_messages::tenant::lacking(&pair[0], &pair[1]), None);
    }
    let writes = |scope: &&Scope| scope.as_str().ends_with(":write");
    assert_eq!(BuiltIn::Viewer.scopes().iter().find(writes), None);
}
