//! A channel that sends nothing: it says in the log that there was a message. For trying out.

use async_trait::async_trait;
use kontor_actors::ports_notification::{
    Accepted, NotificationChannel, OutgoingMessage, SendFault,
};

/// The channel into the log.
pub struct Log;

#[async_trait]
impl NotificationChannel for Log {
    async fn send(&self, message: &OutgoingMessage) -> Result<Accepted, SendFault> {
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
