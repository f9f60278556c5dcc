//! The payment providers beside Stripe, one of text messages, and suppliers: one line here adds one.

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
use crate::stand::StandSwitches;
use crate::suppliers::Suppliers;

/// The stand-ins of the payment providers beside Stripe.
#[derive(Clone)]
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
    /// Suppliers and their feeds.
    pub suppliers: Suppliers,
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
            suppliers: Suppliers::new(format!("{url}/supplier")),
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
            .nest("/supplier", self.suppliers.router())
    }

    /// What goes wrong at each of them, by name.
    pub(crate) fn switches(&self) -> Value {
        json!({
            "comgate": self.comgate.switches(),
            "fio": self.fio.switches(),
            "halyk": self.halyk.switches(),
            "paypal": self.paypal.switches(),
            "payu": self.payu.switches(),
        })
    }

    /// Changes the switches of one of them; none if there is none of that name.
    pub(crate) fn patch(&self, name: &str, patch: Value) -> Option<Result<StandSwitches, String>> {
        Some(match name {
            "comgate" => self.comgate.patch_switches(patch),
            "fio" => self.fio.patch_switches(patch),
            "halyk" => self.halyk.patch_switches(patch),
            "paypal" => self.paypal.patch_switches(patch),
            "payu" => self.payu.patch_switches(patch),
            _ => return None,
        })
    }

    /// Waits until each of them has done the work of every call that has come.
    pub async fn caught_up(&self) {
        self.comgate.caught_up().await;
        self.fio.caught_up().await;
        self.halyk.caught_up().await;
        self.paypal.caught_up().await;
        self.payu.caught_up().await;
    }

    /// Waits until none of them has a notification under way.
    pub async fn settled(&self) {
        self.comgate.settled().await;
        self.halyk.settled().await;
        self.paypal.settled().await;
        self.payu.settled().await;
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
