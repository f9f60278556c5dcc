//! The things that the API shows: which entity each is, and what of it may leave the program.

use super::suppliers::{ImportView, SourceView};
use kontor_actors::{
    catalog::{Catalog, CatalogState, CategoryDocument, ProductDocument},
    domain::Domain,
    erasure::{Erasure, ErasureDocument},
    notification::{Notification, NotificationDocument, NotificationState, TemplateDocument},
    order::{Order, state::OrderDocument},
    payment::{Payment, PaymentDocument},
    payout::{Payout, PayoutBatch, PayoutOrder},
    reconciliation::{DifferenceDocument, Reconciliation, RunDocument},
    stock::{MovementState, ReservationState, SkuState, Stock, StockState, TransferState},
    supplier::{Supplier, SupplierDocument},
    tenant::{
        AccountDocument, InvitationDocument, KeyDocument, MemberDocument, PaymentRoutesDocument,
        RoleDocument, Tenant, TenantDocument, TenantState,
    },
    webhook::{DeliveryDocument, EndpointDocument, Webhook, WebhookState},
};
use kontor_messages::{
    EntityId,
    catalog::{Attribute, AttributeSet, Pricing},
};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// A kind of entity that is shown under its id.
pub(super) trait Kind: Send + Sync + 'static {
    /// Whose entity it is.
    type Domain: Domain + Public;
    /// What is shown of it.
    type Document: Clone + Serialize + Send + Sync + 'static;
    /// What it is called in a sentence.
    const WHAT: &'static str;
    /// Where it is found.
    const PATH: &'static str;
    /// How its entities' names begin; the id follows.
    const PREFIX: &'static str;
    /// Names from here on belong to other kinds, where the prefix does not tell them apart.
    const END: Option<&'static str> = None;
    /// How such things may stand, as lists are asked for them; none if they have no status.
    const STATUSES: &'static [&'static str] = &[];

    /// What is shown of an entity, if it is of this kind.
    fn document(state: &<Self::Domain as Domain>::State) -> Option<Cow<'_, Self::Document>>;

    /// The entity of an id.
    fn entity(id: &str) -> Option<EntityId> {
        EntityId::parse(&format!("{}{id}", Self::PREFIX)).ok()
    }

    /// The id of an entity.
    fn id(entity: &EntityId) -> &str {
        entity.as_str().strip_prefix(Self::PREFIX).unwrap_or(entity.as_str())
    }
}

/// A thing with its id and version.
#[derive(Serialize, ToSchema)]
pub(super) struct Versioned<T> {
    /// Its id.
    pub(super) id: String,
    /// How many changes it has seen; the ETag.
    pub(super) version: i64,
    /// The thing.
    #[serde(flatten)]
    pub(super) document: T,
}

/// What of a domain's events may leave the program.
pub(super) trait Public: Domain {
    /// The event without secrets.
    fn public_event(event: &Self::Event) -> serde_json::Value {
        serde_json::to_value(event).unwrap_or_default()
    }
}

impl Public for Stock {}
impl Public for Order {}
impl Public for Payment {
    fn public_event(event: &Self::Event) -> serde_json::Value {
        serde_json::to_value(event.clone().public_view()).unwrap_or_default()
    }
}
impl Public for Notification {}
impl Public for Payout {}
impl Public for Erasure {}
impl Public for Reconciliation {}
impl Public for Supplier {
    fn public_event(event: &Self::Event) -> serde_json::Value {
        serde_json::to_value(event.public_view()).unwrap_or_default()
    }
}
impl Public for Catalog {}
impl Public for Webhook {
    fn public_event(event: &Self::Event) -> serde_json::Value {
        serde_json::to_value(event.public_view()).unwrap_or_default()
    }
}
impl Public for Tenant {
    fn public_event(event: &Self::Event) -> serde_json::Value {
        serde_json::to_value(event.public_view()).unwrap_or_default()
    }
}

/// Names of UUIDv7 begin with a digit for the next thousand years.
const AFTER_DIGITS: &str = ":";

/// Declares a kind whose document is a variant of its domain's state.
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident: $domain:ty, $document:ty, $what:literal, $path:literal,
     $prefix:literal, $end:expr, |$state:ident| $show:expr $(, [$($status:literal),+])?) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl Kind for $name {
            type Domain = $domain;
            type Document = $document;
            const WHAT: &'static str = $what;
            const PATH: &'static str = $path;
            const PREFIX: &'static str = $prefix;
            const END: Option<&'static str> = $end;
            $(const STATUSES: &'static [&'static str] = &[$($status),+];)?

            fn document($state: &<$domain as Domain>::State) -> Option<Cow<'_, $document>> {
                $show
            }
        }
    };
}

