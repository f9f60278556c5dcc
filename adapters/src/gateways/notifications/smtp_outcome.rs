//! What a mail server's answer means for the next attempt.

use crate::gateways::guard::Unsafe;
use kontor_actors::ports_notification::SendFault;
use kontor_messages::notification::FailureKind;
use lettre::transport::smtp::Error;
use std::error::Error as _;

/// Where in the dialogue something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Until the server has greeted.
    Connect,
    /// Encryption.
    Tls,
    /// Login.
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`.
    Data,
    /// The message and its final dot.
    Body,
}

/// The server did not answer in time.
pub fn no_answer(step: Step) -> SendFault {
    let kind = match step {
        Step::Body => FailureKind::Ambiguous,
        Step::Connect | Step::Tls | Step::Auth | Step::Mail | Step::Rcpt | Step::Data => {
            FailureKind::RetryBackoff
        }
    };
    SendFault::new(kind, "timeout", &format!("no answer in time ({step:?})"))
}

/// Nothing was connected to, because of where the server's name leads.
pub fn not_called(refused: Unsafe) -> SendFault {
    let kind = match refused {
        Unsafe::Unknown => FailureKind::RetryBackoff,
        Unsafe::Url | Unsafe::Address => FailureKind::RejectConfig,
    };
    SendFault::new(kind, "address", &format!("host: {refused}"))
}

/// What went wrong at a step.
pub fn fault(step: Step, error: &Error) -> SendFault {
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let Some(status) = error.status() else {
        let kind = without_reply(step, error);
        return SendFault::new(kind, "connection", &format!("{step:?}: {error}"));
    };
    let status = status.to_string();
    let enhanced = enhanced_code(&said);
    let kind = with_reply(step, &status, enhanced.unwrap_or_default());
    let code = enhanced.map_or(status.clone(), |enhanced| format!("{status} {enhanced}"));
    SendFault::new(kind, code, &said)
}

fn without_reply(step: Step, error: &Error) -> FailureKind {
    match step {
        // Sent, and whether it was taken is not known.
        Step::Body => FailureKind::Ambiguous,
        // No encryption, no known way to log in, a wrong certificate.
        Step::Tls | Step::Auth | Step::Connect if error.is_tls() || error.is_client() => {
            FailureKind::RejectConfig
        }
        Step::Connect | Step::Tls | Step::Auth | Step::Mail | Step::Rcpt | Step::Data => {
            FailureKind::RetryBackoff
        }
    }
}

/// From the reply's code and the enhanced one, which may be empty (RFC 5321, RFC 3463).
pub(super) fn with_reply(step: Step, status: &str, enhanced: &str) -> FailureKind {
    if status.starts_with('4') {
        return FailureKind::RetryBackoff;
    }
    if matches!(step, Step::Connect | Step::Tls | Step::Auth | Step::Mail)
        || matches!(status, "530" | "534" | "535" | "538")
    {
        return FailureKind::RejectConfig;
    }
    match enhanced {
        "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10" | "5.2.1" => FailureKind::RejectRecipient,
        "5.2.2" => FailureKind::RetryBackoff,
        "5.3.4" => FailureKind::RejectMessage,
        "5.1.7" | "5.1.8" => FailureKind::RejectConfig,
        _ if enhanced.starts_with("5.7.") => FailureKind::RejectConfig,
        _ => match (step, status) {
            (Step::Rcpt, "552") => FailureKind::RetryBackoff,
            // A refusal by reputation as a rule; the recipient is not to blame.
            (_, "554") => FailureKind::RejectConfig,
            _ => FailureKind::RejectMessage,
        },
    }
}

/// The first word that looks like `5.1.1`.
fn enhanced_code(said: &str) -> Option<&str> {
    said.split(|c: char| c.is_whitespace() || c == '(' || c == '#').find(|word| {
        let mut parts = word.split('.');
        let class = matches!(parts.next(), Some("2" | "4" | "5"));
        let mut number = || {
            parts.next().is_some_and(|part| {
                (1..=3).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit())
            })
        };
        class && number() && number() && word.matches('.').count() == 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailureKind::{RejectConfig, RejectMessage, RejectRecipient, RetryBackoff};

    #[test]
    fn each_reply_means_what_the_table_says() {
        for (step, status, enhanced, expected) in [
            (Step::Rcpt, "421", "", RetryBackoff),
            (Step::Rcpt, "450", "4.2.0", RetryBackoff),
            (Step::Body, "452", "", RetryBackoff),
            (Step::Auth, "454", "4.7.0", RetryBackoff),
            (Step::Auth, "535", "5.7.8", RejectConfig),
            (Step::Mail, "530", "5.7.0", RejectConfig),
            (Step::Mail, "550", "", RejectConfig),
            (Step::Rcpt, "550", "5.1.1", RejectRecipient),
            (Step::Rcpt, "553", "5.1.3", RejectRecipient),
            (Step::Body, "550", "5.1.10", RejectRecipient),
            (Step::Rcpt, "550", "", RejectMessage),
            (Step::Rcpt, "552", "5.2.2", RetryBackoff),
            (Step::Rcpt, "552", "", RetryBackoff),
            (Step::Body, "552", "5.3.4", RejectMessage),
            (Step::Body, "552", "", RejectMessage),
            (Step::Rcpt, "550", "5.7.1", RejectConfig),
            (Step::Body, "550", "5.7.26", RejectConfig),
            (Step::Body, "554", "", RejectConfig),
        ] {
            assert_eq!(
                with_reply(step, status, enhanced),
                expected,
                "{step:?} {status} {enhanced}"
            );
        }
    }

    #[test]
    fn an_enhanced_code_is_found_in_the_words_around_it() {
        assert_eq!(enhanced_code("5.1.1 <x@example.com>: unknown"), Some("5.1.1"));
        assert_eq!(enhanced_code("blocked (5.7.515 see 10.0.0.1)"), Some("5.7.515"));
        assert_eq!(enhanced_code("no such user at 5.1.1.2"), None);
        assert_eq!(enhanced_code(""), None);
    }
}
