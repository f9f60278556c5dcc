//! Whatever is asked, by whomever, in whatever order: an owner remains, nobody is raised above
//! whoever raised them, and the counts are what there is.

use super::{invitations::*, members::*, *};
use kontor_messages::tenant::{BuiltIn, lacking, member_entity, role_entity, team_entity};
use proptest::{collection::vec, prelude::*, sample::select};
use std::collections::BTreeMap;

const PEOPLE: [&str; 5] = ["olga", "adam", "vera", "nina", "emil"];
const ROLES: [&str; 7] = ["owner", "admin", "operator", "support", "viewer", "packer", "clerk"];
const WORDS: [&str; 5] = ["orders:read", "orders:write", "stock:read", "keys:write", "audit:read"];

fn step() -> impl Strategy<Value = TenantCommand> {
    let person = || select(&PEOPLE[..]);
    let own_role = || select(&ROLES[5..]);
    let invitation = || select(&["i-1", "i-2", "i-3"][..]);
    let put = (person(), select(&ROLES[..]), person());
    let invited = (invitation(), person(), select(&ROLES[..]), person());
    let mail = |who: &str| format!("{who}@example.com");
    prop_oneof![
        4 => put.prop_map(|(who, role, giver)| make(who, role, by(giver))),
        2 => (person(), person()).prop_map(|(who, giver)| remove(who, by(giver))),
        2 => (own_role(), vec(select(&WORDS[..]), 1..3), person())
            .prop_map(|(name, words, giver)| write_role(name, &words, by(giver))),
        1 => (own_role(), person()).prop_map(|(name, giver)| TenantCommand::RemoveRole {
            name: name.to_owned(),
            by: by(giver),
        }),
        3 => invited.prop_map(move |(id, who, role, giver)| invite(id, &mail(who), role, by(giver))),
        3 => (invitation(), person()).prop_map(move |(id, who)| accept(id, who, &mail(who))),
        1 => (invitation(), person()).prop_map(|(id, giver)| TenantCommand::RevokeInvitation {
            invitation: EntityId::named(id),
            by: by(giver),
        }),
    ]
}

fn role_of(stage: &Stage<Tenant>, name: &str) -> Option<String> {
    match stage.state(&member_entity(name)) {
        TenantState::Member(member) => Some(member.role),
        _ => None,
    }
}

fn scopes_of(stage: &Stage<Tenant>, role: &str) -> Vec<Scope> {
    if let Some(role) = BuiltIn::parse(role) {
        return role.scopes();
    }
    match stage.state(&role_entity(role)) {
        TenantState::Role(role) => role.permissions,
        _ => Vec::new(),
    }
}

fn may(stage: &Stage<Tenant>, name: &str) -> Vec<Scope> {
    role_of(stage, name).map(|role| scopes_of(stage, &role)).unwrap_or_default()
}

/// Whoever stands behind a command, if it raises anybody.
fn giver(command: &TenantCommand) -> Option<&str> {
    match command {
        TenantCommand::PutMember { by: Giver::User(giver), .. }
        | TenantCommand::PutRole { by: Giver::User(giver), .. }
        | TenantCommand::Invite { by: Giver::User(giver), .. } => Some(giver.as_str()),
        _ => None,
    }
}

proptest! {
    #[test]
    fn an_owner_remains_and_nobody_is_raised_above_the_giver(steps in vec(step(), 0..60)) {
        let mut stage = staffed();
        for command in steps {
            let before = PEOPLE.map(|name| may(&stage, name));
            let owned = giver(&command).map(|name| may(&stage, name));
            // Whoever invited vouches at the time of accepting.
            let vouched = match &command {
                TenantCommand::AcceptInvitation { invitation, .. } => {
                    let entity = kontor_messages::tenant::invitation_entity(invitation.as_str());
                    match stage.state(&entity) {
                        TenantState::Invitation(known) => match known.invited_by {
                            Giver::User(name) => Some(may(&stage, name.as_str())),
                            _ => None,
                        },
                        _ => None,
                    }
                }
                _ => None,
            };
            let told = stage.obey(command.clone()).unwrap_or_default();
            let after = PEOPLE.map(|name| may(&stage, name));
            prop_assert!(PEOPLE.iter().any(|n| role_of(&stage, n).as_deref() == Some("owner")));
            for (old, new) in before.iter().zip(&after) {
                let gained: Vec<_> =
                    new.iter().copied().filter(|s| lacking(old, &[*s]).is_some()).collect();
                if !gained.is_empty() {
                    let by = owned.as_ref().or(vouched.as_ref());
                    prop_assert!(by.is_some_and(|by| lacking(by, &gained).is_none()), "{told:?}");
                }
            }
            let again = stage.obey(command).unwrap_or_default();
            prop_assert!(again.is_empty(), "the second time gave {again:?}");
        }
    }

    #[test]
    fn the_counts_are_what_there_is(steps in vec(step(), 0..60)) {
        let mut stage = staffed();
        for command in steps {
            let _ = stage.obey(command);
        }
        let (mut members, mut invited, mut roles) = (BTreeMap::new(), BTreeMap::new(), 0);
        for (_, entity) in stage.book().entities() {
            match &*entity.state {
                TenantState::Member(member) => {
                    *members.entry(member.role.clone()).or_default() += 1;
                }
                TenantState::Invitation(known) if known.status == InvitationStatus::Open => {
                    *invited.entry(known.role.clone()).or_default() += 1;
                }
                TenantState::Role(_) => roles += 1,
                _ => {}
            }
        }
        let TenantState::Team(team) = stage.state(&team_entity()) else { panic!("no counts") };
        prop_assert_eq!((team.members, team.invited, team.roles), (members, invited, roles));
    }
}
