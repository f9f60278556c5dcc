//! The payment providers beside Stripe, and one of text messages: one line here adds one.

use std::io;

use axum::Router;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::comgate::ComGate;
use crate::fio::Fio;
use crate::halyk::Halyk;
use crate::paypal::PayPal;
use crate::payu::PayU;
use crate::smsc::Smsc;

/// The stand-ins of the payment providers beside Stripe.
pub struct Providers {
    /// ComGate.
    pub comgate: ComGate,
    /// Fio.
    pub fio: Fio,
    /// Halyk.
    pub halyk: Halyk,
    /// PayPal.
    pub paypal: PayPal,
    /// PayU.
    pub payu: PayU,
    /// SMSC, for text messages.
    pub smsc: Smsc,
}

impl Providers {
    pub(crate) fn new(
        url: &str,
        seed: Option<u64>,
        closed: &watch::Receiver<bool>,
    ) -> io::Result<Self> {
        Ok(Self {
            comgate: ComGate::new(format!("{url}/comgate"), seed, closed.clone())?,
            fio: Fio::new(format!("{url}/fio"), seed, closed.clone())?,
            halyk: Halyk::new(format!("{url}/halyk"), seed, closed.clone())?,
            paypal: PayPal::new(format!("{url}/paypal"), seed, closed.clone())?,
            payu: PayU::new(format!("{url}/payu"), seed, closed.clone())?,
            smsc: Smsc::new(format!("{url}/smsc")),
        })
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .nest("/comgate", self.comgate.router())
            .nest("/fio", self.fio.router())
            .nest("/halyk", self.halyk.router())
            .nest("/paypal", self.paypal.router())
            .nest("/payu", self.payu.router())
            .nest("/smsc", self.smsc.router())
    }

    /// Where each of them listens, by name.
    pub fn addresses(&self) -> Value {
        json!({
            "comgate": self.comgate.base_url(),
            "fio": self.fio.base_url(),
            "halyk": self.halyk.base_url(),
            "paypal": self.paypal.base_url(),
            "payu": self.payu.base_url(),
            "smsc": self.smsc.base_url(),
        })
    }
}
