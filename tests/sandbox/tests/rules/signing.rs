//! Published and own vectors of both signature schemes.

use kontor_sandbox::signing::{
    SignatureFault, StandardHeaders, standard_v1, stripe_signature, stripe_v1, verify_standard,
};

const STRIPE_SECRET: &str = "whsec_kontor_vector_0001";
const STRIPE_OTHER: &str = "whsec_kontor_vector_0002";
const STRIPE_AT: u64 = 1_767_225_600;
const STRIPE_BODY: &str = r#"{"id":"evt_kontor_0001","object":"event","type":"checkout.session.completed","data":{"object":{"id":"cs_test_kontor_0001","object":"checkout.session","payment_status":"paid","amount_total":129900,"currency":"czk"}}}"#;
const STR_1: &str =
    "t=1767225600,v1=fe49753e02618ae1926f1e86cec371910d7e21a3b42137367d3cf0015cdd3693";
const STR_2: &str = "t=1767225600,v1=dc2f2a6282c7633955265be4385067aadbd41dae9783884ce5f84ca00340299e,v1=fe49753e02618ae1926f1e86cec371910d7e21a3b42137367d3cf0015cdd3693";
const STR_4_BODY: &str = r#"{"id":"evt_kontor_0002","note":"Žluťoučký kůň — Қазақстан"}"#;
const STR_4: &str = "fe1f8424c1ffd2ca33d61b76528519c2ca372dd69024c1f559cfb7c3b9649a91";

#[test]
fn str_1_is_reproduced() {
    assert_eq!(stripe_signature(&[STRIPE_SECRET], STRIPE_AT, STRIPE_BODY.as_bytes()), STR_1);
}

#[test]
fn str_2_lists_the_other_secret_first() {
    let secrets = [STRIPE_OTHER, STRIPE_SECRET];
    assert_eq!(stripe_signature(&secrets, STRIPE_AT, STRIPE_BODY.as_bytes()), STR_2);
}

#[test]
fn str_4_signs_the_bytes_of_utf_8() {
    assert_eq!(STR_4_BODY.len(), 76);
    assert_eq!(stripe_v1(STRIPE_SECRET, STRIPE_AT, STR_4_BODY.as_bytes()), STR_4);
}

struct Vector {
    secret: &'static str,
    id: &'static str,
    at: u64,
    body: &'static str,
    signature: &'static str,
}

const OURS: &str = "whsec_a29udG9yLXN0YW5kYXJkLXdlYmhvb2sta2V5LTAwMDE=";
const BODY_B: &str = r#"{"type":"order.paid","timestamp":"2026-01-15T10:00:00Z","data":{"order_id":"o-1001","amount":"125000.00","currency":"KZT"}}"#;
const VECTORS: [Vector; 4] = [
    Vector {
        secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        at: 1_649_367_553,
        body: r#"{"email":"test@example.com","username":"test_user"}"#,
        signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    },
    Vector {
        secret: OURS,
        id: "msg_k0001",
        at: 1_768_471_200,
        body: BODY_B,
        signature: "v1,2RSdh/W8IansPncx1F+ihhWa70hDXSdw1MLXz/kUPZs=",
    },
    Vector {
        secret: "whsec_a29udG9yLXN0YW5kYXJkLXdlYmhvb2sta2V5LTAwMDA=",
        id: "msg_k0001",
        at: 1_768_471_200,
        body: BODY_B,
        signature: "v1,PSD3iwVkxqJXVfuijWACaxNLIcdVsmv8pQyVA9qOqpA=",
    },
    Vector {
        secret: OURS,
        id: "msg_k0002",
        at: 1_768_471_200,
        body: r#"{"type":"order.paid","timestamp":"2026-01-15T10:00:00Z","data":{"name":"Әсел №5"}}"#,
        signature: "v1,jOo7FHklqEBDE2+/zUKAooZn0+7qJTvXMP+rzRrdnxQ=",
    },
];

fn verify(vector: &Vector, signature: &str, body: &str, now: u64) -> Result<(), SignatureFault> {
    let timestamp = vector.at.to_string();
    let headers = StandardHeaders { id: vector.id, timestamp: &timestamp, signature };
    verify_standard(vector.secret, headers, body.as_bytes(), now)
}

#[test]
fn the_standard_webhooks_vectors_are_made_and_verified() {
    for vector in &VECTORS {
        let made = standard_v1(vector.secret, vector.id, vector.at, vector.body.as_bytes());
        assert_eq!(made.as_deref(), Ok(vector.signature), "{}", vector.id);
        assert_eq!(verify(vector, vector.signature, vector.body, vector.at + 300), Ok(()));
    }
}

#[test]
fn any_listed_signature_may_match_and_unknown_versions_are_ignored() {
    let vector = &VECTORS[1];
    let listed = format!("v1a,AAAA {} {}", VECTORS[2].signature, vector.signature);
    assert_eq!(verify(vector, &listed, vector.body, vector.at), Ok(()));
    let renamed = vector.signature.replace("v1,", "v2,");
    let refused = verify(vector, &renamed, vector.body, vector.at);
    assert_eq!(refused, Err(SignatureFault::NoMatch));
}

#[test]
fn a_changed_byte_or_a_clock_too_far_off_is_refused() {
    let vector = &VECTORS[1];
    let changed = vector.body.replace("125000.00", "125000.01");
    let refused = verify(vector, vector.signature, &changed, vector.at);
    assert_eq!(refused, Err(SignatureFault::NoMatch));
    for now in [vector.at + 301, vector.at - 301] {
        let refused = verify(vector, vector.signature, vector.body, now);
        assert_eq!(refused, Err(SignatureFault::OutsideWindow));
    }
}

#[test]
fn a_dot_in_the_id_is_malformed() {
    let signature = VECTORS[1].signature;
    let headers = StandardHeaders { id: "msg.k", timestamp: "1768471200", signature };
    let refused = verify_standard(OURS, headers, BODY_B.as_bytes(), 1_768_471_200);
    assert_eq!(refused, Err(SignatureFault::Malformed));
}
