//! What one may ask of a tenant.

use super::{AccountMode, AccountSettings, Giver, PaymentRule, Scope, TenantSettings};
use crate::{AddressRange, EntityId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one may ask of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TenantCommand {
    /// Opens the tenant's books. Again with the same settings: nothing.
    Create {
        /// All settings.
        settings: TenantSettings,
    },
    /// Changes the settings.
    Configure {
        /// All settings.
        settings: TenantSettings,
    },
    /// Lets it read only.
    Suspend {
        /// Why, for people.
        #[schema(max_length = 500)]
        reason: String,
    },
    /// Lets it do business again.
    Resume,
    /// Closes its books for good.
    Archive,
    /// Deletes it after a while; until then it may read only.
    Delete {
        /// Days until then.
        #[schema(minimum = 1, maximum = 365)]
        days: u32,
    },
    /// Keeps it after all.
    CancelDeletion,
    /// Its deletion may be due.
    WakeTenant,
    /// Has a domain take up nothing until it goes on. Again: nothing.
    PauseDomain {
        /// Which.
        #[schema(max_length = 40)]
        domain: String,
    },
    /// Lets a paused domain go on. Again: nothing.
    ResumeDomain {
        /// Which.
        #[schema(max_length = 40)]
        domain: String,
    },
    /// Makes an API key known.
    CreateKey {
        /// The key's id, the public part of its text: 12 characters `a-z2-7`.
        key: String,
        /// What it is for.
        #[schema(min_length = 1, max_length = 100)]
        name: String,
        /// What it may do, 1 to 27 scopes.
        #[schema(min_items = 1, max_items = 29)]
        scopes: Vec<Scope>,
        /// SHA-256 of the secret part's text, in hex.
        #[schema(pattern = "^[0-9a-f]{64}$")]
        hash: String,
        /// When it ends by itself.
        #[serde(default)]
        expires_at: Option<Timestamp>,
        /// From where it counts, 50 at most; from everywhere if there is none.
        #[serde(default)]
        #[schema(max_items = 50)]
        allowed_addresses: Vec<AddressRange>,
        /// Who gives it its scopes.
        by: Giver,
    },
    /// A key was used. Kept once in a while, for people who wonder whether it is needed.
    RecordKeyUse {
        /// Which.
        key: String,
        /// From where, if that is known.
        #[serde(default)]
        #[schema(max_length = 45)]
        address: Option<String>,
    },
    /// Ends an API key.
    RevokeKey {
        /// Which.
        key: String,
    },
    /// Creates or changes an account at a provider.
    PutAccount {
        /// The provider's word, such as `stripe` or `smtp`.
        #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,39}$")]
        provider: String,
        /// The account's name at this tenant.
        #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,39}$")]
        name: String,
        /// Whether it is real.
        mode: AccountMode,
        /// The provider's settings.
        settings: AccountSettings,
    },
    /// Forgets an account and its settings.
    RemoveAccount {
        /// The provider's word.
        provider: String,
        /// The account's name.
        name: String,
    },
    /// Writes the rules by which payments find their accounts, all of them.
    PutPaymentRoutes {
        /// In order: the first that fits counts.
        #[schema(max_items = 100)]
        rules: Vec<PaymentRule>,
    },
    /// Gives a member another role. The platform's operator makes members that way too.
    PutMember {
        /// Who.
        user: EntityId,
        /// The role's name.
        role: String,
        /// The address that others know the member by; needed for a new one.
        #[serde(default)]
        email: Option<String>,
        /// Who gives the role.
        by: Giver,
    },
    /// Ends a membership.
    RemoveMember {
        /// Whose.
        user: EntityId,
        /// Who ends it.
        by: Giver,
    },
    /// Writes a role of the tenant's own.
    PutRole {
        /// Its name: `a-z`, `0-9`, `-` and `_`, not one that comes with the program.
        name: String,
        /// What its members may do.
        permissions: Vec<Scope>,
        /// What it is for.
        #[serde(default)]
        description: String,
        /// Who gives the permissions.
        by: Giver,
    },
    /// Forgets a role that nobody has.
    RemoveRole {
        /// Which.
        name: String,
        /// Who removes it.
        by: Giver,
    },
    /// Invites somebody by mail. Whoever is invited already is invited anew.
    Invite {
        /// A fresh id.
        invitation: EntityId,
        /// Whom.
        email: String,
        /// As what.
        role: String,
        /// In which language; the tenant's if absent.
        #[serde(default)]
        language: Option<String>,
        /// Who invites.
        by: Giver,
    },
    /// Writes once more to somebody who is invited, with a new deadline.
    ResendInvitation {
        /// Which.
        invitation: EntityId,
        /// Who asks.
        by: Giver,
    },
    /// Takes an invitation back.
    RevokeInvitation {
        /// Which.
        invitation: EntityId,
        /// Who takes it back.
        by: Giver,
    },
    /// Takes an invitation up; whoever asks this has shown its secret.
    AcceptInvitation {
        /// Which.
        invitation: EntityId,
        /// Who is signed in.
        user: EntityId,
        /// That user's address, which is known to be theirs.
        email: String,
    },
    /// Ends an invitation whose time is over.
    WakeInvitation {
        /// Which.
        invitation: EntityId,
    },
}