kind!(
    /// Orders.
    Orders: Order, OrderDocument, "order", "/v1/orders", "", Some(AFTER_DIGITS),
    |state| state.order().map(Cow::Borrowed),
    [
        "pending", "confirmed", "processing", "shipped", "delivered", "cancelled", "returned",
        "paid_without_stock"
    ]
);
kind!(
    /// Products in stock.
    Skus: Stock, SkuState, "product in stock", "/v1/stock", "sku/", None,
    |state| state.as_sku().map(Cow::Borrowed)
);
kind!(
    /// What orders hold.
    Reservations: Stock, ReservationState, "reservation", "/v1/stock/reservations",
    "reservation/", None,
    |state| state.as_reservation().map(Cow::Borrowed)
);
kind!(
    /// Goods between two warehouses.
    Transfers: Stock, TransferState, "transfer", "/v1/stock/transfers", "transfer/", None,
    |state| match state {
        StockState::Transfer(transfer) => Some(Cow::Borrowed(transfer)),
        _ => None,
    }
);
kind!(
    /// Goods that came, went or were counted.
    Movements: Stock, MovementState, "movement", "/v1/stock/movements", "movement/", None,
    |state| match state {
        StockState::Movement(movement) => Some(Cow::Borrowed(movement)),
        _ => None,
    }
);
kind!(
    /// API keys, without their hashes.
    Keys: Tenant, KeyDocument, "key", "/v1/keys", "key/", None,
    |state| match state.public_view() {
        TenantState::Key(key) => Some(Cow::Owned(key)),
        _ => None,
    },
    ["active", "revoked"]
);
kind!(
    /// Who works for a tenant.
    Members: Tenant, MemberDocument, "member", "/v1/members", "member/", None,
    |state| match state {
        TenantState::Member(member) => Some(Cow::Borrowed(member)),
        _ => None,
    }
);
kind!(
    /// A tenant's own roles.
    Roles: Tenant, RoleDocument, "role", "/v1/roles", "role/", None,
    |state| match state {
        TenantState::Role(role) => Some(Cow::Borrowed(role)),
        _ => None,
    }
);
kind!(
    /// Who was invited.
    Invitations: Tenant, InvitationDocument, "invitation", "/v1/invitations", "invitation/", None,
    |state| match state {
        TenantState::Invitation(invitation) => Some(Cow::Borrowed(invitation)),
        _ => None,
    },
    ["open", "accepted", "revoked", "expired"]
);
kind!(
    /// Accounts at providers, without their secrets.
    Accounts: Tenant, AccountDocument, "account", "/v1/accounts", "account/", None,
    |state| match state.public_view() {
        TenantState::Account(account) => Some(Cow::Owned(account)),
        _ => None,
    },
    ["test", "live"]
);
kind!(
    /// The rules of a tenant's payments.
    PaymentRoutes: Tenant, PaymentRoutesDocument, "rules", "/v1", "", None,
    |state| match state {
        TenantState::PaymentRoutes(routes) => Some(Cow::Borrowed(routes)),
        _ => None,
    }
);
kind!(
    /// Tenants, each called after itself.
    Tenants: Tenant, TenantDocument, "tenant", "/v1/tenants", "", None,
    |state| match state {
        TenantState::Tenant(tenant) => Some(Cow::Borrowed(tenant)),
        _ => None,
    },
    ["active", "suspended", "archived", "deleting", "deleted"]
);
kind!(
    /// Payments.
    Payments: Payment, PaymentDocument, "payment", "/v1/payments", "", Some(AFTER_DIGITS),
    |state| state.payment().map(|payment| Cow::Owned(payment.clone().public_view())),
    [
        "created", "pending", "authorized", "paid", "partially_refunded", "refunded", "failed",
        "cancelled", "expired", "held", "disputed", "second_payment"
    ]
);
kind!(
    /// Payments as who asked for them sees them: with what the payer's browser needs.
    AskedPayments: Payment, PaymentDocument, "payment", "/v1/payments", "", Some(AFTER_DIGITS),
    |state| state.payment().map(Cow::Borrowed),
    [
        "created", "pending", "authorized", "paid", "partially_refunded", "refunded", "failed",
        "cancelled", "expired", "held", "disputed", "second_payment"
    ]
);
kind!(
    /// Refunds that go to the bank with a file.
    Payouts: Payout, PayoutOrder, "payout", "/v1/payouts", "order/", None,
    |state| state.order().map(Cow::Borrowed),
    ["waiting", "batched", "handed_over", "paid", "failed"]
);
kind!(
    /// The orders that go with one file.
    PayoutBatches: Payout, PayoutBatch, "batch", "/v1/payout-batches", "batch/", None,
    |state| state.batch().map(Cow::Borrowed),
    ["formed", "handed_over", "released", "done"]
);
kind!(
    /// Comparisons with providers' lists.
    Runs: Reconciliation, RunDocument, "reconciliation", "/v1/reconciliations", "run/", None,
    |state| state.run().map(Cow::Borrowed),
    ["queued", "running", "completed", "not_offered", "failed"]
);
kind!(
    /// In what they differ.
    Differences: Reconciliation, DifferenceDocument, "difference", "/v1/differences",
    "difference/", None,
    |state| state.difference().map(Cow::Borrowed),
    ["open", "assigned", "settled"]
);
kind!(
    /// Messages to people.
    Notifications: Notification, NotificationDocument, "message", "/v1/notifications", "",
    Some(AFTER_DIGITS),
    |state| match state {
        NotificationState::Notification(message) => Some(Cow::Borrowed(message)),
        _ => None,
    },
    ["queued", "sending", "waiting", "sent", "given_up", "skipped", "dismissed"]
);
kind!(
    /// A tenant's own texts.
    Templates: Notification, TemplateDocument, "template", "/v1/templates", "template/", None,
    |state| match state {
        NotificationState::Template(template) => Some(Cow::Borrowed(template)),
        _ => None,
    }
);
kind!(
    /// Where a tenant's events are posted, without secrets.
    Endpoints: Webhook, EndpointDocument, "endpoint", "/v1/webhook-endpoints", "endpoint/", None,
    |state| match state.public_view() {
        WebhookState::Endpoint(endpoint) => Some(Cow::Owned(endpoint)),
        _ => None,
    },
    ["active", "paused", "disabled", "removed"]
);
kind!(
    /// Requests to forget a person.
    Erasures: Erasure, ErasureDocument, "erasure", "/v1/erasures", "", Some(AFTER_DIGITS),
    |state| state.document().map(Cow::Borrowed),
    ["requested", "completed"]
);
kind!(
    /// Events on their way to endpoints.
    Deliveries: Webhook, DeliveryDocument, "delivery", "/v1/webhook-endpoints", "delivery/", None,
    |state| match state {
        WebhookState::Delivery(delivery) => Some(Cow::Borrowed(delivery)),
        _ => None,
    },
    ["queued", "waiting", "blocked", "parked", "delivered", "given_up"]
);
kind!(
    /// Suppliers.
    Suppliers: Supplier, SupplierDocument, "supplier", "/v1/suppliers", "supplier/", None,
    |state| state.supplier().map(Cow::Borrowed),
    ["active", "inactive"]
);
kind!(
    /// Where suppliers' feeds come from, without secrets.
    Sources: Supplier, SourceView, "source", "/v1/sources", "source/", None,
    |state| {
        let known = state.source().filter(|known| !known.removed);
        known.map(|known| Cow::Owned(SourceView::from(known)))
    },
    ["importing", "idle"]
);
kind!(
    /// Imports.
    Imports: Supplier, ImportView, "import", "/v1/imports", "import/", None,
    |state| state.import().map(|known| Cow::Owned(ImportView::from(known))),
    ["queued", "running", "completed", "completed_with_errors", "failed", "cancelled", "rejected"]
);
kind!(
    /// What is sold.
    Products: Catalog, ProductDocument, "product", "/v1/products", "product/", None,
    |state| state.product().map(|product| Cow::Owned(ProductDocument::from(product))),
    ["draft", "active", "archived"]
);
kind!(
    /// Where products stand.
    Categories: Catalog, CategoryDocument, "category", "/v1/categories", "category/", None,
    |state| state.category().map(Cow::Borrowed),
    ["active", "archived", "merged"]
);
kind!(
    /// What can be said of products.
    Attributes: Catalog, Attribute, "attribute", "/v1/attributes", "attribute/", None,
    |state| state.attribute().map(Cow::Borrowed)
);
kind!(
    /// Which attributes products have.
    AttributeSets: Catalog, AttributeSet, "attribute set", "/v1/attribute-sets",
    "attribute-set/", None,
    |state| state.attribute_set().map(Cow::Borrowed)
);
kind!(
    /// How prices follow from costs.
    PriceRules: Catalog, Pricing, "pricing", "/v1", "", None,
    |state| match state {
        CatalogState::Pricing(pricing) => Some(Cow::Borrowed(pricing)),
        _ => None,
    }
);
