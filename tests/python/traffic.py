"""An integrator's programs: commands by pika, events by pika, webhooks signed and verified by Stripe's
own package. Takes one JSON argument, prints one JSON result on its last line."""

import json
import sys
import time
import urllib.error
import urllib.request
import uuid

import pika
import stripe

asked = json.loads(sys.argv[1])
DEADLINE_S = 30


def main():
    connection = pika.BlockingConnection(pika.URLParameters(asked["amqp_url"]))
    channel = connection.channel()
    channel.confirm_delivery()
    # The exchange is declared as the documentation says; another declaration would be refused.
    channel.exchange_declare(asked["exchange"], "topic", durable=True)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, asked["exchange"], "#")
    replies = channel.queue_declare("", exclusive=True).method.queue

    order_id, again = place(channel, replies), None
    again = place(channel, replies, order_id["message_id"])
    assert again["answer"]["subject"] == order_id["answer"]["subject"], again
    order = order_id["answer"]["subject"]
    refused = refusal(channel, replies)
    assert refused["status"] == "refused" and refused["code"] == "out_of_stock", refused
    malformed = dead_letter(channel)

    events = consume(channel, queue, order, "order.created")
    statuses = webhooks()
    events += consume(channel, queue, order, "order.confirmed")
    check(events, order)
    connection.close()
    print(json.dumps({
        "order": order,
        "events": [name for name, _, _, _ in events],
        "webhooks": statuses,
        "dead_letter": malformed,
        "sandbox_signature": sandbox_signature(),
    }))


def command(name, data, message_id, replies=None):
    properties = pika.BasicProperties(
        message_id=message_id, reply_to=replies, correlation_id=message_id, delivery_mode=2,
        content_type="application/cloudevents+json",
    )
    body = {
        "specversion": "1.0", "id": message_id, "source": "/erp", "tenant": asked["tenant"],
        "type": f"kontor.command.{name}", "data": data,
    }
    return {"exchange": "", "routing_key": asked["commands"], "body": json.dumps(body),
            "properties": properties, "mandatory": True}


def answer(channel, replies, message_id):
    for _, properties, body in channel.consume(replies, auto_ack=True, inactivity_timeout=DEADLINE_S):
        assert body is not None, "no answer to a command"
        if properties.correlation_id == message_id:
            channel.cancel()
            return json.loads(body)


def place(channel, replies, message_id=None):
    message_id = message_id or str(uuid.uuid4())
    channel.basic_publish(**command("order.place", asked["order"], message_id, replies))
    said = answer(channel, replies, message_id)
    assert said["status"] == "done", said
    return {"message_id": message_id, "answer": said}


def refusal(channel, replies):
    greedy = json.loads(json.dumps(asked["order"]))
    greedy["paid"] = False
    greedy["lines"][0]["quantity"] = 100_000
    greedy["totals"] = {"subtotal_minor": 3_490_000_000, "total_minor": 3_490_000_000}
    message_id = str(uuid.uuid4())
    channel.basic_publish(**command("order.place", greedy, message_id, replies))
    return answer(channel, replies, message_id)


def dead_letter(channel):
    """A command that nobody can read goes to the dead letters, with the reason."""
    message_id = str(uuid.uuid4())
    sent = command("order.place", {"chanel": "web"}, message_id)
    channel.basic_publish(**sent)
    for method, properties, body in channel.consume(
        asked["commands"] + ".dead", inactivity_timeout=DEADLINE_S
    ):
        assert body is not None, "no dead letter"
        channel.basic_ack(method.delivery_tag)
        if properties.message_id == message_id:
            channel.cancel()
            return {name: str(value) for name, value in (properties.headers or {}).items()}


def consume(channel, queue, subject, last):
    """Everything up to the event that is waited for."""
    got = []
    for method, properties, body in channel.consume(queue, inactivity_timeout=DEADLINE_S):
        assert body is not None, f"no {last}: {[name for name, _, _, _ in got]}"
        channel.basic_ack(method.delivery_tag)
        got.append((method.routing_key, properties, json.loads(body), method.redelivered))
        if method.routing_key == last and got[-1][2]["subject"] == subject:
            channel.cancel()
            return got


def check(events, order):
    seen, versions, sequences = {}, {}, {}
    for name, properties, event, redelivered in events:
        assert event["specversion"] == "1.0", event
        for member in ("id", "source", "type", "subject", "time", "datacontenttype", "data"):
            assert member in event, (member, event)
        assert properties.content_type == "application/cloudevents+json", properties
        assert properties.delivery_mode == 2, properties
        assert properties.message_id == event["id"], (properties, event)
        assert properties.headers["tenant"] == event["tenant"] == asked["tenant"], properties
        assert event["type"].endswith("." + name), (name, event["type"])
        assert event["source"].startswith(f"/tenants/{asked['tenant']}/"), event
        if event["id"] in seen:
            assert redelivered, f"{name} was published twice"
            continue
        seen[event["id"]] = event
        subject = (event["source"], event["subject"])
        version = event["data"].get("version", 0)
        assert versions.get(subject, 0) <= version, (name, versions.get(subject), event)
        versions[subject] = version
        shard, sequence = event["sequence"].split("-")
        assert sequences.get(shard, "") <= sequence, (sequences, event)
        sequences[shard] = sequence
    assert any(event["subject"] == order for _, _, event, _ in events)


def webhooks():
    """Stripe says that the session is paid, signed by Stripe's own code; then lies are told."""
    body = json.dumps(asked["stripe_event"])
    secret, now = asked["stripe_secret"], int(time.time())
    compute = stripe.WebhookSignature._compute_signature

    def header(body, secret, at):
        return f"t={at},v1={compute(f'{at}.{body}', secret)}"

    good = header(body, secret, now)
    assert stripe.Webhook.construct_event(body, good, secret)["id"] == asked["stripe_event"]["id"]
    return {
        "signed": post(body, good),
        "again": post(body, good),
        "other_secret": post(body, header(body, "whsec_of_somebody_else", now)),
        "too_old": post(body, header(body, secret, now - 3_600)),
        "changed": post(body.replace("complete", "expired"), good),
        "unsigned": post(body, None),
    }


def post(body, signature):
    headers = {"content-type": "application/json"}
    if signature:
        headers["stripe-signature"] = signature
    request = urllib.request.Request(asked["webhook_url"], body.encode(), headers)
    try:
        return urllib.request.urlopen(request, timeout=DEADLINE_S).status
    except urllib.error.HTTPError as error:
        return error.code


def sandbox_signature():
    """What the stand-in signs is what Stripe's package takes, so a pass here means a pass there."""
    signed = asked["signed_by_sandbox"]
    stripe.WebhookSignature.verify_header(
        signed["body"], signed["header"], asked["stripe_secret"], tolerance=300
    )
    return True


main()
