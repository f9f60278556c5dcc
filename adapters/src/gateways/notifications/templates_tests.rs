//! What a text may do, and what it may not.

use super::*;

fn own(subject: &str, text: &str, html: Option<&str>) -> Template {
    Template {
        name: "shipped".to_owned(),
        language: "cs".to_owned(),
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: html.map(str::to_owned),
    }
}

fn fault(template: &Template) -> String {
    check(template).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn every_default_text_speaks_with_everything_and_with_the_number_alone() {
    for text in DEFAULTS.iter().filter(|text| text.name != "invitation") {
        let languages = [text.language.to_owned()];
        let full = render(text.name, &languages, &[], "Harbour", &sample(text.name)).unwrap();
        let bare = json!({"order_number": "2026-000123"});
        let bare = render(text.name, &languages, &[], "Harbour", &bare).unwrap();
        for message in [full, bare] {
            assert!(message.subject.contains("2026-000123"));
            assert!(message.text.contains("2026-000123") && message.text.contains("Harbour"));
            assert!(message.html.unwrap().starts_with("<!doctype html>"));
        }
    }
}

#[test]
fn an_invitation_is_written_with_a_link_or_with_its_code() {
    for language in ["en", "cs"] {
        let languages = [language.to_owned()];
        let mut data = sample("invitation");
        let linked = render("invitation", &languages, &[], "Harbour", &data).unwrap();
        assert!(linked.subject.contains("Harbour") && linked.text.contains("https://kontor"));
        data.as_object_mut().unwrap().remove("link");
        let coded = render("invitation", &languages, &[], "Harbour", &data).unwrap();
        for part in [coded.text, coded.html.unwrap()] {
            assert!(part.contains("inv_harbour-books_0192_c2FtcGxl") && part.contains("support"));
        }
    }
}

#[test]
fn the_platform_s_texts_are_there_in_both_languages_and_hold_what_is_needed() {
    let token = json!({ "token": "vt_1", "code": "123456" });
    let link = json!({ "link": "https://example.com/?token=vt_1", "code": "123456" });
    for (name, needed) in [
        ("verify_email", "vt_1"),
        ("reset_password", "vt_1"),
        ("login_code", "123456"),
        ("account_exists", "Kontor"),
    ] {
        for language in ["en", "cs"] {
            for data in [&token, &link] {
                let told = render_platform(name, &chain(Some(language), "en"), data).unwrap();
                assert_eq!(told.language, language);
                assert!(told.text.contains(needed) && told.html.unwrap().contains(needed));
            }
        }
        assert!(render(name, &chain(None, "en"), &[], "Harbour", &token).is_err());
    }
}

#[test]
fn a_code_for_a_telephone_fits_into_one_text_message_in_every_language() {
    let data = json!({ "code": "123456" });
    for language in ["en", "cs"] {
        let told = render_platform("phone_code", &chain(Some(language), "en"), &data).unwrap();
        assert_eq!((&*told.language, &told.html), (language, &None));
        assert!(told.text.contains("123456") && told.text.starts_with("Kontor"));
        // 160 letters of the plain alphabet, or 70 units if a single one is not of it.
        let limit = if told.text.is_ascii() { 160 } else { 70 };
        assert!(told.text.encode_utf16().count() <= limit, "{}", told.text);
    }
}

#[test]
fn every_text_is_there_in_both_languages() {
    for name in
        ["order_confirmation", "payment_received", "shipped", "cancelled", "refund", "invitation"]
    {
        for language in ["en", "cs"] {
            let found = DEFAULTS.iter().filter(|t| t.name == name && t.language == language);
            assert_eq!(found.count(), 1, "{name} in {language}");
        }
    }
}

#[test]
fn a_language_is_looked_for_from_the_recipient_s_to_english() {
    assert_eq!(chain(Some("cs-CZ"), "de"), ["cs-CZ", "cs", "de", "en"]);
    assert_eq!(chain(None, "en-GB"), ["en-GB", "en"]);
    let message = render("refund", &chain(Some("kk-KZ"), "cs"), &[], "H", &sample("refund"));
    assert_eq!(message.unwrap().language, "cs");
}

#[test]
fn a_tenant_s_own_text_comes_before_the_program_s_in_its_language_only() {
    let mine = [own("Na cestě {{ order_number }}", "Jede {{ shop }}.", None)];
    let data = sample("shipped");
    let message = render("shipped", &chain(Some("cs-CZ"), "en"), &mine, "Přístav", &data).unwrap();
    assert_eq!((&*message.text, message.html), ("Jede Přístav.", None));
    let message = render("shipped", &chain(Some("en"), "cs"), &mine, "Přístav", &data).unwrap();
    assert_eq!(message.language, "en");
    let unknown = render("birthday", &chain(None, "cs"), &mine, "Přístav", &data);
    assert_eq!(unknown.map(|_| ()), Err(TemplateFault::Unknown("birthday".to_owned())));
}

#[test]
fn html_is_escaped_and_plain_text_is_not() {
    let data = sample("order_confirmation");
    let message = render("order_confirmation", &chain(None, "en"), &[], "H", &data).unwrap();
    assert!(message.html.unwrap().contains("Atlas of &lt;Tides&gt;"));
    assert!(message.text.contains("2 × Atlas of <Tides>, 698.00 CZK"));
    assert!(fault(&own("s", "t", Some("{{ order_number | safe }}"))).contains("safe"));
    assert!(
        fault(&own("s", "t", Some("{% autoescape false %}{% endautoescape %}"))).contains("if")
    );
}

#[test]
fn a_link_that_is_no_https_is_left_out() {
    let data = json!({"order_number": "1", "tracking_url": "javascript:alert(1)"});
    let message = render("shipped", &chain(None, "en"), &[], "H", &data).unwrap();
    assert!(!message.html.unwrap().contains("javascript") && !message.text.contains("javascript"));
}

#[test]
fn a_subject_stays_one_line() {
    let mine = [own("{{ customer_name }}", "t", None)];
    let data = json!({"customer_name": "Jana\r\nBcc: x@example.com"});
    let fault = render("shipped", &chain(Some("cs"), "en"), &mine, "H", &data).map(|_| ());
    assert!(matches!(fault, Err(TemplateFault::Part { part: "subject", .. })));
}

#[test]
fn what_is_not_there_is_an_error_with_its_place() {
    let text = fault(&own("s", "first\n{{ odrer_number }}", None));
    assert!(text.starts_with("text: line 2"), "{text}");
    let text = fault(&own("{{ order_number", "t", None));
    assert!(text.starts_with("subject: "), "{text}");
}

#[test]
fn a_text_cannot_wear_the_program_out() {
    let nested = "{% for a in lines %}".repeat(20) + "x" + &"{% endfor %}".repeat(20);
    assert!(fault(&own("s", &nested, None)).contains("fuel"));
    let long = "{{ order_number }}".repeat(4000);
    assert!(fault(&own(&long, "t", None)).contains("too long"));
    for bad in [
        "{{ 'x' * 100000000 }}",
        "{{ order_number ~ order_number }}",
        "{% set x = 1 %}",
        "{%- with x = 1 -%}",
        "{% include 'secrets' %}",
        "{%+ if true %}{% endif %}",
        "{{ range(10) }}",
    ] {
        assert!(check(&own("s", bad, None)).is_err(), "{bad}");
    }
    check(&own("s", "100 * 2 + {%- if order_number -%} ok {%- endif -%}", None))
        .map(|_| ())
        .unwrap();
}
