//! The signature of PayPal's notifications: RSA with SHA-256 over the transmission's id and time,
//! the webhook's id and the CRC-32 of the raw body.

use base64::{Engine, engine::general_purpose::STANDARD};
use kontor_actors::ports::Headers;
use kontor_messages::Timestamp;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use std::time::Duration;

/// PayPal repeats for three days.
const OLD_MAX: Duration = Duration::from_secs(4 * 24 * 3600);
const AHEAD_MAX: Duration = Duration::from_secs(300);

/// What the headers say.
pub struct Transmission<'a> {
    pub id: &'a str,
    pub time: &'a str,
    pub signature: &'a str,
    pub cert_url: &'a str,
    pub algorithm: &'a str,
}

impl<'a> Transmission<'a> {
    /// Reads the headers; none if one is missing, or says what cannot be taken.
    pub fn read(headers: &'a Headers, now: Timestamp) -> Option<Self> {
        let sent = Self {
            id: headers.get("paypal-transmission-id")?,
            time: headers.get("paypal-transmission-time")?,
            signature: headers.get("paypal-transmission-sig")?,
            cert_url: headers.get("paypal-cert-url")?,
            algorithm: headers.get("paypal-auth-algo")?,
        };
        let at = Timestamp::parse(sent.time)?;
        let timely = at <= now.plus(AHEAD_MAX) && now <= at.plus(OLD_MAX);
        (timely && sent.algorithm == "SHA256withRSA").then_some(sent)
    }
}

/// Whether the holder of the key (a PKCS#1 public key) signed it. A public key's comparison hides
/// nothing, so it takes no constant time.
pub fn is_genuine(sent: &Transmission<'_>, webhook: &str, body: &[u8], key: &[u8]) -> bool {
    let Ok(signature) = STANDARD.decode(sent.signature) else { return false };
    let text = message(sent, webhook, body);
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
        .verify(text.as_bytes(), &signature)
        .is_ok()
}

