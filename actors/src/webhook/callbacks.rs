//! How payments' callbacks are made: the one endpoint that has no address of its own.
//!
//! A callback is a delivery like any other, to the endpoint `callbacks`; its address and its content
//! are those of its payment, and are read from there when it is posted. So it waits its turn, is
//! tried again, ends and is listed as all deliveries are. Only the trouble of one address is not
//! held against the endpoint.

use super::{
    EndpointDocument, EndpointPhase, Webhook, WebhookState,
    decide::{Answer, Asked, about, check_secret, invalid},
};
use crate::domain::{Event, Stop, refuse};
use kontor_messages::{
    EntityId,
    webhook::{
        CallbackKey, SigningSecret, WebhookEvent, WebhookRefusal, callbacks_id, endpoint_entity,
    },
};

/// Hosts that may be named.
const HOSTS_MAX: usize = 20;
const ABOUT: &str = "Callbacks of payments, each to the address that its payment names";

/// Makes the endpoint if there has never been one.
pub fn prepare(world: Asked<'_, '_>, secret: SigningSecret) -> Answer {
    check_secret(&secret)?;
    let entity = endpoint_entity(&callbacks_id());
    let blank = *world.get(&entity)? == WebhookState::Blank;
    let event = WebhookEvent::CallbacksPut { secret: Some(secret), api_key: None, hosts: vec![] };
    about(entity, blank.then_some(event))
}

/// Says how callbacks are made from now on.
pub fn put(
    world: Asked<'_, '_>,
    secret: SigningSecret,
    api_key: Option<CallbackKey>,
    hosts: Vec<String>,
) -> Answer {
    check_secret(&secret)?;
    check(api_key.as_ref(), &hosts)?;
    let entity = endpoint_entity(&callbacks_id());
    let present = living(world.get(&entity)?);
    let same = present.is_some_and(|known| known.api_key == api_key && known.hosts == hosts);
    let secret = present.is_none().then_some(secret);
    about(entity, (!same).then_some(WebhookEvent::CallbacksPut { secret, api_key, hosts }))
}

/// Refuses what needs an address of the endpoint's own.
pub fn has_address(endpoint: &EntityId) -> Result<(), Stop<WebhookRefusal>> {
    if *endpoint == callbacks_id() { refuse(WebhookRefusal::NoAddress) } else { Ok(()) }
}

/// Carries what was said into the endpoint.
pub fn apply(state: &mut WebhookState, event: &Event<'_, Webhook>) {
    let WebhookEvent::CallbacksPut { secret, api_key, hosts } = event.event else { return };
    if let Some(secret) = secret {
        let (url, about) = (String::new(), ABOUT.to_owned());
        let endpoint = EndpointDocument::new(url, about, secret.clone(), event.at);
        *state = WebhookState::Endpoint(endpoint);
    }
    if let WebhookState::Endpoint(endpoint) = state {
        endpoint.api_key.clone_from(api_key);
        endpoint.hosts.clone_from(hosts);
    }
}

fn living(state: &WebhookState) -> Option<&EndpointDocument> {
    match state {
        WebhookState::Endpoint(known) if !matches!(known.phase, EndpointPhase::Removed { .. }) => {
            Some(known)
        }
        WebhookState::Endpoint(_)
        | WebhookState::Blank
        | WebhookState::Register(_)
        | WebhookState::Delivery(_)
        | WebhookState::Lane(_)
        | WebhookState::Tally(_) => None,
    }
}

/// A key goes to named hosts only: an address comes with each payment, and whoever may ask for a
/// payment would be shown it otherwise.
fn check(api_key: Option<&CallbackKey>, hosts: &[String]) -> Result<(), Stop<WebhookRefusal>> {
    let visible = |key: &&CallbackKey| {
        (1..=200).contains(&key.0.len()) && key.0.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if api_key.is_some_and(|key| !visible(&key) || key.0 == "***") {
        return invalid("/api_key", "1 to 200 visible characters");
    }
    if hosts.len() > HOSTS_MAX || api_key.is_some() && hosts.is_empty() {
        return invalid("/hosts", "20 hosts at most, and one at least where there is a key");
    }
    if let Some(at) = hosts.iter().position(|host| !is_host(host)) {
        return invalid(&format!("/hosts/{at}"), "a host such as shop.example.com");
    }
    Ok(())
}

fn is_host(text: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
    };
    (1..=253).contains(&text.len()) && text.bytes().all(plain)
}
