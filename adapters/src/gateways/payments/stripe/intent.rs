//! Payment intents of our own making: the payer pays on the shop's page.

use super::{Flow, Settings, Stripe, readable, status, wire, wire_amount};
use kontor_actors::ports::{FaultCause, GatewayFault, OpenPayment, Opened};
use kontor_messages::{
    Timestamp,
    payment::{
        CaptureMode, ClientInstructions, Observation, ObservationSource, Operation, Problem,
    },
};
use secrecy::ExposeSecret;

/// Makes an intent. It has no end at Stripe; ours is told, and what nobody wants any more is called
/// off when it is asked about.
pub(super) async fn open(stripe: &Stripe, open: &OpenPayment) -> Result<Opened, GatewayFault> {
    let call = stripe.post(&["payment_intents"], &form(&stripe.settings, open)?, &open.key);
    let intent: wire::Intent = stripe.read(call, Operation::Open).await?;
    let Some(secret) = intent.client_secret else {
        let problem = Problem::new("unreadable", "stripe's answer has no client secret");
        return Err(GatewayFault::retry(FaultCause::Provider, problem));
    };
    let client = ClientInstructions {
        client_secret: secret.expose_secret().to_owned(),
        publishable_key: stripe.settings.publishable_key.clone(),
    };
    Ok(Opened {
        provider_ref: intent.id,
        references: Vec::new(),
        redirect_url: None,
        transfer: None,
        client: Some(client),
        expires_at: Some(open.until),
    })
}

/// How an intent stands; one that waits for a payer whom nobody waits for is called off.
pub(super) async fn query(
    stripe: &Stripe,
    id: &str,
    wanted: bool,
    now: Timestamp,
) -> Result<Observation, GatewayFault> {
    let (source, operation) = (ObservationSource::Poll, Operation::Query);
    let call = stripe.get(&["payment_intents", id], &[]);
    let mut intent: wire::Intent = stripe.read(call, operation).await?;
    let waits = matches!(
        intent.status.as_str(),
        "requires_payment_method" | "requires_confirmation" | "requires_action"
    );
    if waits && !wanted {
        let form = [("cancellation_reason".to_owned(), "abandoned".to_owned())];
        let call =
            stripe.post(&["payment_intents", id, "cancel"], &form, &format!("{id}-abandoned"));
        // If the payer was faster, the next question tells.
        if let Ok(ended) = stripe.read(call, operation).await {
            intent = ended;
        }
    }
    readable(status::intent(&intent, source, now), operation)
}

/// The form of an intent. The same for the same key, whenever it is sent.
pub(super) fn form(
    settings: &Settings,
    open: &OpenPayment,
) -> Result<Vec<(String, String)>, GatewayFault> {
    let currency = open.amount.currency.as_str().to_ascii_lowercase();
    let mut form = vec![
        ("amount".to_owned(), wire_amount(open.amount)?.to_string()),
        ("currency".to_owned(), currency),
        ("metadata[tenant]".to_owned(), open.tenant.to_string()),
        ("metadata[payment]".to_owned(), open.payment.to_string()),
        ("metadata[attempt]".to_owned(), open.attempt.to_string()),
        // The payer reads the shop's page; this is for people who look at Stripe.
        ("metadata[description]".to_owned(), open.description.clone()),
    ];
    if settings.payment_method_types.is_empty() {
        form.push(("automatic_payment_methods[enabled]".to_owned(), "true".to_owned()));
    }
    for (place, method) in settings.payment_method_types.iter().enumerate() {
        form.push((format!("payment_method_types[{place}]"), method.clone()));
    }
    if open.capture == CaptureMode::Manual {
        form.push(("capture_method".to_owned(), "manual".to_owned()));
    }
    if let Some(email) = &open.customer_email {
        form.push(("receipt_email".to_owned(), email.clone()));
    }
    Ok(form)
}

/// Says what an account's settings have to hold for a flow.
pub(super) fn check(settings: &Settings) -> Result<(), String> {
    let own_page = settings.flow == Flow::PaymentIntent
        || settings.flows.values().any(|flow| *flow == Flow::PaymentIntent);
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if !settings.payment_method_types.iter().all(|method| !method.is_empty() && plain(method)) {
        return Err("payment_method_types: expected words such as `card`".into());
    }
    match &settings.publishable_key {
        Some(key) if !key.starts_with("pk_") => {
            Err("publishable_key: expected a key that begins with `pk_`".into())
        }
        Some(_) if !own_page => {
            Err("publishable_key: expected none, for no payer pays on the shop's own page".into())
        }
        _ => Ok(()),
    }
}
