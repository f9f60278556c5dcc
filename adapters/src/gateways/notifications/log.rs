//! A channel that sends nothing: it says in the log that there was a message. For trying out.

use async_trait::async_trait;
use kontor_actors::ports_notification::{
    Accepted, NotificationChannel, OutgoingMessage, SendFault,
};

/// The channel into the log.
#[derive(Default)]
pub struct Log {
    in_full: bool,
}

impl Log {
    /// A channel that says the text too: for a node that can send nothing, so that whoever tries it
    /// out finds the codes that would have been sent.
    pub fn in_full() -> Self {
        Self { in_full: true }
    }
}

#[async_trait]
impl NotificationChannel for Log {
    async fn send(&self, message: &OutgoingMessage) -> Result<Accepted, SendFault> {
        if self.in_full {
            tracing::info!(text = message.text, "there is no way to send it: this was to be sent");
            return Ok(Accepted::default());
        }
        // Neither recipient nor text: they are personal data.
        tracing::info!(
            notification = %message.notification,
            language = %message.language,
            text_len = message.text.len(),
            "message goes to the log only"
        );
        Ok(Accepted::default())
    }
}
