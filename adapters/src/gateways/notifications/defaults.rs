//! The texts that come with the program, in English and Czech.

/// A text as it comes with the program.
pub(super) struct DefaultTemplate {
    pub name: &'static str,
    pub language: &'static str,
    pub subject: &'static str,
    pub text: &'static str,
    pub html: &'static str,
}

macro_rules! part {
    ($file:literal) => {
        include_str!(concat!("templates/", $file))
    };
}

/// A text of one part, or of two with the order's lines between them.
macro_rules! text {
    ($name:literal, $language:literal, $subject:literal) => {
        DefaultTemplate {
            name: $name,
            language: $language,
            subject: $subject,
            text: concat!(
                include_str!(concat!("templates/", $name, ".", $language, ".txt")),
                part!("foot.txt")
            ),
            html: concat!(
                part!("head.html"),
                include_str!(concat!("templates/", $name, ".", $language, ".html")),
                part!("foot.html")
            ),
        }
    };
    ($name:literal, $language:literal, $subject:literal, lines) => {
        DefaultTemplate {
            name: $name,
            language: $language,
            subject: $subject,
            text: concat!(
                include_str!(concat!("templates/", $name, ".", $language, ".txt")),
                part!("lines.txt"),
                include_str!(concat!("templates/", $name, ".", $language, ".end.txt")),
                part!("foot.txt")
            ),
            html: concat!(
                part!("head.html"),
                include_str!(concat!("templates/", $name, ".", $language, ".html")),
                part!("lines.html"),
                include_str!(concat!("templates/", $name, ".", $language, ".end.html")),
                part!("foot.html")
            ),
        }
    };
}

/// A text message: it has no foot, so that it fits into one.
macro_rules! short {
    ($name:literal, $language:literal) => {
        DefaultTemplate {
            name: $name,
            language: $language,
            subject: "Kontor",
            text: include_str!(concat!("templates/", $name, ".", $language, ".txt")),
            html: "",
        }
    };
}

/// What the platform itself writes to its users; no tenant's messages are told in them.
pub(super) const PLATFORM: [DefaultTemplate; 10] = [
    text!("verify_email", "en", "Please confirm your e-mail address"),
    text!("verify_email", "cs", "Potvrďte prosím svou e-mailovou adresu"),
    text!("reset_password", "en", "A new password"),
    text!("reset_password", "cs", "Nové heslo"),
    text!("login_code", "en", "Your code"),
    text!("login_code", "cs", "Váš kód"),
    text!("account_exists", "en", "You have an account already"),
    text!("account_exists", "cs", "Účet už máte"),
    short!("phone_code", "en"),
    short!("phone_code", "cs"),
];

pub(super) const DEFAULTS: [DefaultTemplate; 12] = [
    text!("order_confirmation", "en", "We have received your order {{ order_number }}", lines),
    text!("order_confirmation", "cs", "Přijali jsme objednávku {{ order_number }}", lines),
    text!("payment_received", "en", "Payment for order {{ order_number }} has arrived"),
    text!("payment_received", "cs", "Platba za objednávku {{ order_number }} dorazila"),
    text!("shipped", "en", "Order {{ order_number }} is on its way"),
    text!("shipped", "cs", "Objednávka {{ order_number }} je na cestě"),
    text!("cancelled", "en", "Order {{ order_number }} has been cancelled"),
    text!("cancelled", "cs", "Objednávka {{ order_number }} je zrušena"),
    text!("refund", "en", "Refund for order {{ order_number }}"),
    text!("refund", "cs", "Vrácení peněz za objednávku {{ order_number }}"),
    text!("invitation", "en", "You are invited to work for {{ shop }}"),
    text!("invitation", "cs", "Pozvánka ke spolupráci: {{ shop }}"),
];
