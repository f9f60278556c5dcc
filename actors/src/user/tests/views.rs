//! Views under names: so many, each once, and only of whoever may come in.

use super::*;
use crate::{testing::tenant, user::VIEWS_MAX};
use kontor_messages::{TenantId, user::views_entity};

fn save(name: &str, query: &str) -> UserCommand {
    let (name, query) = (name.to_owned(), query.to_owned());
    UserCommand::SaveView { user: JANA, tenant: tenant(), name, query }
}

fn remove(name: &str) -> UserCommand {
    UserCommand::RemoveView { user: JANA, tenant: tenant(), name: name.to_owned() }
}

fn kept(stage: &Stage<User>, tenant: &TenantId) -> Vec<(String, String)> {
    let state = stage.state(&views_entity(JANA, tenant));
    state.views().iter().map(|view| (view.name.clone(), view.query.clone())).collect()
}

fn pair(name: &str, query: &str) -> (String, String) {
    (name.to_owned(), query.to_owned())
}

#[test]
fn a_view_is_kept_replaced_and_removed_and_the_same_twice_is_no_news() {
    let stage = jana()
        .when(save("To pack", "status=confirmed"))
        .then_names(&["user.view_saved"])
        .when(save("To pack", "status=confirmed"))
        .then_nothing()
        .when(save("Tills", "channel=till"))
        .then_names(&["user.view_saved"])
        .when(save("To pack", "status=confirmed&channel=web"))
        .then_names(&["user.view_saved"]);
    let expected = [pair("To pack", "status=confirmed&channel=web"), pair("Tills", "channel=till")];
    assert_eq!(kept(&stage, &tenant()), expected);
    let stage = stage.when(remove("To pack")).then_names(&["user.view_removed"]);
    let stage = stage.when(remove("To pack")).then_nothing();
    assert_eq!(kept(&stage, &tenant()), [pair("Tills", "channel=till")]);
}

#[test]
fn views_are_kept_for_each_tenant_by_itself() {
    let other = TenantId::parse("other-books").unwrap();
    let (name, query) = pair("To pack", "status=confirmed");
    let stage = jana()
        .when(UserCommand::SaveView { user: JANA, tenant: other.clone(), name, query })
        .then_names(&["user.view_saved"]);
    assert_eq!(kept(&stage, &other).len(), 1);
    assert!(kept(&stage, &tenant()).is_empty());
}

#[test]
fn there_are_so_many_and_one_that_is_there_can_still_be_changed() {
    let mut stage = jana();
    for n in 0..VIEWS_MAX {
        let saved = stage.when(save(&format!("View {n}"), "channel=web"));
        stage = saved.then_names(&["user.view_saved"]);
    }
    let full = UserRefusal::WrongState("20 views are kept already: remove one first");
    stage
        .when(save("One more", "channel=web"))
        .refused(full)
        .when(save("View 3", "channel=till"))
        .then_names(&["user.view_saved"])
        .when(remove("View 4"))
        .then_names(&["user.view_removed"])
        .when(save("One more", "channel=web"))
        .then_names(&["user.view_saved"]);
}

#[test]
fn a_name_is_a_line_and_so_is_what_it_stands_for() {
    for name in ["", " ", " blank", "blank ", "two\nlines", &"x".repeat(41)] {
        invalid_at(jana().when(save(name, "channel=web")), "/name");
    }
    for query in ["", "two\nlines", &"x".repeat(501)] {
        invalid_at(jana().when(save("View", query)), "/query");
    }
}

#[test]
fn whoever_is_kept_out_keeps_nothing() {
    let disabled = UserCommand::Disable { user: JANA, reason: "left".to_owned() };
    jana()
        .when(disabled)
        .then_names(&["user.disabled"])
        .when(save("To pack", "status=confirmed"))
        .refused(UserRefusal::Disabled);
}
