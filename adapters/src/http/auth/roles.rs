//! A user's roles in the words of the system that was before. Its services read them; Kontor itself
//! asks its own platform roles and memberships, and never these.

use kontor_actors::user::{Membership, UserDocument};
use kontor_messages::user::PlatformRole;

/// What the platform's operator is there.
const OPERATOR: &str = "global:superadmin";
/// Characters that roles take up in a token at most: it has to fit into a header.
const TOKEN_LEN_MAX: usize = 1_500;

/// All roles: `global:superadmin` for the platform's operator, `app:<tenant>:<role>` for a member.
/// An owner is `app:<tenant>:admin` too, for that is the word which is asked for there.
pub(super) fn all(role: PlatformRole, tenants: &[Membership]) -> Vec<String> {
    let mut roles = Vec::new();
    if role == PlatformRole::Operator {
        roles.push(OPERATOR.to_owned());
    }
    for Membership { tenant, role } in tenants {
        roles.push(format!("app:{tenant}:{role}"));
        if role == "owner" {
            roles.push(format!("app:{tenant}:admin"));
        }
    }
    roles
}

/// The same, as many as there is room for in a token; who needs them all asks who shows it.
pub(super) fn in_token(user: &UserDocument) -> Vec<String> {
    let mut room = TOKEN_LEN_MAX;
    let all = all(user.role, &user.tenants).into_iter();
    let fits = all.take_while(|role| {
        let left = room.checked_sub(role.len() + 3);
        room = left.unwrap_or(0);
        left.is_some()
    });
    fits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_messages::TenantId;

    fn member(tenant: &str, role: &str) -> Membership {
        Membership { tenant: TenantId::parse(tenant).unwrap(), role: role.to_owned() }
    }

    #[test]
    fn an_operator_and_a_member_have_the_words_that_are_asked_for() {
        assert!(all(PlatformRole::None, &[]).is_empty());
        assert_eq!(all(PlatformRole::Operator, &[]), ["global:superadmin"]);
        let tenants = [member("harbour-books", "owner"), member("north-tea", "support")];
        let expected =
            ["app:harbour-books:owner", "app:harbour-books:admin", "app:north-tea:support"];
        assert_eq!(all(PlatformRole::None, &tenants), expected);
    }
}
