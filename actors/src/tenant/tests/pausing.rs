//! A domain that is paused.

use super::*;
use crate::tenant::pausing::pausing;

fn paused(stage: &Stage<Tenant>) -> Vec<String> {
    match stage.state(&tenant_entity()) {
        TenantState::Tenant(tenant) => tenant.paused.into_keys().collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_domain_is_paused_once_and_goes_on_once() {
    let stage = open()
        .when(pausing("order", true))
        .then_names(&["tenant.domain_paused"])
        .when(pausing("order", true))
        .then_nothing()
        .when(pausing("stock", true))
        .then_names(&["tenant.domain_paused"]);
    assert_eq!(paused(&stage), ["order", "stock"]);
    let stage = stage
        .when(pausing("order", false))
        .then_names(&["tenant.domain_resumed"])
        .when(pausing("order", false))
        .then_nothing();
    assert_eq!(paused(&stage), ["stock"]);
}

#[test]
fn what_an_operator_needs_to_let_it_go_on_is_never_paused() {
    for domain in ["tenant", "user", "signing"] {
        let refused = TenantRefusal::NotPausable(domain.to_owned());
        open().when(pausing(domain, true)).refused(refused);
    }
    given::<Tenant>([]).when(pausing("order", true)).refused(TenantRefusal::NotFound("tenant"));
}

#[test]
fn a_tenant_that_may_only_read_can_be_paused_too() {
    given::<Tenant>([created(), suspended()])
        .when(pausing("order", true))
        .then_names(&["tenant.domain_paused"]);
}
