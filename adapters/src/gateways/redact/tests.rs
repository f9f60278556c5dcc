//! What is shown, and what never is.

use super::*;
use proptest::prelude::*;
use serde_json::json;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=UTF-8");

const MULTIPART: Option<&str> = Some("multipart/form-data; boundary=b");

fn shown(value: Value) -> Value {
    let text = Redactor::default().body(None, value.to_string().as_bytes()).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_lists_are_in_order_and_written_as_they_are_looked_up() {
    for list in [WORDS, SENTENCES] {
        assert!(list.is_sorted());
        assert!(list.iter().all(|name| listed_as(name) == *name));
    }
}

#[test]
fn what_is_needed_to_look_for_a_fault_is_shown_and_what_is_personal_is_not() {
    let told = json!({
        "id": "cs_test_1", "object": "checkout.session", "amount_total": 129_900,
        "currency": "czk", "payment_status": "unpaid", "livemode": false, "url": "https://x/1",
        "payment_intent": null, "client_secret": "cs_secret_1",
        "customer_details": {"email": "ann@example.com", "name": "Ann", "phone": 420_602},
        "metadata": {"payment": "01977e4e-0000-7000-8000-000000000001"},
    });
    let expected = json!({
        "id": "cs_test_1", "object": "checkout.session", "amount_total": 129_900,
        "currency": "czk", "payment_status": "unpaid", "livemode": false, "url": MASK,
        "payment_intent": null, "client_secret": MASK,
        "customer_details": {"email": MASK, "name": MASK, "phone": MASK},
        "metadata": {"payment": "01977e4e-0000-7000-8000-000000000001"},
    });
    assert_eq!(shown(told), expected);
}

#[test]
fn a_form_is_shown_like_any_body_and_so_is_a_query() {
    let form =
        "merchant=1&secret=s&transId=AB12-CD34&refId=r1&email=a%40b.cz&metadata%5Brefund%5D=r-1";
    let redactor = Redactor::default();
    let expected =
        "merchant=***&secret=***&transId=AB12-CD34&refId=r1&email=***&metadata[refund]=r-1";
    assert_eq!(redactor.body(FORM, form.as_bytes()).as_deref(), Some(expected));
    // Whatever its sender says that it is.
    let plain = redactor.body(Some("text/plain"), b"code=0&message=OK&label=Ann");
    assert_eq!(plain.as_deref(), Some("code=0&message=OK&label=***"));
    let url = "https://pay.example/v1/refunds?payment_intent=pi_1&token=t&limit=100";
    let expected = "https://pay.example/v1/refunds?payment_intent=pi_1&token=***&limit=100";
    assert_eq!(redactor.address(&Url::parse(url).unwrap()), expected);
}

#[test]
fn what_banks_send_and_are_sent_is_shown_in_the_same_way() {
    let redactor = Redactor::default();
    let answer = "<?xml version=\"1.0\"?><result who=\"Ann\"><errorCode>0</errorCode>\
        <message>OK &amp; Ann</message><account>2000145399</account><empty/></result>";
    let shown = redactor.body(Some("text/xml"), answer.as_bytes()).unwrap();
    assert!(shown.starts_with("<result><errorCode>0</errorCode><message>OK"), "{shown}");
    assert!(shown.ends_with("</message><account>***</account><empty/></result>"), "{shown}");
    let parts = "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nt-1\r\n--b\r\n\
        Content-Disposition: form-data; name=\"type\"\r\n\r\nxml\r\n--b\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a.xml\"\r\n\
        Content-Type: text/xml\r\n\r\n<?xml version=\"1.0\"?><Import><amount>1.00</amount>\
        <accountTo>1</accountTo></Import>\r\n--b--\r\n";
    let kind = Some("multipart/form-data; boundary=b");
    let expected = "token=***&type=xml&\
        file=<Import><amount>1.00</amount><accountTo>***</accountTo></Import>";
    assert_eq!(redactor.body(kind, parts.as_bytes()).as_deref(), Some(expected));
    let cut = redactor.body(Some("text/xml"), b"<?xml version=\"1.0\"?><result><id>1");
    assert_eq!(cut.as_deref(), Some("(text/xml, 34 bytes)"));
}

#[test]
fn of_what_cannot_be_read_only_its_kind_and_size_are_told() {
    let redactor = Redactor::default();
    let page = redactor.body(Some("text/html; charset=utf-8"), b"<h1>Ann</h1>");
    assert_eq!(page.as_deref(), Some("(text/html, 12 bytes)"));
    assert_eq!(redactor.body(None, b"{\"id\": \"cut o").as_deref(), Some("(text, 13 bytes)"));
    assert_eq!(redactor.body(None, b" \n"), None);
}

#[test]
fn a_long_body_is_cut_between_two_characters_and_says_so() {
    let long = json!({ "message": vec!["ž ".repeat(50); 200] });
    let text = Redactor::default().body(None, long.to_string().as_bytes()).unwrap();
    assert!(text.len() <= BODY_MAX && text.ends_with("..."), "{}", text.len());
}

#[test]
fn a_sentence_of_the_provider_is_shown_without_what_looks_like_somebody_s() {
    for (told, expected) in [
        ("No such intent: pi_1", "No such intent: pi_1"),
        ("The account 2000145399 is closed", "The account *** is closed"),
        ("write to ann@example.com", MASK),
        ("call +420 602 123 456", "call *** *** *** ***"),
        ("card 4242 4242 4242 4242 declined", MASK),
        ("wrong key sk_live_abc", MASK),
    ] {
        assert_eq!(shown(json!({ "message": told }))["message"], expected, "{told}");
    }
}

#[test]
fn card_numbers_are_known_however_they_are_written_and_ids_are_none() {
    for card in [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "3782 822463 10005",
        "card:378282246310005.",
    ] {
        assert!(holds_card_number(card), "{card}");
        assert_eq!(shown(json!({ "id": card }))["id"], MASK, "{card}");
    }
    for id in [
        "01977e4e-0000-7000-8000-000000000001",
        "12345678-1234-1234-1234-123456789012",
        "4242424242424241",
        "20260115",
        "pi_3MtwBwLkdIwHu7ix28a3tqPa",
    ] {
        assert!(!holds_card_number(id), "{id}");
    }
}

/// A JSON with one text in one of its members, at some depth.
fn holding(name: &str, text: &str, depth: usize, around: u8) -> Value {
    let mut value = json!({ "id": "x", name: text });
    for level in 0..depth {
        value = match (usize::from(around) >> level) & 1 {
            0 => json!({ "object": "thing", "of": value }),
            _ => json!([{ "status": "open" }, value]),
        };
    }
    value
}

/// A form with it.
fn pairs(name: &str, text: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("id", "x")
        .append_pair(name, text)
        .append_pair("status", "open")
        .finish()
}

fn names() -> impl Strategy<Value = String> {
    let listed: Vec<_> = WORDS.iter().chain(SENTENCES).map(|name| (*name).to_owned()).collect();
    prop_oneof![
        proptest::sample::select(listed),
        "[a-z_]{1,20}",
        "metadata\\[[a-z_]{1,10}\\]",
        Just("value".to_owned()),
    ]
}

proptest! {
    #[test]
    fn an_account_s_secret_never_appears_whatever_it_stands_in(
        secret in "[A-Za-z0-9+/=_.:-]{6,40}",
        (before, after) in ("[a-z ]{0,5}", "[a-z &=]{0,5}"),
        name in names(),
        (depth, around) in (0..5_usize, any::<u8>()),
    ) {
        let redactor = Redactor::hiding([secret.clone()]);
        let text = format!("{before}{secret}{after}");
        // No shorter than what a body without it would hold anyway.
        let innocent = Redactor::default()
            .body(None, holding(&name, "", depth, around).to_string().as_bytes())
            .unwrap();
        let ours = "(application/x-www-form-urlencoded multipart/form-data bytes) https://pay.example/v1/last";
        prop_assume!(!innocent.contains(&secret) && !ours.contains(&secret));
        let bodies = [
            holding(&name, &text, depth, around).to_string(),
            // As the name of a member, and as a number.
            holding(&secret, "x", depth, around).to_string(),
            pairs(&name, &text),
            pairs(&secret, "x"),
            text.clone(),
            format!("<{name}>{text}</{name}>"),
            format!("<?xml version=\"1.0\"?><{0}>{text}</{0}>", listed_as(&name)),
            format!("--b\r\nx; name=\"{name}\"\r\n\r\n{text}\r\n--b--"),
        ];
        for body in bodies {
            for kind in [None, FORM, Some("application/json"), MULTIPART] {
                let shown = redactor.body(kind, body.as_bytes()).unwrap();
                prop_assert!(!shown.contains(&secret), "{shown}");
            }
        }
        let mut url = Url::parse("https://pay.example/v1").unwrap();
        url.path_segments_mut().unwrap().push(&text).push("last");
        url.query_pairs_mut().append_pair(&name, &text);
        let shown = redactor.address(&url);
        prop_assert!(!shown.contains(&secret), "{shown}");
        let mut escaped = Url::parse("https://pay.example/v1").unwrap();
        escaped.path_segments_mut().unwrap().push(&secret);
        prop_assert_eq!(redactor.address(&escaped), "https://pay.example/v1/***");
        prop_assert_eq!(redactor.word(&text), None);
    }

    #[test]
    fn what_stands_under_a_name_that_nobody_has_looked_at_never_appears(
        name in "[A-Za-z_]{1,20}",
        text in "[A-Za-z0-9]{8,40}",
        (depth, around) in (0..5_usize, any::<u8>()),
    ) {
        prop_assume!(!is_listed(&name));
        let redactor = Redactor::default();
        for body in [holding(&name, &text, depth, around).to_string(), pairs(&name, &text)] {
            let shown = redactor.body(FORM, body.as_bytes()).unwrap();
            prop_assert!(!shown.contains(&text), "{shown}");
        }
        let digest = |sum: u64, byte: u8| sum.wrapping_mul(31).wrapping_add(byte.into());
        let number = text.bytes().fold(7, digest);
        let body = json!({ "id": 1, name: number }).to_string();
        let shown = redactor.body(None, body.as_bytes()).unwrap();
        prop_assert!(!shown.contains(&number.to_string()), "{shown}");
    }

    #[test]
    fn cards_addresses_and_tokens_never_appear_under_any_name(
        name in names(),
        digits in proptest::collection::vec(0..10_u8, 12..18),
        who in "[a-z]{1,10}@[a-z]{1,10}\\.cz",
        key in "(sk|rk)_(test|live)_[A-Za-z0-9]{4,20}",
        (depth, around) in (0..5_usize, any::<u8>()),
    ) {
        prop_assume!(digits.iter().any(|digit| *digit > 0));
        let mut card: String = digits.iter().map(u8::to_string).collect();
        let last = ('0'..='9').find(|last| passes_check(&format!("{card}{last}")));
        card.push(last.unwrap());
        let redactor = Redactor::default();
        for text in [card, who, key] {
            let said = format!("it is {text}, really");
            for text_as in [&text, &said] {
                let json = holding(&name, text_as, depth, around).to_string();
                for body in [json, pairs(&name, text_as)] {
                    let shown = redactor.body(FORM, body.as_bytes()).unwrap();
                    prop_assert!(!shown.contains(&text), "{shown}");
                }
            }
        }
    }
}