/// The time as text, since it is signed as text; the checksum as an unsigned decimal.
fn message(sent: &Transmission<'_>, webhook: &str, body: &[u8]) -> String {
    format!("{}|{}|{webhook}|{}", sent.id, sent.time, crc32fast::hash(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateways::payments::paypal::certificate::rsa_key;

    const BODY: &str = r#"{"id":"WH-KONTOR-0004","event_type":"PAYMENT.CAPTURE.COMPLETED","resource":{"id":"CAP0001","status":"COMPLETED","amount":{"currency_code":"CZK","value":"1299.00"}}}"#;
    const SIGNATURE: &str = "g1xBUYpExLwSILs+NXZ7hIOaeOxKTAeZsRY4sEdu+u0HH4zqTlnDrWh600IL29dR7cpqPPwRLQ1WrfOO3RAx8hZUFodS1trqG2BGnMXna5D3y2pkSq6ePglz/sk+VDPM1gOkDAPZfOU5sWEdf3Bn6SN5GwU3ncMf98WHPzrxqHiIFBi5HlrUPdJ6AsXDgZTUzxrUuILlWxb0YwSLP09q5O7KmT+tzmofDd6OgiIaSm8en/2ATXB2wVipQ+5Gc+SggbeagLXL2KgJIaq9n45U8kd/E9+aT42Nug055MYxmsjREFo98iUShPR349fW3N9ty2PRKXsJPmk7dwQUm9Pp+w==";
    const CERTIFICATE: &str = "MIIC3zCCAcegAwIBAgIBATANBgkqhkiG9w0BAQsFADAzMTEwLwYDVQQDDChtZXNzYWdldmVyaWZpY2F0aW9uY2VydHMudGVzdC5wYXlwYWwuY29tMB4XDTI2MDEwMTAwMDAwMFoXDTQ2MDEwMTAwMDAwMFowMzExMC8GA1UEAwwobWVzc2FnZXZlcmlmaWNhdGlvbmNlcnRzLnRlc3QucGF5cGFsLmNvbTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAJmCrKB25jTDLrE5ELRUm4CfVaQBkgbIXR5tP3gAYQ3P1S324SYnZ5lcAai5/M969OGEpGJbhUyHdzSpUS2oEIyO67a0LT/+1iuyGUYTqLJ/HZxpu5ProcIFjlysoi7gXGMoMS4KKWvF8PTMLKD6G08b46cGvvxzac+G31IsjzOLx3inX8qmfLhhlH8QFzQVoCJwuM0cVycroGCGrErJCQdGtuJkG1k01f4eWe2miKq4c5SPBlrE7NQ+rMxm54WstyW9F03j8fGvkDAB/WcLkQnRZDnTOkaPnYd/xcHISw1sTjOmvDPTYnxl8zD2EoHoum3Y2GySZoaje5wXBG8x0OcCAwEAATANBgkqhkiG9w0BAQsFAAOCAQEAKgDA26jVb91p8KY0Y3Rwk6ahiuUa+7HdUrM4sTj8OBmLukkNKxqSqQH1ySqvCD1H8/2JhmE0vqqxDhy5l9BwDz6xVRnhlqzJDp9y+bVJESHdDTXMLcJTSuE6POVbffGMKiKHeym77n8EgGNeqag1dSmnxYwuqjVR/CW+zhk+ZvWWGIJDItQR8SHvds73dPMiUGcxRqeT8/9x+TvYY47Gsj1kCDUUnsoPYZniZBSGQWj2M1Tdvs5MT2gdtparf2KevucdEfdgX0S+6ygcyhEs4pgJGGeT/1hxPhNNw0HP6uvcbUO/GCt+zIdkhw65oPBWLjtwzly+SP4FGuChKGujMA==";

    fn sent() -> Transmission<'static> {
        Transmission {
            id: "11111111-2222-3333-4444-555555555555",
            time: "2026-01-01T00:00:00Z",
            signature: SIGNATURE,
            cert_url: "https://api.paypal.com/v1/notifications/certs/CERT-1",
            algorithm: "SHA256withRSA",
        }
    }

    /// The vector's certificate signs itself, which no chain would trust: its key is taken as it
    /// stands in it, after the header of an RSA key of 2048 bits.
    fn key() -> Vec<u8> {
        let der = STANDARD.decode(CERTIFICATE).unwrap();
        let header = hex::decode("30820122300d06092a864886f70d01010105000382010f00").unwrap();
        let at = der.windows(header.len()).position(|part| part == header).unwrap();
        rsa_key(&der[at..at + 0x126]).unwrap().to_vec()
    }

    #[test]
    fn pp_1_a_genuine_notification_is_taken() {
        assert_eq!((BODY.len(), crc32fast::hash(BODY.as_bytes())), (164, 2_210_594_689));
        let text = "11111111-2222-3333-4444-555555555555|2026-01-01T00:00:00Z|9KONTOR0WEBHOOK001|2210594689";
        assert_eq!(message(&sent(), "9KONTOR0WEBHOOK001", BODY.as_bytes()), text);
        assert!(is_genuine(&sent(), "9KONTOR0WEBHOOK001", BODY.as_bytes(), &key()));
    }

    #[test]
    fn pp_2_a_short_checksum_is_not_padded() {
        assert!(message(&sent(), "W", br#"{"n":90}"#).ends_with("|W|1807868"));
    }

    #[test]
    fn pp_3_another_webhook_body_time_or_signature_is_refused() {
        let key = key();
        let (webhook, body) = ("9KONTOR0WEBHOOK001", BODY.as_bytes());
        assert!(!is_genuine(&sent(), "WEBHOOK_ID", body, &key));
        let spaced = BODY.replacen(',', ", ", 1);
        assert!(!is_genuine(&sent(), webhook, spaced.as_bytes(), &key));
        let later = Transmission { time: "2026-01-01T00:00:01Z", ..sent() };
        assert!(!is_genuine(&later, webhook, body, &key));
        let cut = Transmission { signature: &SIGNATURE[4..], ..sent() };
        assert!(!is_genuine(&cut, webhook, body, &key));
        assert!(!is_genuine(&Transmission { signature: "%", ..sent() }, webhook, body, &key));
    }

    #[test]
    fn pp_3_headers_that_are_missing_old_or_of_another_kind_are_refused() {
        let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let all = [
            ("PayPal-Transmission-Id", "1"),
            ("PAYPAL-TRANSMISSION-TIME", "2026-01-01T00:00:00Z"),
            ("paypal-transmission-sig", "x"),
            ("paypal-cert-url", "https://api.paypal.com/"),
            ("paypal-auth-algo", "SHA256withRSA"),
        ];
        assert!(Transmission::read(&Headers::new(all), now).is_some());
        for left_out in 0..all.len() {
            let some = all.iter().enumerate().filter(|(at, _)| *at != left_out);
            let headers = Headers::new(some.map(|(_, pair)| *pair));
            assert!(Transmission::read(&headers, now).is_none());
        }
        let other = all.map(|(name, value)| (name, value.replace("SHA256", "SHA1")));
        assert!(Transmission::read(&Headers::new(other), now).is_none());
        let late = now.plus(OLD_MAX + Duration::from_secs(1));
        assert!(Transmission::read(&Headers::new(all), late).is_none());
        let early = Timestamp::parse("2025-12-31T23:54:00Z").unwrap();
        assert!(Transmission::read(&Headers::new(all), early).is_none());
    }
}
